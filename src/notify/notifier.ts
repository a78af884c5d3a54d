import { ChannelRound } from './channel-round.ts';
import type { NotifierOptions } from './notifier-options.ts';
import { channelsOf } from './channel.ts';

export interface Notifier {
  /** Takes over a changed section `notifications`; a channel with a new name gets the notices of the last giveUpHours. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Sends the notices. Which are to be sent, and which were sent, follows from the journals, so that a restart loses and
 * repeats none; only a crash between a server's answer and its line in the journal repeats a message, with the same id.
 * Nothing else waits for a server, and no channel for another.
 */
export function startNotifier(options: NotifierOptions): Notifier {
  const { store, clock, current } = options;
  let notifications = current().notifications;
  let rounds: ChannelRound[] = [];
  const begin = (): void => {
    notifications = current().notifications;
    rounds = channelsOf(notifications).map((channel) => new ChannelRound(channel, options));
    if (rounds.length === 0) return;
    const oldest = new Date(clock.now() - notifications.giveUpHours * 3_600_000).toISOString();
    for (const series of store.changedSince(oldest)) for (const round of rounds) round.watch(series);
  };
  const end = (): Promise<unknown> => Promise.all(rounds.map((round) => round.close()));
  const takeOver = async (): Promise<void> => {
    if (JSON.stringify(current().notifications) === JSON.stringify(notifications)) return;
    await end();
    begin();
  };
  let renewed = Promise.resolve();

  begin();
  const forget = store.onChange((series, change) => {
    if (change.kind === 'event' && change.event.kind !== 'notified') for (const round of rounds) round.watch(series);
  });
  return {
    renew: () => (renewed = renewed.then(takeOver)),
    async close() {
      forget();
      await renewed;
      await end();
    },
  };
}
