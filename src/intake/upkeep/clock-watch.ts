import type { Log } from '../../log.ts';
import type { Clock } from '../../clock.ts';

export interface ClockWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The clock was set back. */
  readonly onSetBack: () => void;
}

const intervalMilliseconds = 10_000;
/** Corrections of a time server are smaller. */
const toleratedMilliseconds = 1000;

/** Detects and logs that the clock of this machine was set: times of day before and after it cannot be compared. */
export class ClockWatch {
  readonly #options: ClockWatchOptions;
  #ahead: number;
  #cancel: () => void = () => {};

  constructor(options: ClockWatchOptions) {
    this.#options = options;
    this.#ahead = this.#lead();
    this.#wait();
  }

  close(): void {
    this.#cancel();
  }

  #lead(): number {
    const { clock } = this.#options;
    return clock.now() - clock.elapsed();
  }

  #wait(): void {
    this.#cancel = this.#options.clock.after(intervalMilliseconds, () => this.#look());
  }

  #look(): void {
    const { log, onSetBack } = this.#options;
    const seconds = Math.round((this.#lead() - this.#ahead) / 1000);
    if (Math.abs(seconds) * 1000 > toleratedMilliseconds) {
      log.warn({ seconds }, `the clock of this machine was set ${seconds < 0 ? 'back' : 'forward'}`);
      if (seconds < 0) onSetBack();
    }
    this.#ahead = this.#lead();
    this.#wait();
  }
}
