import type { Priority } from '../config/schema.ts';
import { changed } from './changed.ts';
import { evolveDeliveries } from './evolve-deliveries.ts';
import type { EventOf, JournalEvent } from './events.ts';
import { again, ended, newJob, queued, started } from './job-progress.ts';
import { compareText, type Delivery, type DeliveryState, type Order, type OrderState } from './orders.ts';

/** What one event changes in the orders of a series. */
export function evolveOrders(orders: readonly Order[], event: JournalEvent): readonly Order[] {
  switch (event.kind) {
    case 'ordered':
      return add(orders, event, event.priority);
    case 'ordered by operator':
      // Somebody waits for it.
      return add(orders, event, 'urgent');
    case 'retry':
      return orders.map((order) =>
        event.orders.includes(order.order) ? { ...order, state: 'superseded' as const } : order,
      );
    case 'acknowledged':
      return orders.map((order) => (event.orders.includes(order.order) ? acknowledged(order, event) : order));
    case 'contour try':
    case 'contour started':
    case 'contour try failed':
    case 'set aside':
    case 'result':
      return orders.map((order) => (order.order === event.order ? evolveOrder(order, event) : order));
    default:
      return 'order' in event && 'destination' in event
        ? orders.map((order) =>
            order.order === event.order ? { ...order, deliveries: evolveDeliveries(order.deliveries, event) } : order,
          )
        : orders;
  }
}

type OrderEvent = EventOf<'contour try' | 'contour started' | 'contour try failed' | 'set aside' | 'result'>;

const stateOfResult: Record<EventOf<'result'>['status'], OrderState> = {
  contoured: 'contoured',
  'nothing-found': 'nothing found',
  rejected: 'rejected',
  failed: 'failed',
};

function evolveOrder(order: Order, event: OrderEvent): Order {
  const { job } = order;
  switch (event.kind) {
    case 'contour try':
      return { ...order, state: 'queued', tries: event.try, job: queued(job) };
    case 'contour started':
      return { ...order, state: 'contouring', job: started(job) };
    case 'contour try failed':
      return { ...order, state: 'queued', problem: event.problem, job: ended(job, event.nextTryAt) };
    case 'set aside':
      return { ...order, state: 'set aside', problem: event.problem, job: ended(job) };
    default: {
      const { rois, timings, warnings, networks, error, status } = event;
      const state = stateOfResult[status];
      const deliveries = order.deliveries.map((delivery) => afterResult(delivery, event));
      const check = event.check === undefined ? undefined : {};
      const found = { rois, timings, warnings, networks };
      return changed(order, { state, problem: error, ...found, check, deliveries, job: ended(job) });
    }
  }
}

/** Only what has a structure set is to be delivered. */
function afterResult(delivery: Delivery, { at, status, profiles, check }: EventOf<'result'>): Delivery {
  const since = { ...delivery, job: { ...delivery.job, since: at } };
  if (delivery.state !== 'pending' || (status !== 'contoured' && status !== 'nothing-found')) return since;
  if (!profiles.includes(delivery.profile)) return { ...since, state: 'nothing to send' };
  return check === 'held' ? { ...since, state: 'held' } : { ...since, state: 'waiting', nextTryAt: at };
}

function acknowledged(order: Order, { by, at }: EventOf<'acknowledged'>): Order {
  if (order.check === undefined) return order;
  const deliveries = order.deliveries.map((delivery): Delivery =>
    delivery.state === 'held'
      ? { ...delivery, state: 'waiting', nextTryAt: at, job: { ...delivery.job, since: at } }
      : delivery,
  );
  return { ...order, deliveries, check: { acknowledged: { by, at } } };
}

function add(
  orders: readonly Order[],
  event: EventOf<'ordered' | 'ordered by operator'>,
  priority: Priority,
): readonly Order[] {
  const standing = new Map(
    orders.map((order) => [order.order, event.superseded.includes(order.order) ? superseded(order) : order]),
  );
  for (const { order, bundle, deliveries } of event.orders) {
    const before = standing.get(order);
    const { revision, at, hold } = event;
    const made =
      before === undefined
        ? newOrder(order, revision, bundle, priority, at)
        : changed(before, {
            state: 'queued',
            problem: undefined,
            check: undefined,
            job: again(before.job, before.tries),
          });
    standing.set(order, changed(made, { hold, deliveries: addDeliveries(made.deliveries, deliveries) }));
  }
  return [...standing.values()].toSorted((a, b) => compareText(a.order, b.order));
}

function superseded(order: Order): Order {
  const given: readonly DeliveryState[] = ['pending', 'held', 'waiting', 'delivering', 'failed'];
  return {
    ...order,
    state: 'superseded',
    deliveries: order.deliveries.map((one) => (given.includes(one.state) ? { ...one, state: 'superseded' } : one)),
  };
}

function newOrder(
  order: string,
  revision: number,
  bundle: Order['bundle'],
  priority: Priority,
  createdAt: string,
): Order {
  const result = { rois: [], timings: [], warnings: [] };
  const job = newJob(createdAt);
  return { order, revision, bundle, state: 'queued', priority, tries: 0, deliveries: [], ...result, job };
}

function addDeliveries(
  standing: readonly Delivery[],
  wanted: EventOf<'ordered'>['orders'][number]['deliveries'],
): Delivery[] {
  const added = wanted
    .filter(({ destination }) => !standing.some((one) => one.destination === destination))
    .map(({ destination, profile, refused }): Delivery => ({
      destination,
      profile,
      state: refused === undefined ? 'pending' : 'not allowed',
      tries: 0,
      failedTries: 0,
      alarmed: false,
      ...(refused !== undefined && { problem: refused }),
      job: { reportedTry: 0, started: false },
    }));
  return [...standing, ...added].toSorted((a, b) => compareText(a.destination, b.destination));
}
