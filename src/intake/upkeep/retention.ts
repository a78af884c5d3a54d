import type { Config } from '../../config/schema.ts';
import type { Log } from '../../log.ts';
import type { SeriesState } from '../../store/series.ts';
import type { Store } from '../../store/store.ts';

const day = 86_400_000;

export interface RetentionOptions {
  readonly store: Store;
  readonly log: Log;
  readonly now: number;
  readonly limits: Omit<Config['retention'], 'unmatchedDays'>;
  /** Series under storage commitment, or in use beside a CT, stay, whatever their age. */
  readonly held: (series: string) => boolean;
  /** Removes one series while nothing else touches it. */
  readonly remove: (series: string) => Promise<void>;
  /** Free bytes on the disk of the data directory; asked again after every removal. */
  readonly freeBytes: () => Promise<number>;
}

/**
 * Removes series that are old enough, and, where the disk runs short, delivered ones, the oldest first. A series that was
 * not delivered is removed by age alone, with a warning in the log: on a disk full of them instances are refused (0xA700).
 */
export async function applyRetention(options: RetentionOptions): Promise<void> {
  const { store, log, now, limits, held, remove, freeBytes } = options;
  const removable = (moment: number, which: 'finished' | 'unfinished'): { key: string; state: SeriesState }[] =>
    store.unchangedSince(new Date(moment).toISOString(), which).filter(({ key }) => !held(key));
  for (const { key, state } of removable(now - limits.deliveredDays * day, 'finished')) {
    log.info({ series: key, state }, 'removed: older than retention.deliveredDays');
    await remove(key);
  }
  for (const { key, state } of removable(now - limits.undeliveredDays * day, 'unfinished')) {
    log.warn({ series: key, state }, 'removed although it was not delivered: older than retention.undeliveredDays');
    await remove(key);
  }
  const wanted = limits.minimumFreeGigabytes * 1e9;
  if ((await freeBytes()) >= wanted) return;
  for (const { key, state } of removable(now, 'finished')) {
    log.warn({ series: key, state }, 'removed before its time: less than retention.minimumFreeGigabytes are free');
    await remove(key);
    if ((await freeBytes()) >= wanted) return;
  }
  log.error(
    { freeBytes: await freeBytes() },
    'less than retention.minimumFreeGigabytes are free, and nothing delivered is left to remove',
  );
}
