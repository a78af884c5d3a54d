import type { Log } from '../log.ts';
import type { SeriesState, SeriesView } from '../store/series.ts';
import type { Store } from '../store/store.ts';

/** Something more happens to such a series by itself. */
const passing: readonly SeriesState[] = ['receiving', 'awaiting input', 'queued', 'contouring', 'delivering'];

/** Somebody has to look. */
const troubles: readonly SeriesState[] = [
  'incomplete',
  'rejected',
  'unrouted',
  'delivery failed',
  'nothing found',
  'failed',
  'set aside',
];

/** One line in the log each time that a series has come to an end, as far as it goes by itself. */
export function logSeries(store: Pick<Store, 'onChange' | 'view'>, log: Log): () => void {
  const underWay = new Set<string>();
  const tell = (view: SeriesView): void =>
    log[troubles.includes(view.state) ? 'warn' : 'info'](fieldsOf(view), `series ${view.state}`);
  return store.onChange((key, change) => {
    const view = change.kind === 'removed' ? undefined : store.view(key);
    if (view !== undefined && passing.includes(view.state)) underWay.add(key);
    else if (underWay.delete(key) && view !== undefined) tell(view);
  });
}

function fieldsOf({ key, state, images, peer, callingAe, models, destinations, problem, stages }: SeriesView): object {
  const [first, last] = [stages[0], stages.at(-1)];
  const to = last?.to === undefined ? Date.now() : Date.parse(last.to);
  return {
    series: key,
    ended: state,
    images,
    from: peer ?? callingAe,
    models,
    destinations,
    ...(first !== undefined && { seconds: Math.round((to - Date.parse(first.from)) / 100) / 10 }),
    ...(problem !== undefined && { problem }),
  };
}
