import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CurrentConfig } from '../../config/config-in-force.ts';
import { asContourNodeError } from '../../errors.ts';
import { faultPoint } from '../../fault-point.ts';
import type { JobQueues } from '../../jobs/job-queues.ts';
import { contourJobId, contourQueue } from '../../jobs/queue-names.ts';
import type { Log } from '../../log.ts';
import type { StoredImage } from '../../store/instances.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import type { SeriesChange, Store } from '../../store/store.ts';
import type { Warning } from '../../warning.ts';
import { orderFile, orderFolder } from '../../work/paths.ts';
import type { ContourPayload } from '../../work/payloads.ts';
import type { InputImage } from '../../work/input-image.ts';
import type { SeriesLock } from '../series-lock.ts';
import type { CheckedImages } from './check-series.ts';
import { contouredBy, orderSeries, routeOf } from './order-series.ts';
import { writeRevisionAhead } from './write-revision.ts';

export interface ContourAheadOptions {
  readonly store: Store;
  readonly queues: JobQueues;
  readonly lock: SeriesLock;
  readonly log: Log;
  readonly now: () => number;
  readonly current: () => CurrentConfig;
}

/** A series as it would be completed if nothing more came. */
export interface SeriesSoFar {
  readonly record: SeriesRecord;
  readonly images: readonly StoredImage[];
  readonly checked: CheckedImages;
  readonly warnings: readonly Warning[];
  /** What is seen beside the CT. */
  readonly inputs: readonly InputImage[];
}

/** A sender that releases an association after every few images makes a node begin no more often than this. */
const mostBeginnings = 3;

/**
 * Has a series contoured that is quiet and not complete yet. The orders are those that it would get now. An order pins the
 * digest of its manifest, so that a result counts for exactly these images, this configuration and these bundles: when
 * the series is completed as foreseen, its order is found contoured; when it is not, its order is another one, and nobody
 * looks at the result. The journal hears of nothing, and only memory knows what was begun: what a crash leaves behind
 * is found by its digest, or goes with the series.
 */
export class ContourAhead {
  readonly #options: ContourAheadOptions;
  readonly #begun = new Map<string, { times: number; orders: readonly ContourPayload[] }>();
  /** Orders that were taken back while a worker had them, by the ids of their jobs. */
  readonly #ending = new Map<string, ContourPayload>();
  readonly #stopListening: () => void;

  constructor(options: ContourAheadOptions) {
    this.#options = options;
    this.#stopListening = options.store.onChange((series, change) => this.#onChange(series, change));
    options.queues.onEvent(({ kind, queue, jobId }) => {
      const payload = this.#ending.get(jobId);
      if (queue !== contourQueue || payload === undefined || (kind !== 'completed' && kind !== 'failed')) return;
      this.#ending.delete(jobId);
      void this.#attempt(payload.series, () => this.#remove(payload));
    });
  }

  close(): void {
    this.#stopListening();
  }

  /** To be called with the series' lock. What cannot be contoured is left to the completion of the series, and its words. */
  async begin({ record, images, checked, warnings, inputs }: SeriesSoFar): Promise<void> {
    const { store, queues, current, now, log } = this.#options;
    const { key: series } = record;
    const { times = 0, orders: earlier = [] } = this.#begun.get(series) ?? {};
    // While Redis is away nobody works ahead.
    let idle = await queues.idleContourSlots().catch(() => 0);
    if (times >= mostBeginnings || idle === 0) return;
    const { dataDirectory } = store;
    const { config } = current();
    const written = await writeRevisionAhead({
      dataDirectory,
      series,
      newest: record.revision,
      images,
      checked,
      warnings,
      inputs,
      now: now(),
    });
    faultPoint('ahead-manifest-written');
    const { manifest, sha256: manifestSha256 } = written;
    const route = await routeOf(dataDirectory, config, record, manifest);
    if (route === undefined) return;
    const { revision } = manifest;
    const orders: ContourPayload[] = [];
    const { destinations } = route;
    const common = { dataDirectory, record, revision, manifestSha256, inputs: manifest.inputs, images, destinations };
    for (const by of contouredBy(route, config)) {
      if (idle === 0) break;
      const wanted = { ...common, current: current(), by };
      const order = await orderSeries(wanted).catch(() => undefined);
      if (order === undefined) continue;
      faultPoint('ahead-order-written');
      const payload = { series, revision, order: order.order, try: 0 };
      orders.push(payload);
      // What follows may fail, and is to be taken back all the same.
      this.#begun.set(series, { times: times + 1, orders: [...earlier, ...orders] });
      await queues.addContourAhead(payload);
      idle--;
      log.info({ series, order: order.order }, 'contoured ahead of the completion of the series');
    }
  }

  #onChange(series: string, change: SeriesChange): void {
    const begun = this.#begun.get(series);
    if (begun === undefined) return;
    if (change.kind === 'event') {
      if (change.event.kind !== 'ordered') return;
      const ordered = new Set(change.event.orders.map(({ order }) => order));
      this.#begun.delete(series);
      this.#takeBack(begun.orders.filter(({ order }) => !ordered.has(order)));
    } else if (change.kind === 'removed') {
      this.#begun.delete(series);
      this.#takeBack(begun.orders);
    } else if (begun.orders.length > 0) {
      this.#begun.set(series, { ...begun, orders: [] });
      this.#takeBack(begun.orders);
    }
  }

  #takeBack(orders: readonly ContourPayload[]): void {
    for (const payload of orders) void this.#attempt(payload.series, () => this.#takeBackOne(payload));
  }

  /** Without its order a worker stops. The rest of the folder stays for as long as one may write into it. */
  async #takeBackOne(payload: ContourPayload): Promise<void> {
    const { store, queues } = this.#options;
    if (this.#isOrdered(payload)) return;
    await rm(join(store.dataDirectory, this.#folder(payload), orderFile), { force: true });
    faultPoint('ahead-taken-back');
    const id = contourJobId(payload);
    this.#ending.set(id, payload);
    await queues.remove(contourQueue, id);
    if ((await queues.statusOf(contourQueue, id)).state === 'active') return;
    this.#ending.delete(id);
    await this.#remove(payload);
  }

  /** No worker has it. */
  async #remove(payload: ContourPayload): Promise<void> {
    if (this.#isOrdered(payload)) return;
    await rm(join(this.#options.store.dataDirectory, this.#folder(payload)), { recursive: true, force: true });
  }

  #isOrdered({ series, order }: ContourPayload): boolean {
    return this.#options.store.get(series)?.orders.some((known) => known.order === order) === true;
  }

  #folder({ series, revision, order }: ContourPayload): string {
    return orderFolder(series, revision, order);
  }

  /** What fails here costs room on the disk, or a worker's time, and nothing else. */
  async #attempt(series: string, step: () => Promise<void>): Promise<void> {
    const { lock, log } = this.#options;
    await lock
      .run(series, step)
      .catch((error: unknown) => log.debug({ series, err: asContourNodeError(error) }, 'an order was not taken back'));
  }
}
