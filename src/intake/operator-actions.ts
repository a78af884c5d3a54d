import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ContourNodeError } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import type { OrderView, SeriesActions, SeriesDetail, SeriesState } from '../store/series.ts';
import type { Store } from '../store/store.ts';
import type { CurrentConfig } from './complete-series.ts';
import { whyImpossible } from './delivery-tries.ts';
import type { Reconciler } from './reconcile.ts';
import type { SeriesAssembly } from './series-assembly.ts';
import type { SeriesLock } from './series-lock.ts';

export interface ActionOptions {
  readonly store: Store;
  readonly assembly: SeriesAssembly;
  readonly reconciler: Reconciler;
  readonly lock: SeriesLock;
  readonly current: () => CurrentConfig;
  readonly log: Log;
}

const retriable: readonly SeriesState[] = ['rejected', 'unrouted', 'failed', 'set aside'];
const failedOrders: readonly OrderView['state'][] = ['rejected', 'failed', 'set aside'];

/** What page and commands let an operator do. */
export class OperatorActions implements SeriesActions {
  readonly #options: ActionOptions;

  constructor(options: ActionOptions) {
    this.#options = options;
  }

  async retry(key: string): Promise<void> {
    const { store, assembly, lock, log } = this.#options;
    await lock.run(key, async () => {
      const series = this.#series(key);
      if (!retriable.includes(series.state)) throw conflict(series, `only ${retriable.join(', ')} can be tried again`);
      const failed = series.orders.filter(
        ({ revision, state }) => revision === series.revision && failedOrders.includes(state),
      );
      for (const order of failed) await this.#putResultAside(order);
      store.record(key, { kind: 'retry', orders: failed.map(({ order }) => order) });
      log.info({ series: key }, 'retry by an operator');
    });
    assembly.again(key);
  }

  async resend(key: string, destination?: string): Promise<void> {
    const { store, reconciler, lock, current, log } = this.#options;
    await lock.run(key, () => {
      const series = this.#series(key);
      const sent = series.orders
        .filter(({ revision }) => revision === series.revision)
        .flatMap(({ order, deliveries }) => deliveries.map((delivery) => ({ order, ...delivery })))
        .filter(({ state }) => state === 'delivered' || state === 'failed' || state === 'waiting')
        .filter((delivery) => destination === undefined || delivery.destination === destination);
      if (sent.length === 0) throw conflict(series, 'there is no structure set to send again, or it is on its way');
      for (const { order, destination: name } of sent) {
        const impossible = whyImpossible(current().config, name, series.peer);
        if (impossible !== undefined) throw new ContourNodeError('STATE_CONFLICT', impossible.message);
        store.record(key, { kind: 'resend', order, destination: name });
      }
      log.info({ series: key }, 'resend by an operator');
    });
    reconciler.series(key);
  }

  async release(key: string): Promise<void> {
    const { assembly, lock, log } = this.#options;
    await lock.run(key, () => {
      this.#series(key);
      assembly.release(key);
    });
    log.info({ series: key }, 'released by an operator');
  }

  #series(key: string): SeriesDetail {
    const series = this.#options.store.show(key);
    if (series === undefined) throw new ContourNodeError('NOT_FOUND', `no series ${key}`);
    return series;
  }

  /** A result is written once; the next one needs its name. */
  async #putResultAside({ folder, tries }: OrderView): Promise<void> {
    const path = join(this.#options.store.dataDirectory, folder, 'result.json');
    await rename(path, path.replace(/\.json$/, `.before-try-${tries + 1}.json`)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      },
    );
  }
}

function conflict(series: SeriesDetail, words: string): ContourNodeError {
  return new ContourNodeError('STATE_CONFLICT', `series ${series.key} is ${series.state}: ${words}`);
}
