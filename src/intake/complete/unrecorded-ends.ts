import type { Clock } from '../../clock.ts';
import { retries } from '../../retries.ts';

/**
 * Ends of associations that the journal of a series did not take, tried again in their order: an end that is not recorded
 * would count as lost after a restart, and the series as incomplete.
 */
export class UnrecordedEnds {
  readonly #clock: Clock;
  /** @returns whether the journal took it */
  readonly #attempt: (series: string, step: () => void) => boolean;
  /** By series, the oldest first. */
  readonly #left = new Map<string, { steps: (() => void)[]; cancel: () => void }>();

  constructor(clock: Clock, attempt: (series: string, step: () => void) => boolean) {
    this.#clock = clock;
    this.#attempt = attempt;
  }

  /** Records those that are left, and then `last`. */
  record(series: string, last?: () => void): void {
    const left = this.#left.get(series);
    const steps = [...(left?.steps ?? []), ...(last === undefined ? [] : [last])];
    if (steps.length === 0) return;
    left?.cancel();
    this.#left.delete(series);
    while (steps[0] !== undefined && this.#attempt(series, steps[0])) steps.shift();
    if (steps.length === 0) return;
    const cancel = this.#clock.after(retries.seriesCompletionSeconds * 1000, () => this.record(series));
    this.#left.set(series, { steps, cancel });
  }

  close(): void {
    for (const { cancel } of this.#left.values()) cancel();
  }
}
