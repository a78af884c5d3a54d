import { isAtFault } from '../errors.ts';
import type { DeliveryState, OrderState, SeriesState } from './series.ts';
import type { Problem } from '../problem.ts';
import type { Tables } from './tables.ts';

interface StateRow {
  readonly outcome: string | null;
  readonly outcome_problems: string;
  readonly revision: number;
  readonly open_associations: string;
  readonly held: string | null;
  readonly news: number;
}

interface OrderRow {
  readonly order_key: string;
  readonly state: OrderState;
  readonly problem: string | null;
}

interface DeliveryRow {
  readonly state: DeliveryState;
  readonly tries: number;
  readonly problem: string | null;
}

export interface StateAndProblem {
  readonly state: SeriesState;
  readonly problem?: Problem;
}

/**
 * One word for a series: how its newest images stand; of several orders and deliveries the one that most needs a
 * person.
 */
export function deriveState(tables: Tables, series: string): StateAndProblem {
  const row = tables.get<StateRow>(
    `SELECT outcome, outcome_problems, revision, open_associations, held,
       EXISTS (SELECT 1 FROM instances WHERE series = key AND considered = 0) AS news
     FROM series WHERE key = ?`,
    series,
  );
  if (row === undefined) return { state: 'receiving' };
  if (row.news === 1 || row.outcome === null || row.outcome === 'revision') {
    const held = row.held !== null && row.open_associations === '[]' ? problemOf(row.held) : undefined;
    return held === undefined ? { state: 'receiving' } : { state: 'incomplete', problem: held };
  }
  const [problem] = JSON.parse(row.outcome_problems) as Problem[];
  if (row.outcome === 'unrouted') return { state: 'unrouted' };
  if (problem !== undefined) return { state: isAtFault('CT', problem.code) ? 'rejected' : 'failed', problem };
  return stateOfOrders(tables, series, row.revision);
}

function stateOfOrders(tables: Tables, series: string, revision: number): StateAndProblem {
  const orders = tables.all<OrderRow>(
    "SELECT order_key, state, problem FROM orders WHERE series = ? AND revision = ? AND state <> 'superseded' ORDER BY order_key",
    series,
    revision,
  );
  for (const state of ['failed', 'set aside', 'rejected'] as const) {
    const order = orders.find((candidate) => candidate.state === state);
    if (order !== undefined) return withProblem(state, order.problem);
  }
  const deliveries = orders.flatMap(({ order_key: order }) =>
    tables.all<DeliveryRow>(
      'SELECT state, tries, problem FROM deliveries WHERE series = ? AND order_key = ? ORDER BY destination',
      series,
      order,
    ),
  );
  const undelivered = deliveries.find(({ state }) => state === 'failed' || state === 'not allowed');
  if (undelivered !== undefined) return withProblem('delivery failed', undelivered.problem);
  for (const state of ['contouring', 'queued'] as const) {
    const order = orders.find((candidate) => candidate.state === state);
    if (order !== undefined) return withProblem(state, order.problem);
  }
  const tried = deliveries.find(({ state, tries }) => state === 'delivering' || (state === 'waiting' && tries > 0));
  if (tried !== undefined) return withProblem('delivering', tried.problem);
  if (deliveries.some(({ state }) => state === 'waiting')) return { state: 'contoured' };
  if (orders.length > 0 && orders.every(({ state }) => state === 'nothing found')) return { state: 'nothing found' };
  return { state: deliveries.some(({ state }) => state === 'delivered') ? 'delivered' : 'contoured' };
}

function withProblem(state: SeriesState, problem: string | null): StateAndProblem {
  return problem === null ? { state } : { state, problem: problemOf(problem) };
}

function problemOf(json: string): Problem {
  return JSON.parse(json) as Problem;
}
