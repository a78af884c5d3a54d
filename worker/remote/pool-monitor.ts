import { once } from 'node:events';
import { createServer } from 'node:http';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Config } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { version } from '../../src/version.ts';
import type { LeaseEnd } from './run-lease.ts';

type Monitor = NonNullable<Config['worker']['monitor']>;

export interface PoolState {
  readonly isReady: boolean;
  readonly slots: number;
  readonly busy: number;
  /** Every node that is configured, by host and port, and whether it is served. */
  readonly nodes: readonly { readonly name: string; readonly isServed: boolean; readonly waiting: number }[];
}

/** Metrics of a worker that serves nodes on other machines, by node. */
export class PoolMetrics {
  readonly #registry = new Registry();
  readonly #orders: Counter<'node' | 'outcome'>;
  readonly #seconds: Counter<'node' | 'phase'>;

  constructor(state: () => PoolState) {
    const registers = [this.#registry];
    this.#orders = new Counter({
      name: 'contour_worker_orders_total',
      help: 'Orders of each node, by how they ended',
      labelNames: ['node', 'outcome'],
      registers,
    });
    this.#seconds = new Counter({
      name: 'contour_worker_seconds_total',
      help: 'Time spent for each node: fetching images, contouring, returning contours',
      labelNames: ['node', 'phase'],
      registers,
    });
    const served = new Gauge({
      name: 'contour_worker_node_up',
      help: '1 while the node answers, and takes this worker',
      labelNames: ['node'],
      registers,
      collect() {
        served.reset();
        for (const { name, isServed } of state().nodes) served.set({ node: name }, isServed ? 1 : 0);
      },
    });
    const waiting = new Gauge({
      name: 'contour_worker_node_waiting',
      help: 'Orders that wait at each node',
      labelNames: ['node'],
      registers,
      collect() {
        waiting.reset();
        for (const node of state().nodes) waiting.set({ node: node.name }, node.waiting);
      },
    });
    const slots = new Gauge({
      name: 'contour_worker_slots',
      help: 'Orders that this worker can have at once, and those that it has',
      labelNames: ['what'],
      registers,
      collect() {
        slots.set({ what: 'all' }, state().slots);
        slots.set({ what: 'busy' }, state().busy);
      },
    });
  }

  ended(node: string, { outcome, seconds }: LeaseEnd): void {
    this.#orders.inc({ node, outcome });
    for (const [phase, spent] of Object.entries(seconds)) this.#seconds.inc({ node, phase }, spent);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

/**
 * Serves `/metrics` and `/health/live`, which answers 503 until jobs are taken.
 * @returns what ends it
 * @throws ContourNodeError PORT_IN_USE
 */
export async function startPoolMonitor(
  { host, port }: Monitor,
  metrics: PoolMetrics,
  state: () => PoolState,
): Promise<() => void> {
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      void metrics.text().then((text) => response.setHeader('content-type', 'text/plain; version=0.0.4').end(text));
      return;
    }
    const isLive = request.url === '/health/live';
    response.writeHead(isLive ? (state().isReady ? 200 : 503) : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isLive ? { live: state().isReady, version } : {}));
  });
  server.listen(port, host);
  await once(server, 'listening').catch((cause: unknown) => {
    throw new ContourNodeError('PORT_IN_USE', `worker.monitor.port ${port} on ${host} cannot be opened`, { cause });
  });
  return () => {
    server.closeAllConnections();
    server.close();
  };
}
