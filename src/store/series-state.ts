import { isAtFault } from '../errors.ts';
import type { Problem } from '../problem.ts';
import { type Delivery, isToCheck, type Order } from './orders.ts';
import type { SeriesRecord } from './series-record.ts';

export const seriesStates = [
  'receiving',
  'incomplete',
  'rejected',
  'nothing to contour',
  'complete',
  'awaiting input',
  'unrouted',
  'queued',
  'contouring',
  'contoured',
  'contoured check',
  'held',
  'delivering',
  'delivered',
  'delivered check',
  'delivery failed',
  'nothing found',
  'failed',
  'set aside',
] as const;
export type SeriesState = (typeof seriesStates)[number];

export interface StateAndProblem {
  readonly state: SeriesState;
  readonly problem?: Problem;
}

/** Images came that are not checked yet, a crash cut their check short, or an MR is waited for. */
export function isAssembling({ images, outcome }: SeriesRecord): boolean {
  return images.unchecked.length > 0 || outcome === undefined || outcome === 'revision' || outcome === 'awaits input';
}

/** All that is missing is an MR or a registration. */
function isAwaitingInput({ images, outcome, assembly }: SeriesRecord): boolean {
  const isQuiet = images.unchecked.length === 0 && assembly.associations.length === 0;
  return outcome === 'awaits input' && isQuiet && assembly.incomplete === undefined;
}

/**
 * One word for a series: how its newest images stand; of several orders and deliveries the one that most needs a
 * person.
 */
export function stateOf(record: SeriesRecord): StateAndProblem {
  const { assembly, images, outcome, problems } = record;
  if (isAwaitingInput(record)) return { state: 'awaiting input', problem: record.awaits!.problem };
  if (isAssembling(record)) {
    const { incomplete, associations, waits } = assembly;
    if (incomplete === undefined || associations.length > 0)
      return { state: 'receiving', ...(waits !== undefined && { problem: waits }) };
    return {
      state: images.instances === 0 && isRefusedWhole(incomplete) ? 'rejected' : 'incomplete',
      problem: incomplete,
    };
  }
  if (outcome === 'unrouted' || outcome === 'complete') return { state: outcome };
  const [problem] = problems;
  if (outcome === 'nothing to contour') return { state: outcome, ...(problem !== undefined && { problem }) };
  if (problem !== undefined) return { state: isAtFault('CT', problem.code) ? 'rejected' : 'failed', problem };
  return stateOfOrders(currentOrders(record).filter(({ state }) => state !== 'superseded'));
}

/** Whether a series of which nothing could be kept waits for this: the same images will be refused again. */
export function isRefusedWhole({ code }: Problem): boolean {
  return code !== 'SERIES_INCOMPLETE' && isAtFault('CT', code);
}

/** Those of the newest revision. */
export function currentOrders({ orders, revision }: SeriesRecord): readonly Order[] {
  return orders.filter((order) => order.revision === revision);
}

function stateOfOrders(orders: readonly Order[]): StateAndProblem {
  for (const state of ['failed', 'set aside', 'rejected'] as const) {
    const order = orders.find((candidate) => candidate.state === state);
    if (order !== undefined) return withProblem(state, order);
  }
  const deliveries = orders.flatMap((order) => order.deliveries);
  const undelivered = deliveries.find(({ state }) => state === 'failed' || state === 'not allowed');
  if (undelivered !== undefined) return withProblem('delivery failed', undelivered);
  if (deliveries.some(({ state }) => state === 'held')) return { state: 'held' };
  for (const state of ['contouring', 'queued'] as const) {
    const order = orders.find((candidate) => candidate.state === state);
    if (order !== undefined) return withProblem(state, order);
  }
  const tried = deliveries.find(({ state, tries }) => state === 'delivering' || (state === 'waiting' && tries > 0));
  if (tried !== undefined) return withProblem('delivering', tried);
  const toCheck = orders.some(isToCheck);
  const contoured = toCheck ? 'contoured check' : 'contoured';
  if (deliveries.some(({ state }) => state === 'waiting')) return { state: contoured };
  if (orders.length > 0 && orders.every(({ state }) => state === 'nothing found')) return { state: 'nothing found' };
  if (!deliveries.some(({ state }) => state === 'delivered')) return { state: contoured };
  return { state: toCheck ? 'delivered check' : 'delivered' };
}

function withProblem(state: SeriesState, { problem }: Order | Delivery): StateAndProblem {
  return problem === undefined ? { state } : { state, problem };
}

/** Nothing more is to be done: retention may remove it once it is old enough. */
export function isFinished(record: SeriesRecord): boolean {
  const finished: readonly SeriesState[] = [
    'delivered',
    'delivered check',
    'contoured',
    'contoured check',
    'nothing found',
    'nothing to contour',
    'complete',
  ];
  return (
    finished.includes(stateOf(record).state) &&
    !record.orders.some(({ deliveries }) =>
      deliveries.some(
        ({ state, commitment }) =>
          ['pending', 'held', 'waiting', 'delivering'].includes(state) ||
          commitment?.state === 'due' ||
          commitment?.state === 'requested',
      ),
    )
  );
}
