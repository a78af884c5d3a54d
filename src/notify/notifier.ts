import type { Config } from '../config/schema.ts';
import type { Clock } from '../intake/clock.ts';
import type { SeriesLock } from '../intake/series-lock.ts';
import type { Log } from '../observe/log.ts';
import type { Store } from '../store/store.ts';
import { ChannelRound } from './channel-round.ts';
import { channelsOf } from './channel.ts';

export interface NotifierOptions {
  readonly store: Store;
  readonly lock: SeriesLock;
  readonly clock: Clock;
  readonly log: Log;
  /** The section `notifications` counts as it is at the start. */
  readonly current: () => Pick<Config, 'notifications' | 'dicom'>;
}

/**
 * Tells people. What is to be told follows from the journals, and so does what has been told: nothing is lost, and
 * nothing told twice, by a restart; only a crash between a server's answer and its line in the journal repeats a message,
 * under the same id. Nothing waits for a server: each channel goes at its own pace, beside everything else.
 *
 * @returns the function that ends it
 */
export function startNotifier(options: NotifierOptions): () => Promise<void> {
  const { store, clock, current } = options;
  const { notifications } = current();
  const rounds = channelsOf(notifications).map((channel) => new ChannelRound(channel, options));
  if (rounds.length > 0) {
    const oldest = new Date(clock.now() - notifications.giveUpHours * 3_600_000).toISOString();
    for (const series of store.changedSince(oldest)) for (const round of rounds) round.watch(series);
    store.onEvent((series, event) => {
      if (event.kind !== 'notified') for (const round of rounds) round.watch(series);
    });
  }
  return async () => {
    await Promise.all(rounds.map((round) => round.close()));
  };
}
