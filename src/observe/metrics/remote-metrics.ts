import { Counter, type Registry } from 'prom-client';

/** Orders that workers on other machines take. `worker` is the name of a token or certificate of the configuration. */
export class RemoteMetrics {
  readonly #orders: Counter<'worker' | 'outcome'>;
  readonly #bytes: Counter<'worker' | 'direction'>;

  constructor(registry: Registry) {
    this.#orders = new Counter({
      name: 'contour_node_remote_orders_total',
      help: 'Orders of remote workers: taken, and how they ended',
      labelNames: ['worker', 'outcome'],
      registers: [registry],
    });
    this.#bytes = new Counter({
      name: 'contour_node_remote_bytes_total',
      help: 'Images sent to remote workers, and contours received from them',
      labelNames: ['worker', 'direction'],
      registers: [registry],
    });
  }

  order(worker: string, outcome: string): void {
    this.#orders.inc({ worker, outcome });
  }

  bytes(worker: string, direction: 'sent' | 'received', bytes: number): void {
    this.#bytes.inc({ worker, direction }, bytes);
  }
}
