import { setTimeout as sleep } from 'node:timers/promises';
import { ContourNodeError } from '../../src/errors.ts';
import { type NodeApi, nodeApi } from '../../src/http/api-client.ts';

/** A series as the API shows it. */
export type ShownSeries = Awaited<ReturnType<NodeApi['show']>>;
type SeriesState = ShownSeries['state'];

/** States that a series does not leave by itself. */
const endings: readonly SeriesState[] = [
  'incomplete',
  'rejected',
  'unrouted',
  'held',
  'delivery failed',
  'nothing found',
  'failed',
  'set aside',
];

/** What a series reaches, in this order. */
export const milestones = ['complete', 'contoured', 'delivered'] as const;
export type Milestone = (typeof milestones)[number];

const reachedIn: Record<Milestone, readonly SeriesState[]> = {
  complete: ['queued', 'contouring', 'contoured', 'contoured check', 'delivering', 'delivered', 'delivered check'],
  contoured: ['contoured', 'contoured check', 'delivering', 'delivered', 'delivered check'],
  delivered: ['delivered', 'delivered check'],
};

/**
 * Follows the one CT of a fresh node through its HTTP API until it is delivered.
 * @param onMilestone called once for each, in order
 * @throws ContourNodeError DEMO_FAILED: it ended in another state, or the time is over
 */
export async function followSeries(
  url: string,
  options: {
    timeoutSeconds: number;
    signal: AbortSignal;
    onMilestone: (milestone: Milestone, series: ShownSeries) => void;
  },
): Promise<ShownSeries> {
  const api = nodeApi(url);
  const deadline = performance.now() + options.timeoutSeconds * 1000;
  let reached = 0;
  let state: SeriesState = 'receiving';
  let problem = '';
  while (performance.now() < deadline) {
    options.signal.throwIfAborted();
    const { series: all } = await api.list({ states: [], limit: '10' });
    const summary = all.find(({ modality }) => modality === undefined);
    if (summary !== undefined) {
      const series = await api.show(summary.key);
      state = series.state;
      const last = series.orders[0];
      const reason = last?.deliveries[0]?.problem ?? last?.problem;
      problem = reason === undefined ? '' : `, ${reason.message}`;
      if (endings.includes(state)) {
        const why = series.problem === undefined ? '' : `: ${series.problem.message}`;
        throw new ContourNodeError('DEMO_FAILED', `the series ended as '${state}'${why}`, {
          ...(series.problem && { remedy: series.problem.remedy }),
        });
      }
      for (; reached < milestones.length && reachedIn[milestones[reached]!].includes(state); reached++) {
        options.onMilestone(milestones[reached]!, series);
      }
      if (reachedIn.delivered.includes(state)) return series;
    }
    await sleep(100, undefined, { signal: options.signal });
  }
  throw new ContourNodeError(
    'DEMO_FAILED',
    `nothing arrived within ${options.timeoutSeconds} s: the series is '${state}'${problem}`,
  );
}
