import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { mkdir, rm } from 'node:fs/promises';
import { asContourNodeError, ContourNodeError, isAtFault } from '../../errors.ts';
import { type ContourLeases, type Lease, type TakenLease, type WaitingOrders } from '../../jobs/contour-leases.ts';
import type { Log } from '../../log.ts';
import type { RemoteMetrics } from '../../observe/metrics/remote-metrics.ts';
import { type Problem, problemFrom } from '../../problem.ts';
import { remoteFolder } from '../../work/paths.ts';
import { type ProgressReport, stageAfterResult } from '../../work/progress.ts';
import { refusedContours } from '../../work/remote-contours.ts';
import { writeWhole } from '../../work/write-whole.ts';
import { type HeldLease, stageOfImages } from './held-lease.ts';
import { OrderWriter } from './order-writer.ts';
import type { PreparedRemoteOrder, RemoteOrders } from './remote-orders.ts';

export interface LeaseBookOptions {
  readonly leases: ContourLeases;
  readonly orders: RemoteOrders;
  readonly dataDirectory: string;
  /** Longest that a worker may take for images, and again for contours. */
  readonly timeoutMinutes: () => number;
  readonly metrics: RemoteMetrics;
  readonly log: Log;
}

/** Before the lock in Redis runs out: the node ends a lease in words, and gives back what was only being fetched. */
const silencePart = 0.75;
/** Of the lease: the lock in Redis is renewed so often at most. */
const renewalPart = 1 / 6;
const rememberedEnds = 1000;

/** The orders that workers on other machines have, each as a lease. What is not in here lies in Redis and on the disk. */
export class LeaseBook {
  readonly #options: LeaseBookOptions;
  readonly #held = new Map<string, HeldLease>();
  readonly #adopting = new Map<string, Promise<HeldLease | undefined>>();
  /** Leases that ended well: a worker that did not hear the answer asks again. */
  readonly #ended = new Set<string>();
  readonly #writer: OrderWriter;
  #counted: { readonly at: number; readonly orders: Promise<WaitingOrders> } | undefined;

  constructor(options: LeaseBookOptions) {
    this.#options = options;
    this.#writer = new OrderWriter(options);
  }

  get folder(): string {
    return join(this.#options.dataDirectory, remoteFolder);
  }

  /** Removes what an earlier process left. */
  async open(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
  }

  /**
   * Orders that wait; many workers may ask at once.
   * @throws ContourNodeError REDIS_UNAVAILABLE
   */
  async waiting(): Promise<WaitingOrders> {
    const now = Date.now();
    if (this.#counted === undefined || now - this.#counted.at > 200)
      this.#counted = { at: now, orders: this.#options.leases.waiting() };
    return this.#counted.orders;
  }

  /**
   * Gives the order whose turn it is to a worker. Orders that need none are finished on the way.
   * @returns undefined where none waits
   * @throws ContourNodeError REDIS_UNAVAILABLE
   */
  async take(worker: string): Promise<HeldLease | undefined> {
    for (;;) {
      const lease = await this.#options.leases.take();
      if (lease === undefined) return undefined;
      const held = await this.#hold(lease, worker, stageOfImages);
      if (held !== undefined) return held;
    }
  }

  /**
   * A lease that stands; it is renewed by that.
   * @throws ContourNodeError REMOTE_LEASE it is over; REDIS_UNAVAILABLE
   */
  async use(id: string, worker: string): Promise<HeldLease> {
    const known = this.#held.get(id);
    if (known !== undefined) {
      await this.touch(known);
      return known;
    }
    // What this process has not given away itself stood before it started; several requests may come at once.
    const adopting = this.#adopting.get(id) ?? this.#adopt(id, worker).finally(() => this.#adopting.delete(id));
    this.#adopting.set(id, adopting);
    const held = await adopting;
    if (held === undefined) throw over();
    return held;
  }

  async #adopt(id: string, worker: string): Promise<HeldLease | undefined> {
    const [jobId = '', token = ''] = id.split('.');
    const lease = await this.#options.leases.find({ jobId, token });
    return lease === undefined ? undefined : this.#hold(lease, worker, 'unknown');
  }

  /** Whether it ended well. */
  hasEnded(id: string): boolean {
    return this.#ended.has(id);
  }

  /**
   * Something was heard of the worker.
   * @throws ContourNodeError REMOTE_LEASE, REDIS_UNAVAILABLE
   */
  async touch(held: HeldLease): Promise<void> {
    if (!this.#held.has(held.id)) throw over();
    this.#awaitSign(held);
    if (Date.now() - held.renewedAt < 1000 * renewalPart * this.#options.leases.seconds) return;
    held.renewedAt = Date.now();
    if (await this.#options.leases.renew(held.lease)) return;
    this.#forget(held);
    throw over();
  }

  /**
   * The worker says how far it is.
   * @throws ContourNodeError REMOTE_LEASE also where it took too long; REDIS_UNAVAILABLE
   */
  async progress(held: HeldLease, report: ProgressReport): Promise<void> {
    if (held.writing !== undefined) return;
    if (held.stage === stageOfImages && report.stage !== stageOfImages) held.since = Date.now();
    held.stage = report.stage;
    const minutes = this.#options.timeoutMinutes();
    if (Date.now() - held.since > minutes * 60_000) {
      await this.fail(
        held,
        problemFrom(new ContourNodeError('ENGINE_TIMEOUT', `the remote worker took longer than ${minutes} min`)),
      );
      throw over();
    }
    if (report.stage !== stageOfImages && report.stage !== stageAfterResult)
      await this.#options.leases.progress(held.lease, report);
  }

  /**
   * Has the structure sets written from what the worker returned; the same lease twice is written once.
   * @param file of this book's folder; it is removed
   * @returns when the result is on disk; the pictures follow
   * @throws ContourNodeError REMOTE_RESULT, REMOTE_VERSION, ENGINE_FAILED, what the disk has; the try has then failed
   */
  async finish(held: HeldLease, file: string): Promise<void> {
    if (held.writing !== undefined) {
      await rm(file, { force: true });
      return held.writing;
    }
    held.writing = this.#write(held.lease, file, held);
    return held.writing;
  }

  /** The worker could not contour it: the try has failed. */
  async fail(held: HeldLease, { code, message }: Problem): Promise<void> {
    if (held.writing !== undefined) throw over();
    this.#forget(held);
    this.#count(held.worker, 'failed');
    await this.#options.leases.fail(held.lease, `${code}: ${message}`);
    this.#log(held, 'warn', `try failed: ${code}: ${message}`);
  }

  /** The worker stops, or the images did not come through: the order waits again. */
  async giveBack(held: HeldLease): Promise<void> {
    if (held.writing !== undefined) throw over();
    this.#forget(held);
    this.#count(held.worker, 'given back');
    await this.#options.leases.giveBack(held.lease);
    this.#log(held, 'info', 'order given back');
  }

  /**
   * A slice that cannot be read or decoded: the CT is refused as a worker beside the node would refuse it; any other error is
   * a failed try.
   */
  async refuse(held: HeldLease, error: unknown): Promise<void> {
    const problem = problemFrom(error);
    if (!isAtFault('CT', problem.code)) return this.fail(held, problem);
    const file = join(this.folder, `${randomUUID()}.json.gz`);
    await writeWhole(file, await refusedContours(problem));
    await this.finish(held, file);
  }

  /** Leases stand: the next process takes them over. */
  close(): void {
    this.#writer.close();
    for (const held of this.#held.values()) clearTimeout(held.expiry);
    this.#held.clear();
  }

  async #hold(lease: TakenLease, worker: string, stage: string): Promise<HeldLease | undefined> {
    let prepared: PreparedRemoteOrder | undefined;
    try {
      prepared = await this.#options.orders.prepare(lease.payload);
    } catch (error) {
      const { code, message } = asContourNodeError(error);
      await this.#options.leases.fail(lease, `${code}: ${message}`);
      this.#options.log.warn({ ...nameOf(lease), code }, `an order cannot be given to a remote worker: ${message}`);
      return undefined;
    }
    if (prepared === undefined) {
      void this.#write(lease, undefined).catch(() => undefined);
      return undefined;
    }
    const id = `${lease.jobId}.${lease.token}`;
    const now = Date.now();
    const held: HeldLease = {
      ...prepared,
      id,
      lease,
      worker,
      stage,
      since: now,
      renewedAt: now,
      expiry: undefined,
      writing: undefined,
    };
    this.#held.set(id, held);
    this.#awaitSign(held);
    if (stage === stageOfImages) this.#count(worker, 'taken');
    this.#log(held, 'info', 'order given to a remote worker');
    return held;
  }

  get #silenceSeconds(): number {
    return silencePart * this.#options.leases.seconds;
  }

  #awaitSign(held: HeldLease): void {
    clearTimeout(held.expiry);
    held.expiry = setTimeout(() => void this.#fellSilent(held).catch(() => undefined), 1000 * this.#silenceSeconds);
    held.expiry.unref();
  }

  async #fellSilent(held: HeldLease): Promise<void> {
    if (this.#held.get(held.id) !== held || held.writing !== undefined) return;
    if (held.stage === stageOfImages) return this.giveBack(held);
    const words = `nothing was heard of the remote worker ${held.worker} for ${this.#silenceSeconds} s`;
    await this.fail(held, problemFrom(new ContourNodeError('ENGINE_FAILED', words)));
  }

  /** @param held absent where no worker is needed */
  #write(lease: TakenLease, file: string | undefined, held?: HeldLease): Promise<void> {
    return this.#writer.write(lease, file, {
      onResult: () => {
        if (held !== undefined) this.#remember(held.id);
      },
      onEnd: (outcome) => {
        if (held === undefined) return;
        this.#forget(held);
        this.#count(held.worker, outcome);
      },
    });
  }

  #remember(id: string): void {
    const [oldest] = this.#ended;
    if (this.#ended.size >= rememberedEnds && oldest !== undefined) this.#ended.delete(oldest);
    this.#ended.add(id);
  }

  #forget(held: HeldLease): void {
    clearTimeout(held.expiry);
    this.#held.delete(held.id);
  }

  #count(worker: string, outcome: string): void {
    this.#options.metrics.order(worker, outcome);
  }

  #log({ lease, worker }: HeldLease, level: 'info' | 'warn', words: string): void {
    this.#options.log[level]({ ...nameOf(lease), worker }, words);
  }
}

function over(): ContourNodeError {
  return new ContourNodeError('REMOTE_LEASE', "the order is no longer this worker's");
}

function nameOf({ payload }: TakenLease & Lease): { series: string; order: string; try: number } {
  return { series: payload.series, order: payload.order, try: payload.try };
}
