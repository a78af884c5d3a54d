import { join } from 'node:path';
import { type Bundle, readBundle } from '../../bundles/read-bundle.ts';
import type { CurrentConfig } from '../../config/config-in-force.ts';
import { bundlesOf, type Recipe } from '../../config/recipe-schema.ts';
import type { Config, Route } from '../../config/schema.ts';
import { readHeader } from '../../dicom/read-data-set.ts';
import type { StoredImage } from '../../store/instances.ts';
import { predecessors } from '../../store/orders.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import { seriesFolder } from '../../work/paths.ts';
import type { RevisionManifest } from '../../work/revision-manifest.ts';
import { checkOf } from './check-series.ts';
import { matchRoute } from './routing.ts';
import { writeOrder, type WrittenOrder } from './write-order.ts';

/** The route of a revision, by the header of its first slice. @throws what the disk throws */
export async function routeOf(
  dataDirectory: string,
  { routes }: Config,
  { key, assembly }: Pick<SeriesRecord, 'key' | 'assembly'>,
  { slices }: RevisionManifest,
): Promise<Route | undefined> {
  const header = await readHeader(join(dataDirectory, seriesFolder(key), slices[0]!.file));
  return matchRoute(routes, { ...assembly, header });
}

/** What a route has contour: bundles by their names, or its recipe. */
export function contouredBy(route: Route, { recipes }: Config): readonly (string | Recipe)[] {
  const recipe = recipes.find(({ name }) => name === route.recipe);
  return recipe === undefined ? route.models : [recipe];
}

export interface OrderedSeries {
  readonly dataDirectory: string;
  readonly current: CurrentConfig;
  readonly record: SeriesRecord;
  readonly revision: number;
  /** Of the file of the revision's manifest. */
  readonly manifestSha256: string | undefined;
  /** What is seen beside the CT in the revision. */
  readonly inputs: RevisionManifest['inputs'];
  /** Of the revision. */
  readonly images: readonly StoredImage[];
  /** Names of destinations. */
  readonly destinations: readonly string[];
  /** Name of a bundle, or a recipe. */
  readonly by: string | Recipe;
}

/**
 * Writes one order for a revision, after a check of its images against the limits of each bundle.
 *
 * @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID, SERIES_*, DESTINATION_NOT_ALLOWED
 */
export async function orderSeries(series: OrderedSeries): Promise<WrittenOrder> {
  const { dataDirectory, current, record, revision, manifestSha256, inputs, images, destinations, by } = series;
  const { key, assembly, orders } = record;
  const { config, digest } = current;
  const check = await checkOf(dataDirectory, config, { key, assembly }, images);
  const bundles: Bundle[] = [];
  for (const name of typeof by === 'string' ? [by] : bundlesOf(by)) {
    const bundle = await readBundle(join(config.models.directory, name));
    check(images, bundle);
    bundles.push(bundle);
  }
  return writeOrder({
    dataDirectory,
    series: key,
    revision,
    manifestSha256,
    by: typeof by === 'string' ? bundles[0]! : { recipe: by, bundles },
    config,
    configDigest: digest,
    destinations: config.destinations.filter(({ name }) => destinations.includes(name)),
    sender: assembly.peer,
    inputs,
    predecessors: predecessors(orders, revision, typeof by === 'string' ? bundles[0]!.manifest.name : by.name),
  });
}
