import { randomBytes } from 'node:crypto';
import { type Job, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Priority } from '../config/schema.ts';
import { ContourNodeError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type ContourPayload, contourPayloadSchema } from '../work/payloads.ts';
import type { ProgressReport } from '../work/progress.ts';
import { contourQueue } from './queue-names.ts';
import { priorities } from './job-options.ts';
import { connectRedis, type RedisAddress } from './redis-connection.ts';
import { type WorkerHeartbeat, writeHeartbeat } from './worker-heartbeat.ts';

/** A job of the queue `contour` that somebody has: whoever knows the token may renew and end it, until the lock runs out. */
export interface Lease {
  readonly jobId: string;
  readonly token: string;
}

export interface TakenLease extends Lease {
  readonly payload: ContourPayload;
  /** Milliseconds: when it was taken. */
  readonly takenAt: number;
}

/** Orders that wait to be contoured, by priority. */
export type WaitingOrders = Readonly<Record<Priority, number>>;

/**
 * BullMQ puts a job whose worker died before all others, without a number, and has whoever takes it next end it as failed.
 */
const unprioritised = 0;

const usualSeconds = 60;

/**
 * The queue `contour` as somebody has it who works for others: the node takes a job, renews its lock and ends it on behalf of
 * a worker that has no way to Redis. The lock lies in Redis, so that a lease outlives a restart of the node.
 */
export class ContourLeases {
  /** A lease that is not renewed for so long is over; the job then counts as a try of a worker that died. */
  readonly seconds: number;
  readonly #address: RedisAddress;
  readonly #prefix: string;
  readonly #connection: Redis;
  readonly #worker: Worker;
  readonly #queue: Queue;

  constructor({
    address,
    prefix,
    log,
    seconds = usualSeconds,
  }: {
    readonly address: RedisAddress;
    readonly prefix: string;
    readonly log: Log;
    readonly seconds?: number;
  }) {
    this.seconds = seconds;
    this.#address = address;
    this.#prefix = prefix;
    // The queues of the node log that Redis does not answer; this connection would only repeat it.
    const logError = (error: Error): void => log.debug({ err: error, queue: contourQueue }, 'leases');
    this.#connection = connectRedis(address, true, logError);
    const shared = { connection: this.#connection, prefix, skipWaitingForReady: true, skipVersionCheck: true };
    this.#queue = new Queue(contourQueue, shared);
    this.#queue.on('error', logError);
    this.#worker = new Worker(contourQueue, null, {
      ...shared,
      autorun: false,
      lockDuration: seconds * 1000,
      stalledInterval: 5000,
      // As with a worker of this machine: the node decides about the next try.
      maxStalledCount: 0,
    });
    this.#worker.on('error', logError);
    // Without a worker on this machine nobody else would see that a lease has run out.
    void this.#worker.startStalledCheckTimer();
  }

  /** @throws ContourNodeError REDIS_UNAVAILABLE */
  async waiting(): Promise<WaitingOrders> {
    return this.#ask(async () => {
      const counts = await this.#queue.getCountsPerPriority([unprioritised, ...Object.values(priorities)]);
      const of = (priority: number): number => counts[String(priority)] ?? 0;
      return {
        urgent: of(priorities.urgent) + of(unprioritised),
        normal: of(priorities.normal),
        low: of(priorities.low),
      };
    });
  }

  /**
   * Takes the job whose turn it is.
   *
   * @returns undefined where none waits
   * @throws ContourNodeError REDIS_UNAVAILABLE
   */
  async take(): Promise<TakenLease | undefined> {
    const token = randomBytes(16).toString('hex');
    return this.#ask(async () => {
      for (;;) {
        const job = (await this.#worker.getNextJob(token, { block: false })) as Job | undefined;
        if (job?.id === undefined) return undefined;
        const failure = job.deferredFailure as string | undefined;
        if (failure === undefined) return leaseOf(job, job.id, token);
        await job.moveToFailed(new Error(failure), token, false);
      }
    });
  }

  /**
   * A lease that was taken before this process started.
   *
   * @returns undefined where it is over
   * @throws ContourNodeError REDIS_UNAVAILABLE
   */
  async find(lease: Lease): Promise<TakenLease | undefined> {
    return this.#ask(async () => {
      const job = await this.#job(lease);
      if (job === undefined || !(await this.#extended(job, lease))) return undefined;
      return leaseOf(job, lease.jobId, lease.token);
    });
  }

  /**
   * @returns whether it still stands
   * @throws ContourNodeError REDIS_UNAVAILABLE
   */
  async renew(lease: Lease): Promise<boolean> {
    return this.#ask(async () => {
      const job = await this.#job(lease);
      return job !== undefined && (await this.#extended(job, lease));
    });
  }

  /** How far the work is, for the page: may get lost. */
  async progress(lease: Lease, report: ProgressReport): Promise<void> {
    await this.#ask(async () => (await this.#job(lease))?.updateProgress({ ...report }));
  }

  /** @returns false where the lease was over, and nothing has changed */
  async complete(lease: Lease, summary: object): Promise<boolean> {
    return this.#end(lease, (job) => job.moveToCompleted(summary, lease.token, false));
  }

  /** @param reason as the queue page shows it: `CODE: message` */
  async fail(lease: Lease, reason: string): Promise<boolean> {
    return this.#end(lease, (job) => job.moveToFailed(new Error(reason), lease.token, false));
  }

  /** The job waits again, at its place; no try is counted. */
  async giveBack(lease: Lease): Promise<boolean> {
    return this.#end(lease, (job) => job.moveToWait(lease.token));
  }

  /** Shows a remote worker among the workers. */
  async report(heartbeat: WorkerHeartbeat): Promise<void> {
    await this.#ask(() => writeHeartbeat(this.#connection, this.#prefix, { ...heartbeat, remote: true }));
  }

  async close(): Promise<void> {
    const closed = Promise.all([this.#worker.close(true), this.#queue.close()]).catch(() => undefined);
    // Without Redis BullMQ cannot close; nothing is lost by that.
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
    this.#connection.disconnect();
  }

  async #end(lease: Lease, end: (job: Job) => Promise<unknown>): Promise<boolean> {
    return this.#ask(async () => {
      const job = await this.#job(lease);
      // The lock also says whether it is this lease's: a job that another has is left alone.
      if (job === undefined || !(await this.#extended(job, lease))) return false;
      await end(job);
      return true;
    });
  }

  async #extended(job: Job, { token }: Lease): Promise<boolean> {
    // BullMQ throws where the lock is another's, and answers 0 where there is none.
    const extended = await job.extendLock(token, this.seconds * 1000).catch((error: unknown) => {
      if (this.#connection.status !== 'ready') throw error;
      return 0;
    });
    return extended === 1;
  }

  async #job({ jobId }: Lease): Promise<Job | undefined> {
    return (await this.#queue.getJob(jobId)) as Job | undefined;
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const { status } = this.#connection;
    if (status !== 'ready') throw this.#unavailable(`the connection is ${status}`);
    const { promise: late, reject } = Promise.withResolvers<never>();
    // A patient connection keeps a command until Redis answers again; whoever asks over HTTP does not wait for that.
    const timer = setTimeout(() => reject(this.#unavailable('no answer within 5 s')), 5000);
    try {
      return await Promise.race([question(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #unavailable(why: string): ContourNodeError {
    return new ContourNodeError('REDIS_UNAVAILABLE', `Redis (${this.#address.label}): ${why}`);
  }
}

function leaseOf(job: Job, jobId: string, token: string): TakenLease {
  return { jobId, token, payload: contourPayloadSchema.parse(job.data), takenAt: job.processedOn ?? Date.now() };
}
