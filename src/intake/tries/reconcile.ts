import { asContourNodeError } from '../../errors.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import { unfinishedComparisons, unfinishedDeliveries, unfinishedOrders } from '../../store/unfinished-work.ts';
import type { JobEvent } from '../../jobs/job-queues.ts';
import { seriesOfJob } from '../../jobs/queue-names.ts';
import { checks } from '../../retries.ts';
import { advanceComparison } from './compare-tries.ts';
import { advanceOrder } from './contour-tries.ts';
import { advanceDelivery } from './delivery-tries.ts';
import { SeriesLock } from '../series-lock.ts';
import type { ReconcilerOptions, TryContext } from './try-context.ts';

/**
 * Brings what is on disk and what is in Redis together: the disk says what is due, Redis only carries it. Runs at the
 * start, when Redis comes back, whenever a job has moved, when a try falls due, and every 30 s. Whatever was killed in
 * between, the next run goes on where the disk says that things stand.
 */
export class Reconciler {
  readonly #options: TryContext;
  readonly #gates = new SeriesLock();
  /** Series to look at; `all` for every unfinished one. */
  readonly #wanted = new Set<string>();
  #running: Promise<void> | undefined;
  #cancelTimer: () => void = () => {};
  #closed = false;
  #redisAway = false;

  constructor(options: ReconcilerOptions) {
    const enqueue = (queue: string, add: () => Promise<void>): Promise<void> =>
      this.#gates.run(queue, async () => {
        if ((await options.queues.depth(queue)) < options.current().config.worker.maximumQueued) await add();
      });
    this.#options = { ...options, enqueue, removed: new Set() };
  }

  start(): void {
    const { queues, store } = this.#options;
    queues.onReady(() => this.all());
    queues.onEvent(({ kind, jobId }) => {
      // A job that ended makes room for those that found the queue full.
      if (isEnd(kind) && store.hasOverdueTry()) this.all();
      else this.series(seriesOfJob(jobId));
    });
    this.all();
  }

  /** Soon looks at everything. */
  all(): void {
    this.#want('all');
  }

  /** Soon looks at one series. */
  series(key: string): void {
    this.#want(key);
  }

  /** Resolves when nothing is left that was asked for. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    await this.settled();
  }

  #want(what: string): void {
    if (this.#closed) return;
    this.#wanted.add(what);
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  async #run(): Promise<void> {
    // What is asked for within one turn of the event loop is one run.
    await new Promise((resolve) => setImmediate(resolve));
    this.#cancelTimer();
    while (this.#wanted.size > 0 && !this.#closed) {
      const wanted = [...this.#wanted];
      this.#wanted.clear();
      const unfinished = this.#options.store.unfinishedSeries();
      const chosen = wanted.includes('all') ? unfinished : unfinished.filter((key) => wanted.includes(key));
      const next = chosen.values();
      await Promise.all(Array.from({ length: checks.seriesAtOnce }, () => this.#advanceAll(next)));
    }
    this.#setTimer();
  }

  async #advanceAll(chosen: Iterable<string>): Promise<void> {
    const { lock, log } = this.#options;
    for (const series of chosen) {
      if (this.#closed) return;
      try {
        await lock.run(series, () => this.#advance(series));
        this.#redisAway = false;
      } catch (cause) {
        const error = asContourNodeError(cause);
        if (error.code !== 'REDIS_UNAVAILABLE') {
          log.error({ series, err: error }, 'a series could not be taken further; it is tried again');
        } else if (!this.#redisAway) {
          this.#redisAway = true;
          log.warn({ err: error }, 'Redis is unreachable; due jobs wait on disk');
        }
      }
    }
  }

  /** Every order, delivery and comparison gets its turn, whatever becomes of the others. */
  async #advance(series: string): Promise<void> {
    const { store } = this.#options;
    const errors: unknown[] = [];
    const attempt = async (step: Promise<void>): Promise<void> =>
      step.catch((error: unknown) => void errors.push(error));
    const unfinished = <Work>(of: (record: SeriesRecord) => Work[]): Work[] => {
      const record = store.get(series);
      return record === undefined ? [] : of(record);
    };
    for (const work of unfinished(unfinishedOrders)) await attempt(advanceOrder(this.#options, work));
    // A result that was just recorded makes deliveries due.
    for (const work of unfinished(unfinishedDeliveries)) await attempt(advanceDelivery(this.#options, work));
    for (const work of unfinished(unfinishedComparisons)) await attempt(advanceComparison(this.#options, work));
    if (errors.length > 0) throw errors[0];
  }

  #setTimer(): void {
    if (this.#closed) return;
    const { clock, store } = this.#options;
    const due = store.nextTryAt();
    const seconds = due === undefined ? Infinity : (Date.parse(due) - clock.now()) / 1000;
    const pause = Math.min(checks.reconcileSeconds, Math.max(checks.shortestPauseSeconds, seconds));
    this.#cancelTimer = clock.after(pause * 1000, () => this.all());
  }
}

function isEnd(kind: JobEvent['kind']): boolean {
  return kind === 'completed' || kind === 'failed';
}
