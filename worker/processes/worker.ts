import { availableParallelism, hostname } from 'node:os';
import { type Job, WaitingError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { LoadedConfig } from '../../src/config/load.ts';
import { routeBundles } from '../../src/config/route-bundles.ts';
import type { ReloadOutcome } from '../../src/config/reload.ts';
import type { Config } from '../../src/config/schema.ts';
import { asContourNodeError } from '../../src/errors.ts';
import { comparePayloadSchema, contourPayloadSchema, deliverPayloadSchema } from '../../src/work/payloads.ts';
import { compareQueue, contourQueue, deliverQueue, type QueueKind } from '../../src/jobs/queue-names.ts';
import { connectRedis, type RedisAddress } from '../../src/jobs/redis-connection.ts';
import { answerReloads } from '../../src/jobs/reload-workers.ts';
import { type Heartbeat, startHeartbeat, type WorkerHeartbeat } from '../../src/jobs/worker-heartbeat.ts';
import { faultPoint } from '../../src/fault-point.ts';
import type { Log } from '../../src/log.ts';
import { version } from '../../src/version.ts';
import { reloadConfig } from './reload-config.ts';
import { runComparison } from './compare-process.ts';
import { deliver } from './deliver.ts';
import type { ContourSummary } from './engine-messages.ts';
import { EngineSlots, type SlotOptions } from './engine-slots.ts';

export interface WorkerOptions {
  readonly queues: readonly QueueKind[];
  readonly address: RedisAddress;
  readonly log: Log;
  /** Reads the configuration again, when the node asks for it; none: it keeps its own. */
  readonly load?: () => Promise<LoadedConfig>;
}

export interface RunningWorker {
  /** Resolves once the engines have run a warm-up inference and jobs are taken. */
  readonly ready: Promise<void>;
  /** Process IDs of the running engine processes. */
  readonly enginePids: readonly number[];
  /**
   * Takes over a changed configuration (destinations, peers, limits, engine). One that cannot be loaded changes nothing.
   *
   * @returns what became of it; never rejects
   */
  reload(load: () => Promise<LoadedConfig>): Promise<ReloadOutcome>;
  /** Takes no new job; running jobs have this long to end, then they go back to the queue. */
  close(patienceSeconds: number): Promise<void>;
}

/** The parent does not block, so it renews each lock in time. A dead worker is noticed after lock and check interval. */
const timing = { lockDuration: 15_000, stalledInterval: 5000, runRetryDelay: 1000, drainDelay: 5 };

/**
 * Starts the worker: this process holds the connection to Redis and the locks, one engine process a slot the tensors. One
 * job is one try, also when its worker dies (maxStalledCount 0): the node decides about the next try.
 */
export function startWorker(config: Config, options: WorkerOptions): RunningWorker {
  return new ContourWorker(config, options);
}

export const workerName = `${hostname()}-${process.pid}`;

class ContourWorker implements RunningWorker {
  readonly ready: Promise<void>;
  readonly #options: WorkerOptions;
  readonly #connection: Redis;
  readonly #slots: EngineSlots | undefined;
  readonly #contour: Worker | undefined;
  readonly #compare: Worker | undefined;
  readonly #deliver = new Map<string, Worker>();
  readonly #heartbeat: Heartbeat;
  readonly #reloads: { close(): void } | undefined;
  /** Queues whose jobs this worker takes. */
  #taking: readonly QueueKind[];
  #config: Config;
  #redisAway = false;
  /** Aborted when running jobs go back to the queue instead of failing. */
  readonly #stopping = new AbortController();

  constructor(config: Config, options: WorkerOptions) {
    this.#config = config;
    this.#options = options;
    this.#connection = connectRedis(options.address, true, (error) => this.#onRedisError(error));
    this.#connection.on('ready', () => {
      if (this.#redisAway) options.log.info({ redis: options.address.label }, 'Redis is reachable again');
      this.#redisAway = false;
    });
    if (options.queues.includes('deliver')) this.#openDeliveries();
    if (options.queues.includes('compare'))
      this.#compare = this.#take(compareQueue, 1, (job, token) => this.#runComparison(job, token), true);
    this.#taking = options.queues.filter((kind) => kind !== 'contour');
    const { load } = options;
    if (load !== undefined)
      this.#reloads = answerReloads(this.#connection, config.redis.queuePrefix, workerName, async () => {
        const { problem } = await this.reload(load);
        return problem;
      });
    this.#heartbeat = startHeartbeat(this.#connection, config.redis.queuePrefix, () => this.#report());
    if (options.queues.includes('contour')) {
      this.#slots = new EngineSlots(slotOptions(config), options.log, () => this.#heartbeat.beat());
      this.#contour = this.#take(
        contourQueue,
        config.worker.slots,
        (job, token) => this.#runContour(job, token),
        false,
      );
      this.ready = this.#slots.start().then(() => this.#begin());
    } else this.ready = this.#connection.ping().then(() => undefined);
  }

  get enginePids(): number[] {
    return this.#slots?.pids ?? [];
  }

  async reload(load: () => Promise<LoadedConfig>): Promise<ReloadOutcome> {
    return reloadConfig(load, this.#options.log, (config) => {
      this.#config = config;
      if (this.#options.queues.includes('deliver')) this.#openDeliveries();
      void this.#slots?.reconfigure(slotOptions(config));
    });
  }

  async close(patienceSeconds: number): Promise<void> {
    this.#taking = [];
    await this.#heartbeat.stop();
    this.#reloads?.close();
    const workers = [...this.#deliver.values(), this.#contour, this.#compare].filter((worker) => worker !== undefined);
    const closed = Promise.all(workers.map((worker) => worker.close()));
    const patience = setTimeout(() => {
      this.#options.log.warn({}, 'running jobs go back to the queue');
      this.#stopping.abort();
      void this.#slots?.stop();
    }, patienceSeconds * 1000);
    // Without Redis BullMQ cannot close the worker; its jobs are found stalled.
    await Promise.race([closed, this.#gone(patienceSeconds + 10)]);
    clearTimeout(patience);
    await this.#slots?.stop();
    this.#connection.disconnect();
  }

  #begin(): void {
    if (this.#contour?.closing !== undefined) return;
    this.#contour?.run().catch((error: unknown) => this.#options.log.error({ err: error }, 'contour queue ended'));
    this.#taking = this.#options.queues;
    this.#heartbeat.beat();
    this.#options.log.info({ queues: this.#options.queues, slots: this.#config.worker.slots }, 'worker ready');
  }

  #report(): WorkerHeartbeat {
    return {
      name: workerName,
      version,
      queues: [...this.#taking],
      slots: this.#config.worker.slots,
      workerBytes: process.memoryUsage.rss(),
      engineBytes: this.#slots?.residentBytes ?? 0,
      problems: this.#slots?.problems ?? [],
    };
  }

  #openDeliveries(): void {
    const names = this.#config.destinations.map(({ name }) => name);
    for (const [name, worker] of this.#deliver) {
      if (names.includes(name)) continue;
      this.#deliver.delete(name);
      void worker.close();
    }
    for (const name of names) {
      if (this.#deliver.has(name)) continue;
      this.#deliver.set(
        name,
        this.#take(deliverQueue(name), 1, (job) => this.#runDelivery(job), true),
      );
    }
  }

  #take(
    queue: string,
    concurrency: number,
    run: (job: Job, token: string | undefined) => Promise<unknown>,
    autorun: boolean,
  ): Worker {
    const { log } = this.#options;
    const worker = new Worker(queue, (job, token) => run(job, token), {
      connection: this.#connection,
      prefix: this.#config.redis.queuePrefix,
      name: workerName,
      concurrency,
      autorun,
      maxStalledCount: 0,
      ...timing,
    });
    worker.on('error', (error) => {
      if (this.#connection.status === 'ready') log.error({ err: error, queue }, 'queue');
      else this.#onRedisError(error);
    });
    worker.on('failed', (job, error) => {
      const { try: number } = (job?.data ?? {}) as { try?: number };
      // What failed ahead of the completion of its series is tried as ever.
      log[number === 0 ? 'info' : 'warn']({ queue, job: job?.id, reason: error.message }, 'try failed');
    });
    worker.on('completed', (job) => log.info({ queue, job: job.id }, 'try completed'));
    return worker;
  }

  async #runContour(job: Job, token: string | undefined): Promise<ContourSummary> {
    const payload = contourPayloadSchema.parse(job.data);
    try {
      if (this.#slots === undefined) throw new Error('no slots');
      faultPoint('contour-job-taken');
      const summary = await this.#slots.contour(payload, (progress) => {
        job.updateProgress({ ...progress }).catch((error: Error) => this.#onRedisError(error));
      });
      faultPoint('contour-job-done');
      return summary;
    } catch (error) {
      throw await this.#givenBack(job, token, error);
    }
  }

  async #runComparison(job: Job, token: string | undefined): Promise<unknown> {
    const payload = comparePayloadSchema.parse(job.data);
    const { dataDirectory, worker } = this.#config;
    try {
      return { status: await runComparison({ dataDirectory, payload }, worker.timeoutMinutes, this.#stopping.signal) };
    } catch (error) {
      throw await this.#givenBack(job, token, error);
    }
  }

  /** The error that ends a job: its own, or the one that sends it back to the queue because the worker is being stopped. */
  async #givenBack(job: Job, token: string | undefined, error: unknown): Promise<Error> {
    if (!this.#stopping.signal.aborted) return jobError(error);
    await job.moveToWait(token);
    return new WaitingError('the worker is being stopped');
  }

  async #runDelivery(job: Job): Promise<unknown> {
    const payload = deliverPayloadSchema.parse(job.data);
    const outcome = await deliver(payload, this.#config, this.#stopping.signal).catch((error: unknown) => {
      throw jobError(error);
    });
    if (outcome.outcome !== 'delivered')
      throw new Error(`${outcome.code ?? 'INTERNAL'}: ${outcome.message ?? outcome.outcome}`);
    return { outcome: outcome.outcome, status: outcome.status, alarmed: outcome.alarmed };
  }

  /** ioredis repeats its error for as long as Redis does not answer: it is logged once. */
  #onRedisError(error: Error): void {
    if (this.#redisAway) return;
    this.#redisAway = true;
    this.#options.log.error(
      { err: error, redis: this.#options.address.label, code: 'REDIS_UNAVAILABLE' },
      'Redis is unreachable',
    );
  }

  #gone(seconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, seconds * 1000).unref());
  }
}

/** The error as Redis and the queue page show it: `CODE: message`. */
function jobError(error: unknown): Error {
  const known = asContourNodeError(error);
  return new Error(`${known.code}: ${known.message}`);
}

/** @param warmUp bundles to load before the first job */
export function slotOptions(
  config: Config,
  warmUp = [...new Set(config.routes.flatMap((route) => routeBundles(route, config)))],
): SlotOptions {
  const { slots, timeoutMinutes, recycleMegabytes } = config.worker;
  // Else each of several engine processes takes every core.
  const shared = slots > 1 ? Math.max(1, Math.floor(availableParallelism() / slots)) : 0;
  return {
    slots,
    timeoutMinutes,
    recycleMegabytes,
    settings: {
      dataDirectory: config.dataDirectory,
      modelsDirectory: config.models.directory,
      engine: { ...config.engine, threads: config.engine.threads === 0 ? shared : config.engine.threads },
      logging: config.logging,
      // The rest is for the CT: a process above recycleMegabytes is replaced after its job.
      bundlesMegabytes: recycleMegabytes / 2,
      warmUp,
    },
  };
}
