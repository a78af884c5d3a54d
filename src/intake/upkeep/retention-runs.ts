import type { Config } from '../../config/schema.ts';
import { asContourNodeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { freeBytes } from '../../store/disk-space.ts';
import { applyRetention } from './retention.ts';
import type { Store } from '../../store/store.ts';
import type { Clock } from '../../clock.ts';
import type { SeriesAssembly } from '../complete/series-assembly.ts';
import type { SeriesLock } from '../series-lock.ts';
import type { StorageCommitments } from '../commitment/storage-commitments.ts';
import { isInUse } from '../pairing/in-use.ts';
import type { UnmatchedStructureSets } from '../correction/unmatched-structure-sets.ts';

export interface RetentionRunsOptions {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
  readonly lock: SeriesLock;
  readonly assembly: SeriesAssembly;
  readonly commitments: StorageCommitments;
  readonly unmatched: UnmatchedStructureSets;
  readonly limits: () => Config['retention'];
}

const hourMilliseconds = 3_600_000;
const dayMilliseconds = 24 * hourMilliseconds;

/** Applies the retention rules at the start, every hour, and when the disk runs short; one run at a time. */
export class RetentionRuns {
  readonly #options: RetentionRunsOptions;
  #cancel: () => void = () => {};
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: RetentionRunsOptions) {
    this.#options = options;
  }

  run(): void {
    if (this.#closed || this.#running !== undefined) return;
    this.#cancel();
    this.#running = this.#apply().finally(() => {
      this.#running = undefined;
      if (!this.#closed) this.#cancel = this.#options.clock.after(hourMilliseconds, () => this.run());
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#running;
  }

  /** Never rejects. */
  async #apply(): Promise<void> {
    const { store, log, clock, lock, assembly, commitments, unmatched, limits } = this.#options;
    try {
      await unmatched.expire(new Date(clock.now() - limits().unmatchedDays * dayMilliseconds).toISOString());
      await applyRetention({
        store,
        log,
        now: clock.now(),
        limits: limits(),
        held: (series) => commitments.holds(series) || isInUse(store, series),
        remove: (series) =>
          lock.run(series, async () => {
            const isHeld = assembly.isCarried(series) || commitments.holds(series) || isInUse(store, series);
            if (!isHeld) await store.remove(series, 'retention');
          }),
        freeBytes: () => freeBytes(store.dataDirectory),
      });
    } catch (error) {
      log.error({ err: asContourNodeError(error) }, 'old data could not be removed');
    }
  }
}
