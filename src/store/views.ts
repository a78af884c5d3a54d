import type { JournalEvent } from './journal.ts';
import { historyEvent } from './history.ts';
import { orderFolder } from '../work/paths.ts';
import { seriesStates } from './series.ts';
import type {
  CommitmentState,
  CommitmentView,
  DeliveryState,
  DeliveryView,
  ListOptions,
  OrderState,
  OrderView,
  SeriesDetail,
  SeriesState,
  SeriesSummary,
} from './series.ts';
import type { Priority } from '../config/schema.ts';
import type { Problem } from '../problem.ts';
import { stageTimes } from './stage-times.ts';
import { structureSetsOf } from './structure-set-views.ts';
import type { Tables } from './tables.ts';

interface SeriesRow {
  readonly key: string;
  readonly state: SeriesState;
  readonly problem: string | null;
  readonly revision: number;
  readonly calling_ae: string;
  readonly called_ae: string;
  readonly address: string;
  readonly peer: string | null;
  readonly route: string | null;
  readonly warnings: string;
  readonly expected: number | null;
  readonly updated_at: string;
  readonly images: number;
  readonly first_at: string | null;
  readonly last_at: string | null;
  readonly models: string;
  readonly destinations: string;
}

const summaryColumns = `key, state, problem, revision, calling_ae, called_ae, address, peer, route, warnings, expected, updated_at,
  (SELECT count(DISTINCT instance) FROM instances WHERE series = key) AS images,
  (SELECT min(received_at) FROM instances WHERE series = key) AS first_at,
  (SELECT max(received_at) FROM instances WHERE series = key) AS last_at,
  (SELECT json_group_array(DISTINCT bundle_name) FROM orders WHERE series = key AND orders.revision = series.revision) AS models,
  (SELECT json_group_array(DISTINCT destination) FROM deliveries JOIN orders USING (series, order_key)
     WHERE series = key AND orders.revision = series.revision) AS destinations`;

/** Series, the last changed first. */
export function listSeries(tables: Tables, options: ListOptions): SeriesSummary[] {
  const { states = seriesStates, limit = 200, before = '~' } = options;
  return tables
    .all<SeriesRow>(
      `SELECT ${summaryColumns} FROM series
       WHERE state IN (SELECT value FROM json_each(?)) AND updated_at < ? ORDER BY updated_at DESC, key LIMIT ?`,
      JSON.stringify(states),
      before,
      limit,
    )
    .map(summary);
}

export function showSeries(tables: Tables, key: string): SeriesDetail | undefined {
  const row = tables.get<SeriesRow>(`SELECT ${summaryColumns} FROM series WHERE key = ?`, key);
  if (row === undefined) return undefined;
  const events = eventsOf(tables, key);
  return {
    ...summary(row),
    orders: ordersOf(tables, key),
    structureSets: structureSetsOf(tables, key),
    stages: stageTimes(events, row.state === 'receiving' || row.state === 'incomplete'),
    history: events.map(historyEvent),
  };
}

/** The journal of a series, oldest event first. */
export function eventsOf(tables: Tables, key: string): JournalEvent[] {
  return tables
    .all<{ event: string }>('SELECT event FROM events WHERE series = ? ORDER BY number', key)
    .map(({ event }) => JSON.parse(event) as JournalEvent);
}

export function countStates(tables: Tables): Record<SeriesState, number> {
  const counts = Object.fromEntries(seriesStates.map((state) => [state, 0])) as Record<SeriesState, number>;
  for (const row of tables.all<{ state: SeriesState; n: number }>(
    'SELECT state, count(*) AS n FROM series GROUP BY state',
  )) {
    counts[row.state] = row.n;
  }
  return counts;
}

function summary(row: SeriesRow): SeriesSummary {
  return {
    key: row.key,
    state: row.state,
    ...present('problem', problemOf(row.problem)),
    revision: row.revision,
    images: row.images,
    ...present('expectedImages', row.expected),
    callingAe: row.calling_ae,
    calledAe: row.called_ae,
    address: row.address,
    ...present('peer', row.peer),
    ...present('route', row.route),
    warnings: JSON.parse(row.warnings) as SeriesSummary['warnings'],
    models: (JSON.parse(row.models) as string[]).toSorted(),
    destinations: (JSON.parse(row.destinations) as string[]).toSorted(),
    firstReceivedAt: row.first_at ?? row.updated_at,
    lastReceivedAt: row.last_at ?? row.updated_at,
    updatedAt: row.updated_at,
  };
}

interface OrderRow {
  readonly order_key: string;
  readonly revision: number;
  readonly bundle_name: string;
  readonly bundle_version: string;
  readonly state: OrderState;
  readonly priority: Priority;
  readonly tries: number;
  readonly problem: string | null;
  readonly rois: string;
  readonly timings: string;
  readonly warnings: string;
}

function ordersOf(tables: Tables, series: string): OrderView[] {
  const rows = tables.all<OrderRow>(
    'SELECT * FROM orders WHERE series = ? ORDER BY revision DESC, created_at, order_key',
    series,
  );
  return rows.map((row) => ({
    order: row.order_key,
    revision: row.revision,
    bundle: { name: row.bundle_name, version: row.bundle_version },
    state: row.state,
    priority: row.priority,
    tries: row.tries,
    ...present('problem', problemOf(row.problem)),
    folder: orderFolder(series, row.revision, row.order_key),
    deliveries: deliveriesOf(tables, series, row.order_key),
    rois: JSON.parse(row.rois) as OrderView['rois'],
    timings: JSON.parse(row.timings) as OrderView['timings'],
    warnings: JSON.parse(row.warnings) as OrderView['warnings'],
  }));
}

interface DeliveryRow {
  readonly destination: string;
  readonly profile: string;
  readonly state: DeliveryState;
  readonly tries: number;
  readonly failed_tries: number;
  readonly next_try_at: string | null;
  readonly deadline_at: string | null;
  readonly delivered_at: string | null;
  readonly status: number | null;
  readonly alarmed: number;
  readonly problem: string | null;
  readonly commitment_state: CommitmentState | null;
  readonly commitment_tries: number | null;
  readonly commitment_deadline_at: string | null;
  readonly commitment_problem: string | null;
}

function deliveriesOf(tables: Tables, series: string, order: string): DeliveryView[] {
  const rows = tables.all<DeliveryRow>(
    `SELECT d.*, c.state AS commitment_state, c.tries AS commitment_tries, c.deadline_at AS commitment_deadline_at,
       c.problem AS commitment_problem
     FROM deliveries AS d LEFT JOIN commitments AS c USING (series, order_key, destination)
     WHERE series = ? AND order_key = ? ORDER BY destination`,
    series,
    order,
  );
  return rows.map((row) => ({
    destination: row.destination,
    profile: row.profile,
    state: row.state,
    tries: row.tries,
    failedTries: row.failed_tries,
    ...present('nextTryAt', row.next_try_at),
    ...present('deadlineAt', row.deadline_at),
    ...present('deliveredAt', row.delivered_at),
    ...present('status', row.status),
    alarmed: row.alarmed === 1,
    ...present('problem', problemOf(row.problem)),
    ...present('commitment', commitmentOf(row)),
  }));
}

function commitmentOf(row: DeliveryRow): CommitmentView | null {
  const { commitment_state: state, commitment_tries: tries, commitment_deadline_at: deadlineAt } = row;
  if (state === null || tries === null || deadlineAt === null) return null;
  return { state, tries, deadlineAt, ...present('problem', problemOf(row.commitment_problem)) };
}

/** An optional field: SQL's null is the field's absence. */
function present<Key extends string, Value>(key: Key, value: Value | null): { [K in Key]?: Value } {
  return (value === null ? {} : { [key]: value }) as { [K in Key]?: Value };
}

function problemOf(json: string | null): Problem | null {
  return json === null ? null : (JSON.parse(json) as Problem);
}
