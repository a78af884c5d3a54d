import type { Clock } from '../../clock.ts';

/** One timer a series: a new one replaces it. */
export class SeriesTimers {
  readonly #clock: Clock;
  readonly #timers = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(series: string, milliseconds: number, call: () => void): void {
    this.cancel(series);
    const cancel = this.#clock.after(milliseconds, () => {
      this.#timers.delete(series);
      call();
    });
    this.#timers.set(series, cancel);
  }

  cancel(series: string): void {
    this.#timers.get(series)?.();
    this.#timers.delete(series);
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }
}
