import { ratedWarnings } from '../warning.ts';
import { orderFolder } from '../work/paths.ts';
import { changed } from './changed.ts';
import { countingComparisons } from './corrections.ts';
import { byAge, compareText, type Delivery, type Order, withoutJob } from './orders.ts';
import type { DeliveryView, OrderView, SeriesSummary, SeriesView, StructureSetView } from './series.ts';
import type { SeriesRecord } from './series-record.ts';
import { currentOrders, isAssembling, stateOf } from './series-state.ts';
import { stageTimes } from './stage-times.ts';

/** A series as the lists show it. */
export function summaryOf(record: SeriesRecord): SeriesSummary {
  const { key, updatedAt, assembly, images, revision, warnings, route, modality, awaits, inputs } = record;
  const { callingAe, calledAe, address, peer, expectedImages } = assembly;
  const current = currentOrders(record);
  const standing = current.filter(({ state }) => state !== 'superseded');
  return {
    key,
    ...stateOf(record),
    revision,
    images: images.instances,
    ...(expectedImages !== undefined && { expectedImages }),
    callingAe,
    calledAe,
    address,
    ...(peer !== undefined && { peer }),
    ...(route !== undefined && { route }),
    ...(modality !== undefined && { modality }),
    ...(awaits !== undefined && { awaitsUntil: awaits.until }),
    ...(inputs !== undefined && { inputs }),
    warnings: ratedWarnings([...warnings, ...standing.flatMap((order) => order.warnings)]),
    models: distinct(current.map(({ bundle }) => bundle.name)),
    destinations: distinct(current.flatMap(({ deliveries }) => deliveries.map(({ destination }) => destination))),
    firstReceivedAt: images.firstReceivedAt ?? updatedAt,
    lastReceivedAt: images.lastReceivedAt ?? updatedAt,
    updatedAt,
  };
}

/** A series as the worklist and its own page show it. */
export function viewOf(record: SeriesRecord): SeriesView {
  const { key, orders, stages } = record;
  return {
    ...summaryOf(record),
    orders: orders.toSorted((a, b) => b.revision - a.revision || byAge(a, b)).map((order) => orderView(key, order)),
    structureSets: structureSetViews(record),
    stages: stageTimes(stages, isAssembling(record)),
  };
}

function orderView(series: string, order: Order): OrderView {
  return {
    ...withoutJob(order),
    folder: orderFolder(series, order.revision, order.order),
    deliveries: order.deliveries.map(deliveryView),
  };
}

function deliveryView(delivery: Delivery): DeliveryView {
  const { commitment, ...shown } = withoutJob(delivery);
  return commitment === undefined ? shown : { ...shown, commitment: withoutJob(commitment) };
}

/** What came back, the newest first. */
function structureSetViews({ corrections, orders }: SeriesRecord): StructureSetView[] {
  const bundles = new Map(orders.map(({ order, bundle }) => [order, bundle]));
  const counting = new Set(countingComparisons(corrections, orders).map(({ comparison }) => comparison));
  return corrections
    .toSorted((a, b) => compareText(b.receivedAt, a.receivedAt))
    .map((correction) => ({
      ...changed(correction, { datedAt: undefined }),
      comparisons: correction.comparisons.map((one) => ({
        ...withoutJob(one),
        bundle: bundles.get(one.order)!,
        counts: counting.has(one),
      })),
    }));
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}
