import type { DeliveryState, OrderState } from './series.ts';
import type { Priority } from '../config/schema.ts';
import type { Tables } from './tables.ts';

/** An order that is not finished: what the reconciler has to look at. */
export interface OrderWork {
  readonly series: string;
  readonly revision: number;
  readonly order: string;
  readonly state: OrderState;
  readonly priority: Priority;
  /** Tries handed to the queue, and those of them before the last retry by an operator. */
  readonly tries: number;
  readonly triesBefore: number;
  /** The last try has not ended. */
  readonly inQueue: boolean;
  /** A worker was seen to have it. */
  readonly started: boolean;
  readonly nextTryAt: string | undefined;
}

export interface DeliveryWork {
  readonly series: string;
  readonly revision: number;
  readonly order: string;
  readonly profile: string;
  readonly destination: string;
  readonly state: DeliveryState;
  readonly tries: number;
  readonly failedTries: number;
  /** The last try whose worker said how it ended. */
  readonly reportedTry: number;
  readonly started: boolean;
  readonly nextTryAt: string | undefined;
  readonly deadlineAt: string | undefined;
}

interface OrderRow {
  readonly series: string;
  readonly revision: number;
  readonly order_key: string;
  readonly state: OrderState;
  readonly priority: Priority;
  readonly tries: number;
  readonly tries_before: number;
  readonly in_queue: number;
  readonly started: number;
  readonly next_try_at: string | null;
}

const orderColumns =
  'series, revision, order_key, state, priority, tries, tries_before, in_queue, started, next_try_at';

/** Orders of a series that are to be drawn, or whose job is still to be taken out of the queue. */
export function unfinishedOrders(tables: Tables, series: string): OrderWork[] {
  return tables
    .all<OrderRow>(
      `SELECT ${orderColumns} FROM orders
       WHERE series = ? AND (state IN ('queued', 'contouring', 'set aside') OR (state = 'superseded' AND in_queue = 1)) ORDER BY order_key`,
      series,
    )
    .map((row) => ({
      series: row.series,
      revision: row.revision,
      order: row.order_key,
      state: row.state,
      priority: row.priority,
      tries: row.tries,
      triesBefore: row.tries_before,
      inQueue: row.in_queue === 1,
      started: row.started === 1,
      nextTryAt: row.next_try_at ?? undefined,
    }));
}

interface DeliveryRow {
  readonly series: string;
  readonly revision: number;
  readonly order_key: string;
  readonly profile: string;
  readonly destination: string;
  readonly state: DeliveryState;
  readonly tries: number;
  readonly failed_tries: number;
  readonly reported_try: number;
  readonly started: number;
  readonly next_try_at: string | null;
  readonly deadline_at: string | null;
}

/** Deliveries of a series that are to be tried, or are being tried. */
export function unfinishedDeliveries(tables: Tables, series: string): DeliveryWork[] {
  return tables
    .all<DeliveryRow>(
      `SELECT d.*, o.revision FROM deliveries AS d JOIN orders AS o USING (series, order_key)
       WHERE series = ? AND d.state IN ('waiting', 'delivering') ORDER BY order_key, destination`,
      series,
    )
    .map((row) => ({
      series: row.series,
      revision: row.revision,
      order: row.order_key,
      profile: row.profile,
      destination: row.destination,
      state: row.state,
      tries: row.tries,
      failedTries: row.failed_tries,
      reportedTry: row.reported_try,
      started: row.started === 1,
      nextTryAt: row.next_try_at ?? undefined,
      deadlineAt: row.deadline_at ?? undefined,
    }));
}

/** A comparison that is to be made, or is being made. */
export interface ComparisonWork {
  readonly series: string;
  readonly structureSet: string;
  readonly revision: number;
  readonly order: string;
  readonly tries: number;
  readonly triesBefore: number;
  readonly inQueue: boolean;
  readonly started: boolean;
  readonly nextTryAt: string | undefined;
}

export function unfinishedComparisons(tables: Tables, series: string): ComparisonWork[] {
  return tables
    .all<Omit<OrderRow, 'state' | 'priority'> & { readonly structure_set: string }>(
      `SELECT c.*, o.revision FROM comparisons AS c JOIN orders AS o USING (series, order_key)
       WHERE series = ? AND c.state IN ('queued', 'comparing') ORDER BY structure_set, order_key`,
      series,
    )
    .map((row) => ({
      series: row.series,
      structureSet: row.structure_set,
      revision: row.revision,
      order: row.order_key,
      tries: row.tries,
      triesBefore: row.tries_before,
      inQueue: row.in_queue === 1,
      started: row.started === 1,
      nextTryAt: row.next_try_at ?? undefined,
    }));
}

/** Series with unfinished orders, deliveries or comparisons, the urgent and the oldest first, comparisons last. */
export function unfinishedSeries(tables: Tables): string[] {
  const comparing = tables.all<{ series: string }>(
    "SELECT series, min(created_at) AS since FROM comparisons WHERE state IN ('queued', 'comparing') GROUP BY series ORDER BY since",
  );
  return [...new Set([...seriesToDeliver(tables), ...comparing.map(({ series }) => series)])];
}

function seriesToDeliver(tables: Tables): string[] {
  return tables
    .all<{ series: string }>(
      `SELECT series, min(CASE priority WHEN 'urgent' THEN 0 WHEN 'normal' THEN 1 ELSE 2 END) AS rank, min(created_at) AS since FROM orders
       WHERE state IN ('queued', 'contouring', 'set aside') OR (state = 'superseded' AND in_queue = 1)
         OR EXISTS (SELECT 1 FROM deliveries AS d WHERE d.series = orders.series AND d.order_key = orders.order_key AND d.state IN ('waiting', 'delivering'))
       GROUP BY series ORDER BY rank, since`,
    )
    .map(({ series }) => series);
}

const waitingTries = `SELECT coalesce(next_try_at, created_at) AS at FROM orders WHERE state = 'queued' AND in_queue = 0
  UNION ALL SELECT next_try_at FROM deliveries WHERE state = 'waiting'
  UNION ALL SELECT coalesce(next_try_at, created_at) FROM comparisons WHERE state = 'queued' AND in_queue = 0`;

/** ISO time after `now` at which the next try falls due; undefined where none does. */
export function nextDue(tables: Tables, now: string): string | undefined {
  return (
    tables.get<{ at: string | null }>(`SELECT min(at) AS at FROM (${waitingTries}) WHERE at > ?`, now)?.at ?? undefined
  );
}

/** Whether a try is due that is in no queue. */
export function anythingOverdue(tables: Tables, now: string): boolean {
  return tables.get(`SELECT at FROM (${waitingTries}) WHERE at <= ? LIMIT 1`, now) !== undefined;
}

/** The superseded order's job is out of the queue. */
export function forgetQueued(tables: Tables, series: string, order: string): void {
  tables.run('UPDATE orders SET in_queue = 0 WHERE series = ? AND order_key = ?', series, order);
}

/** Models that this revision has an order for. */
export function standingOrders(tables: Tables, series: string, revision: number): string[] {
  return tables
    .all<{ name: string }>(
      "SELECT bundle_name AS name FROM orders WHERE series = ? AND revision = ? AND state <> 'superseded'",
      series,
      revision,
    )
    .map(({ name }) => name);
}

/** Orders of earlier revisions that a new one makes needless: not drawn yet, or not delivered everywhere. */
export function supersededOrders(tables: Tables, series: string, revision: number): string[] {
  return tables
    .all<{ order_key: string }>(
      `SELECT order_key FROM orders AS o WHERE series = ? AND revision < ? AND state <> 'superseded'
         AND (state NOT IN ('contoured', 'nothing found')
           OR EXISTS (SELECT 1 FROM deliveries WHERE series = o.series AND order_key = o.order_key AND state IN ('waiting', 'delivering', 'failed')))
       ORDER BY order_key`,
      series,
      revision,
    )
    .map(({ order_key: order }) => order);
}

/** Orders of earlier revisions by the same bundle whose structure set went out, or may have. */
export function predecessors(
  tables: Tables,
  series: string,
  revision: number,
  bundle: string,
): { revision: number; order: string }[] {
  return tables
    .all<{ revision: number; order_key: string }>(
      `SELECT revision, order_key FROM orders AS o WHERE series = ? AND revision < ? AND bundle_name = ?
         AND EXISTS (SELECT 1 FROM deliveries WHERE series = o.series AND order_key = o.order_key AND tries > 0) ORDER BY revision, order_key`,
      series,
      revision,
      bundle,
    )
    .map(({ revision: earlier, order_key: order }) => ({ revision: earlier, order }));
}
