import { join } from 'node:path';
import { type Bundle, readBundle } from '../../bundles/read-bundle.ts';
import { bundlesOf, type Recipe } from '../../config/recipe-schema.ts';
import type { Config, Peer } from '../../config/schema.ts';
import { checkCtSeries, type CheckedSeries } from '../../dicom/ct-series.ts';
import type { CtInstance } from '../../dicom/ct-instance.ts';
import { readHeader } from '../../dicom/read-data-set.ts';
import { ContourNodeError } from '../../errors.ts';
import type { RevisionManifest } from '../../work/work-order.ts';
import type { Warning } from '../../warning.ts';
import { faultPoint } from '../../fault-point.ts';
import type { Log } from '../../log.ts';
import { type AssemblyState, assemblyState } from '../../store/assembly-state.ts';
import { seriesFolder } from '../../work/paths.ts';
import { problem, problemFrom } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import type { Store, StoredImage } from '../../store/store.ts';
import { predecessors, standingOrders, supersededOrders } from '../../store/work-state.ts';
import { matchRoute } from './routing.ts';
import { writeOrder, type WrittenOrder } from './write-order.ts';
import { writeRevision } from './write-revision.ts';

/** The configuration in force, which a reload replaces. */
export interface CurrentConfig {
  readonly config: Config;
  readonly digest: string;
}

/** Asks a peer how many images a series has; undefined where it does not say. */
export type CountImages = (
  peer: Peer,
  series: Pick<CtInstance, 'studyInstanceUid' | 'seriesInstanceUid'>,
) => Promise<number | undefined>;

export interface CompletionOptions {
  readonly store: Store;
  readonly log: Log;
  readonly now: () => number;
  readonly current: () => CurrentConfig;
  readonly countImages: CountImages;
  /** There are new orders for this series. */
  readonly onOrders: (series: string) => void;
}

/** From images that are all there to work orders: count, check, revision, route, orders. */
export class SeriesCompletion {
  readonly #options: CompletionOptions;

  constructor(options: CompletionOptions) {
    this.#options = options;
  }

  /**
   * To be called with the series' lock. May be repeated after a crash at any point: what is written already is found.
   *
   * @throws what the disk throws
   */
  async complete(series: string): Promise<void> {
    const { store, log } = this.#options;
    const state = assemblyState(store.tables, series);
    const images = store.images(series);
    if (state === undefined || images.length === 0) return;

    const warnings: Warning[] = [];
    const expected = await this.#expectedCount(state, images);
    if (expected === undefined) warnings.push({ code: 'COUNT_NOT_CONFIRMED', text: 'count not confirmed' });
    if (state.released && !(expected !== undefined && images.length >= expected)) {
      warnings.push({ code: 'RELEASED', text: 'released by an operator although incomplete' });
    } else if (expected !== undefined && images.length < expected) {
      const words = `${images.length} of ${expected} images are here`;
      store.record(series, { kind: 'held', expected, problem: problem('SERIES_INCOMPLETE', words) });
      return;
    }

    let checked: CheckedSeries<CtInstance>;
    try {
      checked = this.#check(images);
    } catch (error) {
      store.record(series, { kind: 'rejected', files: images.map(({ file }) => file), problem: problemFrom(error) });
      log.warn({ series, err: error }, 'series rejected');
      return;
    }
    const manifest = await writeRevision({
      dataDirectory: store.dataDirectory,
      series,
      newest: state.revision,
      images,
      checked,
      warnings,
      now: this.#options.now(),
    });
    faultPoint('revision-written');
    store.record(series, {
      kind: 'revision',
      revision: manifest.revision,
      files: images.map(({ file }) => file),
      ...(expected !== undefined && { expected }),
      warnings: manifest.warnings,
    });
    log.info({ series, revision: manifest.revision, images: images.length }, 'series complete');
    await this.#route(series, state, manifest, images);
  }

  /**
   * Orders the newest revision from one bundle for destinations by name. To be called with the series' lock.
   *
   * @throws ContourNodeError STATE_CONFLICT, MODEL_NOT_FOUND, BUNDLE_INVALID, SERIES_*, DESTINATION_NOT_ALLOWED
   */
  async orderByHand(
    series: string,
    model: string,
    destinations: readonly string[],
    superseded: readonly string[],
  ): Promise<void> {
    const { store, onOrders } = this.#options;
    const state = assemblyState(store.tables, series);
    if (state === undefined || state.open || state.revision === 0)
      throw new ContourNodeError('STATE_CONFLICT', `series ${series} has no images that can be drawn on (yet)`);
    const images = store.images(series);
    const order = await this.#order(series, state, state.revision, images, destinations, model);
    if (store.show(series)?.orders.some((known) => known.order === order.order && !superseded.includes(known.order)))
      throw new ContourNodeError('STATE_CONFLICT', `${model} has drawn this for these destinations already`, {
        remedy: 'send it again',
      });
    store.record(series, {
      kind: 'ordered by operator',
      revision: state.revision,
      orders: [order],
      superseded: superseded.filter((one) => one !== order.order),
    });
    onOrders(series);
  }

  #check(images: readonly StoredImage[], bundle?: Bundle): CheckedSeries<CtInstance> {
    const { intake } = this.#options.current().config;
    const applicability = bundle?.manifest.applicability;
    return checkCtSeries(
      images.map(({ image }) => image),
      {
        minimumSlices: intake.minimumSlices,
        ...(applicability !== undefined && {
          sliceSpacingMm: applicability.sliceSpacingMm,
          minimumCoverageMm: applicability.minimumCoverageMm,
        }),
      },
    );
  }

  /** How many images the series has at its source, where that can be known. */
  async #expectedCount(state: AssemblyState, images: readonly StoredImage[]): Promise<number | undefined> {
    const { current, countImages, log } = this.#options;
    const peer = current().config.peers.find(({ name }) => name === state.peer);
    if (peer?.seriesCountQuery === true) {
      try {
        const counted = await countImages(peer, images[0]!.image);
        if (counted !== undefined) return counted;
      } catch (error) {
        log.warn({ peer: peer.name, err: error }, 'the peer does not say how many images the series has');
      }
    }
    const told = images.flatMap(({ image }) => image.numberOfSeriesRelatedInstances ?? []);
    return told.length === 0 ? undefined : Math.max(...told);
  }

  async #route(
    series: string,
    state: AssemblyState,
    manifest: RevisionManifest,
    images: readonly StoredImage[],
  ): Promise<void> {
    const { store, log, current, onOrders } = this.#options;
    const { config } = current();
    const { revision } = manifest;
    const header = await readHeader(join(store.dataDirectory, seriesFolder(series), manifest.slices[0]!.file));
    const route = matchRoute(config.routes, { ...state, header });
    if (route === undefined) {
      store.record(series, { kind: 'unrouted', revision });
      log.warn({ series, callingAe: state.callingAe, calledAe: state.calledAe }, 'no route matches');
      return;
    }
    const orders: WrittenOrder[] = [];
    const problems: Problem[] = [];
    // An order that stands already (after a retry of another one) is not drawn twice.
    const standing = standingOrders(store.tables, series, revision);
    const recipe = config.recipes.find(({ name }) => name === route.recipe);
    const wanted = recipe === undefined ? route.models : [recipe.name];
    for (const name of wanted.filter((one) => !standing.includes(one))) {
      try {
        orders.push(await this.#order(series, state, revision, images, route.destinations, recipe ?? name));
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
      superseded: supersededOrders(store.tables, series, revision),
    });
    onOrders(series);
  }

  /** @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID, SERIES_*, DESTINATION_NOT_ALLOWED */
  async #order(
    series: string,
    state: AssemblyState,
    revision: number,
    images: readonly StoredImage[],
    wanted: readonly string[],
    by: string | Recipe,
  ): Promise<WrittenOrder> {
    const { store, current } = this.#options;
    const { config, digest } = current();
    const bundles: Bundle[] = [];
    for (const name of typeof by === 'string' ? [by] : bundlesOf(by)) {
      const bundle = await readBundle(join(config.models.directory, name));
      this.#check(images, bundle);
      bundles.push(bundle);
    }
    return writeOrder({
      dataDirectory: store.dataDirectory,
      series,
      revision,
      by: typeof by === 'string' ? bundles[0]! : { recipe: by, bundles },
      config,
      configDigest: digest,
      destinations: config.destinations.filter(({ name }) => wanted.includes(name)),
      sender: state.peer,
      predecessors: predecessors(
        store.tables,
        series,
        revision,
        typeof by === 'string' ? bundles[0]!.manifest.name : by.name,
      ),
    });
  }
}
