import { type Job, Queue, type QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { ContourNodeError } from '../errors.ts';
import { JobEvents } from './job-events.ts';
import { jobOptions, passingJobOptions, priorities } from './job-options.ts';
import type { JobEvent, JobProgressEvent, JobQueues, JobState, JobStatus } from './job-queues.ts';
import type { Log } from '../log.ts';
import type { Priority } from '../config/schema.ts';
import {
  comparePayloadSchema,
  contourPayloadSchema,
  countedTrySchema,
  deliverPayloadSchema,
} from '../work/payloads.ts';
import {
  compareJobId,
  compareQueue,
  contourJobId,
  contourQueue,
  deliverJobId,
  deliverQueue,
  picturesJobId,
} from './queue-names.ts';
import { connectRedis, type RedisAddress } from './redis-connection.ts';
import { checkRedisSafety } from './redis-safety.ts';
import { reloadWorkers, type WorkerReload } from './reload-workers.ts';
import { contourSlots, readHeartbeats, type WorkerHeartbeat } from './worker-heartbeat.ts';

export interface QueueCounts {
  readonly queue: string;
  readonly waiting: number;
  readonly active: number;
  readonly failed: number;
}

export interface ContourQueues extends JobQueues {
  /** Why jobs cannot be queued at the moment; undefined while Redis answers. */
  problem(): Promise<ContourNodeError | undefined>;
  /** Why Redis may lose jobs although it answers; undefined also while it does not answer. */
  unsafe(): Promise<ContourNodeError | undefined>;
  /** Workers with a heartbeat; none while Redis does not answer. */
  workers(): Promise<WorkerHeartbeat[]>;
  /** Has every worker read its configuration again; empty while Redis does not answer. */
  reloadWorkers(): Promise<WorkerReload[]>;
  /** Of every queue; empty while Redis does not answer. */
  counts(): Promise<QueueCounts[]>;
  /** The queues as BullMQ has them, for its dashboard. */
  bullQueues(): Queue[];
  /** How far a worker is with a job: some reports may get lost, or come twice after a start. */
  onContourProgress(listener: (event: JobProgressEvent) => void): void;
  /** Takes over changed destinations. */
  setDestinations(destinations: readonly string[]): void;
  close(): Promise<void>;
}

export interface QueueOptions {
  readonly address: RedisAddress;
  /** redis.queuePrefix: several nodes may share one Redis. */
  readonly prefix: string;
  readonly destinations: readonly string[];
  readonly log: Log;
}

/**
 * The queues on the node's side. While Redis does not answer each call fails at once with REDIS_UNAVAILABLE; `onReady`
 * listeners are called when it answers again.
 */
export function connectQueues(options: QueueOptions): ContourQueues {
  return new BullQueues(options);
}

interface OpenQueue {
  readonly queue: Queue;
  readonly events: QueueEvents;
  /** Of the events alone: waiting for them blocks it. */
  readonly connection: Redis;
}

class BullQueues implements ContourQueues {
  readonly #options: QueueOptions;
  readonly #connection: Redis;
  readonly #open = new Map<string, OpenQueue>();
  readonly #events = new JobEvents();
  readonly #readyListeners: (() => void)[] = [];
  #lastError: Error | undefined;
  #closed = false;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#connection = connectRedis(options.address, false, (error) => this.#logError(error));
    this.#connection.on('ready', () => {
      if (this.#lastError !== undefined) options.log.info({ redis: options.address.label }, 'Redis is reachable again');
      this.#lastError = undefined;
      for (const listener of this.#readyListeners) listener();
    });
    this.setDestinations(options.destinations);
  }

  async addContour(payload: unknown, priority: Priority): Promise<void> {
    const checked = countedTrySchema.parse(payload);
    await this.#ask(contourQueue, (queue) =>
      queue.add('contour', checked, { ...jobOptions, jobId: contourJobId(checked), priority: priorities[priority] }),
    );
  }

  async idleContourSlots(): Promise<number> {
    return Math.max(0, contourSlots(await this.workers()) - (await this.depth(contourQueue)));
  }

  async addContourAhead(payload: unknown): Promise<void> {
    const checked = contourPayloadSchema.parse(payload);
    const options = { ...passingJobOptions, jobId: contourJobId(checked), priority: priorities.last };
    await this.#ask(contourQueue, (queue) => queue.add('contour ahead', checked, options));
  }

  async addPictures(payload: unknown): Promise<void> {
    const checked = contourPayloadSchema.parse(payload);
    const options = { ...passingJobOptions, priority: priorities.low };
    await this.#ask(contourQueue, (queue) =>
      queue.add('pictures', checked, { ...options, jobId: picturesJobId(checked) }),
    );
  }

  async addCompare(payload: unknown): Promise<void> {
    const checked = comparePayloadSchema.parse(payload);
    await this.#ask(compareQueue, (queue) =>
      queue.add('compare', checked, { ...jobOptions, jobId: compareJobId(checked) }),
    );
  }

  async addDeliver(payload: unknown): Promise<void> {
    const checked = deliverPayloadSchema.parse(payload);
    await this.#ask(deliverQueue(checked.destination), (queue) =>
      queue.add('deliver', checked, { ...jobOptions, jobId: deliverJobId(checked) }),
    );
  }

  async statusOf(name: string, jobId: string): Promise<JobStatus> {
    return this.#ask(name, async (queue) => {
      const job = (await queue.getJob(jobId)) as Job | undefined;
      if (job === undefined) return { state: 'missing' };
      const state = jobState(await job.getState());
      if (state !== 'failed') return { state };
      // It may have failed after it was read, and then has its reason only now.
      const failed = (await queue.getJob(jobId)) as Job | undefined;
      return { state, failedReason: (failed ?? job).failedReason };
    });
  }

  async depth(name: string): Promise<number> {
    return this.#ask(name, (queue) => queue.getJobCountByTypes('waiting', 'prioritized', 'delayed', 'active'));
  }

  async remove(name: string, jobId: string): Promise<void> {
    await this.#ask(name, async (queue) => {
      const job = (await queue.getJob(jobId)) as Job | undefined;
      if (job === undefined || jobState(await job.getState()) !== 'waiting') return;
      // A worker may take it at this moment: then it is locked, and runs.
      await job.remove().catch((error: Error) => {
        if (!/locked/i.test(error.message)) throw error;
      });
    });
  }

  async clockSetBack(): Promise<void> {
    // While this key is missing, workers look for jobs of killed workers; each look sets it again.
    const checks = [...this.#open.values()].map(({ queue }) => queue.toKey('stalled-check'));
    await this.#connection.del(checks).catch((error: Error) => this.#logError(error));
  }

  onEvent(listener: (event: JobEvent) => void): void {
    this.#events.onEvent(listener);
  }

  onContourProgress(listener: (event: JobProgressEvent) => void): void {
    this.#events.onProgress(listener);
  }

  onReady(listener: () => void): void {
    this.#readyListeners.push(listener);
  }

  async problem(): Promise<ContourNodeError | undefined> {
    if (this.#connection.status !== 'ready') return this.#unavailable(this.#lastError);
    try {
      await this.#connection.ping();
      return undefined;
    } catch (error) {
      return this.#unavailable(error);
    }
  }

  async unsafe(): Promise<ContourNodeError | undefined> {
    try {
      await checkRedisSafety(this.#connection, this.#options.address.label);
    } catch (error) {
      if (error instanceof ContourNodeError) return error;
    }
    return undefined;
  }

  async workers(): Promise<WorkerHeartbeat[]> {
    return readHeartbeats(this.#connection, this.#options.prefix).catch(() => []);
  }

  async reloadWorkers(): Promise<WorkerReload[]> {
    // A remote worker has a configuration of its own.
    const names = (await this.workers()).filter(({ remote }) => remote !== true).map(({ name }) => name);
    return reloadWorkers(this.#connection, this.#options.prefix, names).catch(() => []);
  }

  async counts(): Promise<QueueCounts[]> {
    const all = [...this.#open.values()].map(async ({ queue }) => {
      const counts = await queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active', 'failed');
      const waiting = (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0) + (counts['delayed'] ?? 0);
      return { queue: queue.name, waiting, active: counts['active'] ?? 0, failed: counts['failed'] ?? 0 };
    });
    return Promise.all(all).catch(() => []);
  }

  bullQueues(): Queue[] {
    return [...this.#open.values()].map(({ queue }) => queue);
  }

  setDestinations(destinations: readonly string[]): void {
    const names = [contourQueue, compareQueue, ...destinations.map(deliverQueue)];
    for (const [name, open] of this.#open) {
      if (names.includes(name)) continue;
      this.#open.delete(name);
      void close(open);
    }
    for (const name of names) this.#queue(name);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open.values()].map(close));
    this.#open.clear();
    this.#connection.disconnect();
  }

  /** The queue of that name, opened where it is not: a delivery may be under way to a destination that was removed. */
  #queue(name: string): Queue {
    const known = this.#open.get(name);
    if (known !== undefined) return known.queue;
    const { prefix, address, log } = this.#options;
    // The shared connection logs that Redis does not answer; these would only repeat it.
    const logError = (error: Error): void => log.debug({ err: error, queue: name }, 'queue');
    // Redis may not answer yet: if BullMQ waited for it or asked its version, it would close the queue for good.
    const queue = new Queue(name, {
      connection: this.#connection,
      prefix,
      skipWaitingForReady: true,
      skipVersionCheck: true,
    });
    const connection = connectRedis(address, true, logError);
    const events = this.#events.follow(name, connection, prefix);
    queue.on('error', logError);
    events.on('error', logError);
    this.#open.set(name, { queue, events, connection });
    return queue;
  }

  async #ask<T>(name: string, question: (queue: Queue) => Promise<T>): Promise<T> {
    if (this.#connection.status !== 'ready') throw this.#unavailable(this.#lastError);
    try {
      return await question(this.#queue(name));
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  #unavailable(cause: unknown): ContourNodeError {
    const reason = cause instanceof Error ? `: ${cause.message}` : '';
    return new ContourNodeError(
      'REDIS_UNAVAILABLE',
      `Redis (${this.#options.address.label}) does not answer${reason}`,
      { cause },
    );
  }

  /** ioredis repeats its error with every attempt; the log needs the first. */
  #logError(error: Error): void {
    if (this.#closed || this.#lastError !== undefined) return;
    this.#lastError = error;
    this.#options.log.error({ err: this.#unavailable(error) }, 'Redis is unreachable; jobs wait on disk');
  }
}

function jobState(state: string): JobState {
  if (state === 'active' || state === 'completed' || state === 'failed') return state;
  return state === 'unknown' ? 'missing' : 'waiting';
}

async function close({ queue, events, connection }: OpenQueue): Promise<void> {
  connection.disconnect();
  // A connection that is down cannot be closed by a command; nothing is lost by that.
  await Promise.all([events.close().catch(() => undefined), queue.close().catch(() => undefined)]);
}
