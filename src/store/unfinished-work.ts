import type { Comparison } from './corrections.ts';
import { type Commitment, compareText, type Delivery, type Order } from './orders.ts';
import type { SeriesRecord } from './series-record.ts';

/** What the reconciler has to look at: each is part of a record, with what names it. */
export type OrderWork = Order & { readonly series: string };
export type DeliveryWork = Delivery & { readonly series: string; readonly revision: number; readonly order: string };
export type ComparisonWork = Comparison & {
  readonly series: string;
  readonly structureSet: string;
  readonly revision: number;
};
/** A structure set that its destination is asked to commit to. */
export type CommitmentWork = Commitment &
  Pick<DeliveryWork, 'series' | 'revision' | 'order' | 'destination' | 'profile'>;

/** Orders that are to be contoured, or whose job is still to be taken out of the queue. */
export function unfinishedOrders({ key, orders }: SeriesRecord): OrderWork[] {
  return orders.filter(isUnfinished).map((order) => ({ series: key, ...order }));
}

function isUnfinished({ state, job }: Order): boolean {
  return (
    state === 'queued' || state === 'contouring' || state === 'set aside' || (state === 'superseded' && job.inQueue)
  );
}

/** Deliveries that are to be tried, or are being tried. */
export function unfinishedDeliveries(record: SeriesRecord): DeliveryWork[] {
  return deliveriesOf(record).filter(isOnItsWay);
}

function deliveriesOf({ key, orders }: SeriesRecord): DeliveryWork[] {
  return orders.flatMap(({ revision, order, deliveries }) =>
    deliveries.map((delivery) => ({ series: key, revision, order, ...delivery })),
  );
}

function isOnItsWay({ state }: Delivery): boolean {
  return state === 'waiting' || state === 'delivering';
}

/** Comparisons that are to be made, or are being made. */
export function unfinishedComparisons({ key, corrections, orders }: SeriesRecord): ComparisonWork[] {
  const revisions = new Map(orders.map(({ order, revision }) => [order, revision]));
  return corrections.flatMap(({ structureSet, comparisons }) =>
    comparisons
      .filter(({ state }) => state === 'queued' || state === 'comparing')
      .map((one) => ({ series: key, structureSet, revision: revisions.get(one.order) ?? 0, ...one })),
  );
}

/** Every storage commitment that was or is to be asked for. */
export function commitmentsOf(record: SeriesRecord): CommitmentWork[] {
  return deliveriesOf(record).flatMap(({ commitment, series, revision, order, destination, profile }) =>
    commitment === undefined ? [] : [{ series, revision, order, destination, profile, ...commitment }],
  );
}

/** Those without a result whose time is not over, or was not seen to be. */
export function isAwaited({ state }: Commitment): boolean {
  return state === 'due' || state === 'requested';
}

/** A place in the row of unfinished series: the smaller rank first, then the older. */
export interface Turn {
  readonly rank: number;
  /** ISO time. */
  readonly since: string;
}

const ranks = { urgent: 0, normal: 1, low: 2, comparison: 3 } as const;

/** Urgent orders first, comparisons last; undefined where nothing is to be done. */
export function turnOf(record: SeriesRecord): Turn | undefined {
  const orders = record.orders.filter((order) => isUnfinished(order) || order.deliveries.some(isOnItsWay));
  const jobs = orders.length > 0 ? orders : unfinishedComparisons(record);
  const [since] = jobs.map(({ job }) => job.createdAt).toSorted(compareText);
  if (since === undefined) return undefined;
  return { rank: Math.min(...orders.map(({ priority }) => ranks[priority]), ranks.comparison), since };
}

/** ISO times from which on a try may be made that is in no queue yet. */
export function waitingTries(record: SeriesRecord): string[] {
  const jobs = [
    ...unfinishedOrders(record).filter(({ state }) => state === 'queued'),
    ...unfinishedComparisons(record).filter(({ state }) => state === 'queued'),
  ];
  return [
    ...jobs.filter(({ job }) => !job.inQueue).map(({ job }) => job.nextTryAt ?? job.createdAt),
    ...unfinishedDeliveries(record).flatMap(({ state, nextTryAt }) =>
      state === 'waiting' && nextTryAt !== undefined ? [nextTryAt] : [],
    ),
  ];
}

/** A job that is to be done, as the disk knows it: also what waits for Redis, or for room in its queue. */
export interface DueJob {
  /** `contour`, `compare` or `deliver-DESTINATION`. */
  readonly queue: string;
  /** ISO time. Orders and comparisons wait from their making, deliveries from the result or an operator's resend. */
  readonly since: string;
}

export function dueJobs(record: SeriesRecord): DueJob[] {
  const { orders } = record;
  return [
    ...orders
      .filter(({ state }) => state === 'queued' || state === 'contouring')
      .map(({ job }) => ({ queue: 'contour', since: job.createdAt })),
    ...unfinishedComparisons(record).map(({ job }) => ({ queue: 'compare', since: job.createdAt })),
    ...orders.flatMap((order) =>
      order.deliveries
        .filter(isOnItsWay)
        .map(({ destination, job }) => ({ queue: `deliver-${destination}`, since: job.since ?? order.job.createdAt })),
    ),
  ];
}
