import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { listBundles } from '../../src/bundles/read-bundle.ts';
import type { LoadedConfig } from '../../src/config/load.ts';
import type { ReloadOutcome } from '../../src/config/reload.ts';
import type { Config } from '../../src/config/schema.ts';
import type { WorkerHeartbeat } from '../../src/jobs/worker-heartbeat.ts';
import type { Log } from '../../src/log.ts';
import { version } from '../../src/version.ts';
import { remoteFolder } from '../../src/work/paths.ts';
import { EngineSlots } from '../processes/engine-slots.ts';
import { reloadConfig } from '../processes/reload-config.ts';
import { type RunningWorker, slotOptions, workerName } from '../processes/worker.ts';
import { NodeConnection, type TakenOrder } from './node-connection.ts';
import { PoolMetrics, type PoolState, startPoolMonitor } from './pool-monitor.ts';
import { type LeaseEnd, runLease } from './run-lease.ts';
import { ServedNode } from './served-node.ts';
import { nextTurn } from './turns.ts';

export interface RemoteWorkerOptions {
  readonly log: Log;
  /** Called when an order has ended, for the metrics. */
  readonly onEnd?: (node: string, end: LeaseEnd) => void;
  /** In place of engine processes, for measurements of everything else. */
  readonly slots?: ContourSlots;
}

/** What the worker needs of its engine processes. */
export type ContourSlots = Pick<
  EngineSlots,
  'size' | 'pids' | 'residentBytes' | 'problems' | 'start' | 'stop' | 'reconfigure' | 'contourRemote'
>;

/**
 * A worker that contours for nodes on other machines (worker.nodes) over their HTTP ports. It sees no data directory of theirs,
 * no Redis and no identity; one slot has one order at a time, whichever node's turn it is.
 * @throws ContourNodeError TLS_FILES
 */
export async function startRemoteWorker(config: Config, options: RemoteWorkerOptions): Promise<RunningWorker> {
  const worker = new RemoteWorker(config, options, await warmUp(config));
  await worker.serve(config);
  await worker.monitor(config);
  return worker;
}

/** A pool has no routes: it warms up what is installed, as far as memory allows. */
async function warmUp(config: Config): Promise<string[] | undefined> {
  return config.routes.length > 0 ? undefined : listBundles(config.models.directory);
}

class RemoteWorker implements RunningWorker {
  readonly ready: Promise<void>;
  readonly #options: RemoteWorkerOptions;
  readonly #slots: ContourSlots;
  readonly #nodes = new Map<string, ServedNode>();
  readonly #running = new Set<Promise<void>>();
  readonly #folder: string;
  /** Aborted when running orders go back to their nodes. */
  readonly #stopping = new AbortController();
  readonly #metrics = new PoolMetrics(() => this.#state());
  #closeMonitor: () => void = () => undefined;
  #config: Config;
  #isReady = false;
  #isClosing = false;
  /** While orders are being taken. */
  #taking: Promise<void> | undefined;
  #turn = 0;

  constructor(config: Config, options: RemoteWorkerOptions, warm: string[] | undefined) {
    this.#config = config;
    this.#options = options;
    // Other workers of this machine may have the same data directory.
    this.#folder = join(resolve(config.dataDirectory), remoteFolder, workerName);
    this.#slots = options.slots ?? new EngineSlots(slotOptions(config, warm), options.log);
    this.ready = this.#slots.start().then(() => this.#begin());
  }

  get enginePids(): number[] {
    return this.#slots.pids;
  }

  /** @throws ContourNodeError PORT_IN_USE */
  async monitor({ worker: { monitor } }: Config): Promise<void> {
    if (monitor !== undefined) this.#closeMonitor = await startPoolMonitor(monitor, this.#metrics, () => this.#state());
  }

  /** Opens connections to the nodes of the configuration, and closes those to others. */
  async serve(config: Config): Promise<void> {
    const opened = await Promise.all(config.worker.nodes.map((node) => NodeConnection.open(node)));
    for (const node of this.#nodes.values()) node.close();
    this.#nodes.clear();
    for (const connection of opened) {
      const node = new ServedNode(connection, {
        heartbeat: () => this.#heartbeat(),
        onChange: () => void this.#take(),
        isBusy: () => this.#freeSlots() === 0,
        log: this.#options.log,
      });
      this.#nodes.set(connection.url, node);
    }
  }

  async reload(load: () => Promise<LoadedConfig>): Promise<ReloadOutcome> {
    return reloadConfig(load, this.#options.log, async (config) => {
      await this.serve(config);
      this.#config = config;
      void this.#slots.reconfigure(slotOptions(config, await warmUp(config)));
    });
  }

  async close(patienceSeconds: number): Promise<void> {
    this.#isClosing = true;
    const ended = (async () => {
      await this.#taking;
      await Promise.all(this.#running);
    })();
    const patience = setTimeout(() => {
      this.#options.log.warn({}, 'running orders go back to their nodes');
      this.#stopping.abort();
      void this.#slots.stop();
    }, patienceSeconds * 1000);
    await ended;
    clearTimeout(patience);
    for (const node of this.#nodes.values()) node.close();
    this.#closeMonitor();
    await this.#slots.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #begin(): Promise<void> {
    // What a worker of this name left that was killed.
    await rm(this.#folder, { recursive: true, force: true });
    this.#isReady = true;
    const nodes = [...this.#nodes.values()].map(({ connection }) => connection.name);
    this.#options.log.info({ nodes, slots: this.#config.worker.slots }, 'worker ready');
    await this.#take();
  }

  #heartbeat(): WorkerHeartbeat {
    return {
      name: workerName,
      version,
      queues: this.#isReady && !this.#isClosing ? ['contour'] : [],
      slots: this.#config.worker.slots,
      workerBytes: process.memoryUsage.rss(),
      engineBytes: this.#slots.residentBytes,
      problems: this.#slots.problems,
    };
  }

  #state(): PoolState {
    return {
      isReady: this.#isReady && !this.#isClosing,
      slots: this.#slots.size,
      busy: this.#running.size,
      nodes: [...this.#nodes.values()].map(({ connection, isServed, waiting }) => ({
        name: connection.name,
        isServed,
        waiting: waiting.urgent + waiting.normal + waiting.low,
      })),
    };
  }

  #freeSlots(): number {
    return this.#isReady && !this.#isClosing ? this.#slots.size - this.#running.size : 0;
  }

  /** Takes orders in turn for as long as a slot is free. */
  #take(): Promise<void> {
    this.#taking ??= this.#takeInTurns().finally(() => (this.#taking = undefined));
    return this.#taking;
  }

  async #takeInTurns(): Promise<void> {
    while (this.#freeSlots() > 0) {
      const node = nextTurn([...this.#nodes.values()]);
      if (node === undefined) return;
      this.#turn += 1;
      node.servedAt = this.#turn;
      const taken = await node.take(workerName);
      // Also one that came while the worker is being stopped: it is given back as any other.
      if (taken !== undefined) this.#run(node, taken);
    }
  }

  #run(node: ServedNode, taken: TakenOrder): void {
    const { log, onEnd } = this.#options;
    const { series } = taken.order;
    log.info({ node: node.connection.name, series }, 'order taken');
    const running = runLease({
      node: node.connection,
      taken,
      folder: join(this.#folder, createHash('sha256').update(taken.lease).digest('hex').slice(0, 16)),
      contour: (folder, progress) => this.#slots.contourRemote(folder, progress),
      signal: this.#stopping.signal,
    }).then((end) => {
      this.#running.delete(running);
      const { outcome, error, seconds } = end;
      const level = outcome === 'returned' ? 'info' : 'warn';
      log[level]({ node: node.connection.name, series, seconds, ...(error && { err: error }) }, `order ${outcome}`);
      this.#metrics.ended(node.connection.name, end);
      onEnd?.(node.connection.name, end);
      void this.#take();
    });
    this.#running.add(running);
  }
}
