import type { CurrentConfig } from '../../config/config-in-force.ts';
import type { Recipe } from '../../config/recipe-schema.ts';
import type { Peer } from '../../config/schema.ts';
import type { Moved } from '../../dimse/scu/move-series.ts';
import { modalityOf } from '../../dicom/kept-instance.ts';
import { ContourNodeError } from '../../errors.ts';
import type { RevisionManifest } from '../../work/revision-manifest.ts';
import type { Warning } from '../../warning.ts';
import { faultPoint } from '../../fault-point.ts';
import type { Log } from '../../log.ts';
import { problem, problemFrom } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import type { StoredImage } from '../../store/instances.ts';
import { compareText, standingOrders, supersededOrders } from '../../store/orders.ts';
import { uncheckedInstances } from '../../store/assembly.ts';
import { isAssembling } from '../../store/series-state.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import type { Store } from '../../store/store.ts';
import type { CtInputs } from '../pairing/ct-inputs.ts';
import { recordWithoutInputs } from '../pairing/without-inputs.ts';
import { type Check, type CheckedImages, checkOf } from './check-series.ts';
import type { CountInstances } from './count-at-peer.ts';
import { expectedCount } from './expected-count.ts';
import { chosenOf } from './offer-choices.ts';
import type { RetrieveSeries } from './retrieve-series.ts';
import { besideRevision, imagesOf } from './later-images.ts';
import { contouredBy, orderSeries, routeOf } from './order-series.ts';
import { holdOf } from './routing.ts';
import type { WrittenOrder } from './write-order.ts';
import { manifestOfRevision, writeRevision } from './write-revision.ts';

export interface CompletionOptions {
  readonly store: Store;
  readonly log: Log;
  readonly now: () => number;
  readonly current: () => CurrentConfig;
  readonly countInstances: CountInstances;
  readonly retrieve: RetrieveSeries;
  readonly inputs: CtInputs;
  /** A series that helps to contour a CT is complete, or cannot be used. */
  readonly onInput: (series: string) => void;
  /** There are new orders for this series. */
  readonly onOrders: (series: string) => void;
}

/** A series that is not complete yet: whether to wait, and how the rest may be had. */
export type NotYet =
  | { readonly kind: 'wait'; readonly words: string }
  /** For an MR or a registration, until then (ISO time). */
  | { readonly kind: 'input'; readonly until: string }
  | { readonly kind: 'retrieve'; readonly peer: string; readonly run: () => Promise<Moved> };

/** Codes of series that nobody meant to be contoured. */
const nothingToContour: ReadonlySet<string> = new Set(['SERIES_LOCALISER', 'SERIES_REPORT']);

/** From the instances of a series to its work orders: count, check, revision, route, orders. */
export class SeriesCompletion {
  readonly #options: CompletionOptions;

  constructor(options: CompletionOptions) {
    this.#options = options;
  }

  /**
   * To be called with the series' lock. May be called again after a crash at any point: it finds what is written already.
   *
   * @param isPatient images that its sender says it has may still come
   * @returns what is to be done before it can be completed; undefined where it is completed, or waits for a person
   * @throws what the disk throws
   */
  async complete(series: string, isPatient: boolean): Promise<NotYet | undefined> {
    const { store, log } = this.#options;
    const record = store.get(series);
    const all = store.images(series);
    if (record === undefined || all.length === 0) return undefined;
    const kept = chosenOf(record, all);
    if (kept.length === 0) return undefined;
    const check = await this.#checkOf(record, kept);
    const images = await this.#ofVolume(record, kept, check);
    if (images === undefined) return undefined;

    const warnings: Warning[] = [];
    if (record.chosen !== undefined)
      warnings.push({ code: 'CHOSEN', text: `chosen by an operator: ${record.chosen.text}` });
    // What the operator leaves out has arrived too.
    const arrived = images.length + all.length - kept.length;
    const { expected, isAnswer } = await expectedCount(this.#peer(record), images, this.#options);
    // Where no peer can be asked it is so with every series: no warning.
    if (expected === undefined && this.#peer(record)?.seriesCountQuery === true)
      warnings.push({ code: 'COUNT_NOT_CONFIRMED', text: 'count not confirmed' });
    if (record.assembly.released && !(expected !== undefined && arrived >= expected)) {
      warnings.push({ code: 'RELEASED', text: 'released by an operator although incomplete' });
    } else if (expected !== undefined && arrived < expected) {
      const words = `${arrived} of ${expected} instances have arrived`;
      const retrieval = this.#retrieval(record, images, expected - arrived);
      if (retrieval !== undefined) return retrieval;
      if (isPatient && isAnswer) return { kind: 'wait', words };
      if (this.#peer(record)?.accept.missing === 'warn') warnings.push({ code: 'INSTANCES_MISSING', text: words });
      else {
        store.record(series, { kind: 'held', expected, problem: problem('SERIES_INCOMPLETE', words) });
        return undefined;
      }
    }

    let checked: CheckedImages;
    try {
      checked = check(images);
    } catch (error) {
      this.#notAVolume(series, images, error);
      return undefined;
    }
    const decision = await this.#options.inputs.decide(record, checked.slices, images);
    if (decision.kind !== 'go on') {
      const until = recordWithoutInputs(this.#options, record, images, decision);
      return until === undefined ? undefined : { kind: 'input', until };
    }
    const manifest = await writeRevision({
      dataDirectory: store.dataDirectory,
      series,
      newest: record.revision,
      images,
      checked,
      warnings: [...warnings, ...decision.warnings],
      inputs: decision.inputs,
      now: this.#options.now(),
    });
    faultPoint('revision-written');
    store.record(series, {
      kind: 'revision',
      revision: manifest.revision,
      files: images.map(({ file }) => file),
      ...(expected !== undefined && { expected }),
      warnings: manifest.warnings,
      ...(manifest.inputs !== undefined && { inputs: manifest.inputs }),
    });
    log.info({ series, revision: manifest.revision, images: images.length }, 'series complete');
    const modality = modalityOf(images[0]!.image.sopClassUid);
    if (modality !== 'CT') {
      store.record(series, { kind: 'complete', revision: manifest.revision, modality });
      this.#options.onInput(series);
      return undefined;
    }
    await this.#route(record, manifest, images);
    return undefined;
  }

  /**
   * Orders the newest revision from one bundle, or by one recipe, for destinations by name. To be called with the series'
   * lock.
   *
   * @throws ContourNodeError STATE_CONFLICT, MODEL_NOT_FOUND, BUNDLE_INVALID, SERIES_*, DESTINATION_NOT_ALLOWED
   */
  async orderByHand(
    series: string,
    by: string | Recipe,
    destinations: readonly string[],
    superseded: readonly string[],
  ): Promise<void> {
    const { store, current, onOrders } = this.#options;
    const record = store.get(series);
    if (record === undefined || isAssembling(record) || record.revision === 0)
      throw new ContourNodeError(
        'STATE_CONFLICT',
        `series ${series} has no revision to contour; wait until it is complete`,
      );
    const manifest = await manifestOfRevision(store.dataDirectory, series, record.revision);
    const images = manifest === undefined ? store.images(series) : imagesOf(manifest, store.images(series));
    const order = await orderSeries({
      dataDirectory: store.dataDirectory,
      current: current(),
      record,
      revision: record.revision,
      inputs: manifest?.inputs,
      images,
      destinations,
      by,
    });
    if (record.orders.some((known) => known.order === order.order && !superseded.includes(known.order)))
      throw new ContourNodeError(
        'STATE_CONFLICT',
        `${typeof by === 'string' ? by : by.name} has contoured this series for these destinations already`,
        { remedy: 'send it again' },
      );
    store.record(series, {
      kind: 'ordered by operator',
      revision: record.revision,
      orders: [order],
      superseded: superseded.filter((one) => one !== order.order),
      ...holdOf(current().config.routes.find(({ name }) => name === record.route)),
    });
    onOrders(series);
  }

  /**
   * The images that are to be checked, the earlier ones first: of a repeat the first counts. Undefined where those that
   * came after the newest revision leave it as it is.
   */
  async #ofVolume(
    record: SeriesRecord,
    kept: readonly StoredImage[],
    check: Check,
  ): Promise<readonly StoredImage[] | undefined> {
    const { store, log } = this.#options;
    const { key: series, revision, outcome } = record;
    const images = kept.toSorted((a, b) => compareText(a.receivedAt, b.receivedAt));
    const manifest = revision === 0 ? undefined : await manifestOfRevision(store.dataDirectory, series, revision);
    if (manifest === undefined) return images;
    const beside = besideRevision(manifest, images, check, new Set(uncheckedInstances(record.images)));
    if (beside === undefined) {
      const ofRevision = imagesOf(manifest, images);
      return [...ofRevision, ...images.filter((image) => !ofRevision.includes(image))];
    }
    // After a retry the revision is checked and ordered again.
    if (outcome !== 'ordered' && outcome !== 'unrouted') return beside.standing;
    const { what, added } = beside;
    const files = images.map(({ file }) => file);
    store.record(series, { kind: 'beside revision', revision, files, what, images: added.length });
    log.info({ series, revision, images: added.length, what }, 'images beside the revision: it stays as it is');
    return undefined;
  }

  #checkOf(record: Pick<SeriesRecord, 'key' | 'assembly'>, images: readonly StoredImage[]): Promise<Check> {
    const { store, current } = this.#options;
    return checkOf(store.dataDirectory, current().config, record, images);
  }

  #notAVolume(series: string, images: readonly StoredImage[], error: unknown): void {
    const { store, log } = this.#options;
    const files = images.map(({ file }) => file);
    const why = problemFrom(error);
    const isCt = modalityOf(images[0]!.image.sopClassUid) === 'CT';
    if (nothingToContour.has(why.code)) {
      store.record(series, { kind: 'nothing to contour', files, problem: why });
      log.info({ series, code: why.code }, 'nothing to contour in this series');
    } else {
      store.record(series, { kind: 'rejected', files, problem: why });
      log.warn({ series, err: error }, 'series rejected');
    }
    if (!isCt) this.#options.onInput(series);
  }

  /** Fetches the series from its sender, once. */
  #retrieval(record: SeriesRecord, images: readonly StoredImage[], missing: number): NotYet | undefined {
    const { store, retrieve } = this.#options;
    const peer = this.#peer(record);
    if (peer?.retrieve !== true || record.assembly.retrieved) return undefined;
    store.record(record.key, { kind: 'retrieve', peer: peer.name, missing });
    const { image } = images[0]!;
    return { kind: 'retrieve', peer: peer.name, run: () => retrieve(peer, image) };
  }

  #peer({ assembly }: Pick<SeriesRecord, 'assembly'>): Peer | undefined {
    return this.#options.current().config.peers.find(({ name }) => name === assembly.peer);
  }

  async #route(record: SeriesRecord, manifest: RevisionManifest, images: readonly StoredImage[]): Promise<void> {
    const { store, log, current, onOrders } = this.#options;
    const { config } = current();
    const { key: series, assembly, orders: earlier } = record;
    const { revision } = manifest;
    const route = await routeOf(store.dataDirectory, config, record, manifest);
    if (route === undefined) {
      store.record(series, { kind: 'unrouted', revision });
      log.warn({ series, callingAe: assembly.callingAe, calledAe: assembly.calledAe }, 'no route matches');
      return;
    }
    const orders: WrittenOrder[] = [];
    const problems: Problem[] = [];
    // An order that exists already (after a retry of another one) is not contoured twice.
    const standing = standingOrders(earlier, revision);
    const { dataDirectory } = store;
    const { destinations } = route;
    const common = { dataDirectory, record, revision, inputs: manifest.inputs, images, destinations };
    for (const by of contouredBy(route, config)) {
      const name = typeof by === 'string' ? by : by.name;
      if (standing.includes(name)) continue;
      try {
        orders.push(await orderSeries({ ...common, current: current(), by }));
      } catch (error) {
        problems.push(problemFrom(error));
        log.error({ series, revision, model: name, err: error }, 'no order for this model');
      }
    }
    faultPoint('order-written');
    store.record(series, {
      kind: 'ordered',
      revision,
      route: route.name,
      priority: route.priority,
      orders,
      problems,
      superseded: supersededOrders(earlier, revision),
      ...holdOf(route),
    });
    onOrders(series);
  }
}
