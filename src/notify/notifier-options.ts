import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import type { SeriesLock } from '../intake/series-lock.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';

/** What the notifier and its channels need. */
export interface NotifierOptions {
  readonly store: Store;
  readonly lock: SeriesLock;
  readonly clock: Clock;
  readonly log: Log;
  readonly current: () => Pick<Config, 'notifications' | 'dicom' | 'peers'>;
}
