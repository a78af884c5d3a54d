import type { Priority } from '../config/schema.ts';
import type { Problem } from '../problem.ts';
import type { Warning } from '../warning.ts';
import type { WorkResult } from '../work/work-result.ts';
import type { JobProgress } from './job-progress.ts';

/**
 * Orders of a series with their deliveries, as its record keeps them. `job` is what the node needs to go on with one; page
 * and API show the rest.
 */

/** `superseded`: a later revision's orders replaced it before it was contoured. */
export type OrderState =
  'queued' | 'contouring' | 'contoured' | 'nothing found' | 'rejected' | 'failed' | 'set aside' | 'superseded';

/**
 * `pending`: not contoured yet; `held`: until an operator has looked at the warnings (routes[].hold); `waiting`: the next try comes at nextTryAt; `delivering`: a try is with Redis or a
 * worker; `not allowed`: destinations[].allow has not the bundle's intended use; `nothing to send`: nothing was found.
 */
export type DeliveryState =
  | 'pending'
  | 'held'
  | 'waiting'
  | 'delivering'
  | 'delivered'
  | 'failed'
  | 'not allowed'
  | 'nothing to send'
  | 'superseded';

/**
 * Storage commitment of a structure set by its destination. `due`: the request is to go out; `requested`: the destination
 * has taken it; `missing`: no result came in time.
 */
export type CommitmentState = 'due' | 'requested' | 'committed' | 'refused' | 'missing';

export interface Order {
  readonly order: string;
  readonly revision: number;
  readonly bundle: { readonly name: string; readonly version: string };
  readonly state: OrderState;
  readonly priority: Priority;
  /** Contour tries handed to the queue so far. */
  readonly tries: number;
  readonly problem?: Problem;
  /** By the name of their destination. */
  readonly deliveries: readonly Delivery[];
  /** What the worker reported, once there is a result. */
  readonly rois: WorkResult['rois'];
  readonly timings: WorkResult['timings'];
  readonly networks?: WorkResult['networks'];
  readonly warnings: readonly Warning[];
  /** Its route holds a result that somebody has to look at. */
  readonly hold?: 'check';
  /** Somebody has to look at its warnings; `acknowledged`: who has looked, and when (ISO time). */
  readonly check?: { readonly acknowledged?: { readonly by: string; readonly at: string } };
  readonly job: JobProgress;
}

export interface Delivery {
  readonly destination: string;
  readonly profile: string;
  readonly state: DeliveryState;
  /** Tries handed to the queue so far, and those of them that ended with outcome `failed`. */
  readonly tries: number;
  readonly failedTries: number;
  /** ISO time of the next try, where one is due. */
  readonly nextTryAt?: string;
  /** After it a failing delivery ends as `failed`. */
  readonly deadlineAt?: string;
  readonly deliveredAt?: string;
  /** DIMSE status of the last response for the instance. */
  readonly status?: number;
  /** Delivered with a status that somebody should look at (0xB006, 0xB007). */
  readonly alarmed: boolean;
  readonly problem?: Problem;
  /** Where the destination is asked for storage commitment, from the delivery on. */
  readonly commitment?: Commitment;
  readonly job: {
    /** The last try of which a worker reported the outcome; 0: none. */
    readonly reportedTry: number;
    readonly started: boolean;
    /** ISO time since when it is to be delivered: from the result, or from an operator's resend. */
    readonly since?: string;
  };
}

export interface Commitment {
  readonly state: CommitmentState;
  /** Requests so far. */
  readonly tries: number;
  /** ISO time by which the result is awaited. */
  readonly deadlineAt: string;
  readonly problem?: Problem;
  readonly job: {
    /** ISO time; absent once the destination has taken a request. */
    readonly nextTryAt?: string;
    /** Transaction UIDs of the requests. */
    readonly transactions: readonly string[];
  };
}

/** What is shown of one of them. */
export function withoutJob<T extends { readonly job: unknown }>(value: T): Omit<T, 'job'> {
  const { job: _, ...shown } = value;
  return shown;
}

/** Bundles (by name) that this revision has an order from. */
export function standingOrders(orders: readonly Order[], revision: number): string[] {
  return orders
    .filter((order) => order.revision === revision && order.state !== 'superseded')
    .map(({ bundle }) => bundle.name);
}

/** Orders of earlier revisions that a new one makes needless: not contoured yet, or not delivered everywhere. */
export function supersededOrders(orders: readonly Order[], revision: number): string[] {
  return orders
    .filter((order) => order.revision < revision && order.state !== 'superseded' && !isFinished(order))
    .map(({ order }) => order);
}

/** A worker contoured it: there are pictures, or will be. */
export function wasContoured({ state }: { readonly state: OrderState }): boolean {
  return state === 'contoured' || state === 'nothing found';
}

function isFinished(order: Order): boolean {
  const undelivered: readonly DeliveryState[] = ['held', 'waiting', 'delivering', 'failed'];
  return wasContoured(order) && !order.deliveries.some((one) => undelivered.includes(one.state));
}

/** Whether somebody still has to look at its warnings. */
export function isToCheck({ state, check }: Pick<Order, 'state' | 'check'>): boolean {
  return state === 'contoured' && check !== undefined && check.acknowledged === undefined;
}

/** Orders of earlier revisions by the same bundle whose structure set went out, or may have. */
export function predecessors(
  orders: readonly Order[],
  revision: number,
  bundle: string,
): { revision: number; order: string }[] {
  return orders
    .filter((order) => order.revision < revision && order.bundle.name === bundle)
    .filter(({ deliveries }) => deliveries.some(({ tries }) => tries > 0))
    .map((order) => ({ revision: order.revision, order: order.order }))
    .toSorted((a, b) => a.revision - b.revision);
}

/** Of every bundle (name and version) the newest order that was contoured: what a correction is compared with. */
export function contouredOrders(orders: readonly Order[]): string[] {
  const newest = new Map(
    orders
      .filter(wasContoured)
      .toSorted(byAge)
      .map(({ bundle, order }) => [`${bundle.name} ${bundle.version}`, order]),
  );
  return [...newest.values()];
}

/** The oldest revision first, and of it the order that was made first. */
export function byAge(a: Order, b: Order): number {
  if (a.revision !== b.revision) return a.revision - b.revision;
  return compareText(a.job.createdAt, b.job.createdAt) || compareText(a.order, b.order);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
