import type { CurrentConfig } from '../../config/config-in-force.ts';
import type { Recipe } from '../../config/recipe-schema.ts';
import { ContourNodeError } from '../../errors.ts';
import { isAssembling } from '../../store/series-state.ts';
import type { Store } from '../../store/store.ts';
import { checkRecipeInputs } from '../pairing/check-recipe-inputs.ts';
import { imagesOf } from './later-images.ts';
import { orderSeries } from './order-series.ts';
import { holdOf } from './routing.ts';
import { manifestOfRevision } from './write-revision.ts';

export interface OrderByHandOptions {
  readonly store: Store;
  readonly current: () => CurrentConfig;
  readonly onOrders: (series: string) => void;
}

/**
 * Orders the newest revision from one bundle, or by one recipe, for destinations by name. To be called with the series'
 * lock.
 *
 * @throws ContourNodeError STATE_CONFLICT, MODEL_NOT_FOUND, BUNDLE_INVALID, SERIES_*, DESTINATION_NOT_ALLOWED
 */
export async function orderByHand(
  { store, current, onOrders }: OrderByHandOptions,
  series: string,
  by: string | Recipe,
  destinations: readonly string[],
  superseded: readonly string[],
): Promise<void> {
  const record = store.get(series);
  if (record === undefined || isAssembling(record) || record.revision === 0)
    throw new ContourNodeError(
      'STATE_CONFLICT',
      `series ${series} has no revision to contour; wait until it is complete`,
    );
  const written = await manifestOfRevision(store.dataDirectory, series, record.revision);
  const inputs = written?.manifest.inputs;
  if (typeof by !== 'string') checkRecipeInputs({ store, config: current().config }, by, record, inputs ?? []);
  const images = written === undefined ? store.images(series) : imagesOf(written.manifest, store.images(series));
  const order = await orderSeries({
    dataDirectory: store.dataDirectory,
    current: current(),
    record,
    revision: record.revision,
    manifestSha256: written?.sha256,
    inputs,
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
