import type { Store } from '../../store/store.ts';

/** Whether a CT with unfinished work is seen with this MR series, or by this registration. */
export function isInUse(store: Pick<Store, 'get' | 'unfinishedSeries'>, series: string): boolean {
  return store
    .unfinishedSeries()
    .some((ct) =>
      (store.get(ct)?.inputs ?? []).some(
        (input) => input.series === series || input.registrations?.includes(series) === true,
      ),
    );
}
