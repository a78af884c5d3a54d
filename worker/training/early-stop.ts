import type { EpochRecord } from './history.ts';
import type { Schedule } from './training-config.ts';

/** Whether `training.stopAfter` epochs in a row have brought nothing better on the patients set aside. */
export function hasStopped(history: readonly EpochRecord[], { stopAfter }: Pick<Schedule, 'stopAfter'>): boolean {
  const last = history.at(-1);
  const best = bestEpoch(history);
  return stopAfter !== undefined && last !== undefined && best !== undefined && last.epoch - best.epoch >= stopAfter;
}

/** The first of the epochs with the best validation; epoch 0: the weights of `--from` as they were. */
export function bestEpoch(history: readonly EpochRecord[]): EpochRecord | undefined {
  return history.reduce<EpochRecord | undefined>(
    (best, one) => (best === undefined || one.meanDice > best.meanDice ? one : best),
    undefined,
  );
}
