import { ChannelRound } from './channel-round.ts';
import type { NotifierOptions } from './notifier-options.ts';
import { channelsOf } from './channel.ts';

export interface Notifier {
  /** Takes over a changed section `notifications`; a channel that is new by its name is told what it could have heard. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Tells people. What is to be told follows from the journals, and so does what has been told: nothing is lost, and
 * nothing told twice, by a restart; only a crash between a server's answer and its line in the journal repeats a message,
 * under the same id. Nothing waits for a server: each channel goes at its own pace, beside everything else.
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
