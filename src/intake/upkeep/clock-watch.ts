import type { Log } from '../../log.ts';
import type { Clock } from '../../clock.ts';

export interface ClockWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The clock was set back. */
  readonly onSetBack: () => void;
}

const interval = 10_000;
/** What time servers correct at once, without slewing. */
const tolerated = 1000;

/** Notices that the clock of this machine was set, and says so: times of day before and after do not compare. */
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
    this.#cancel = this.#options.clock.after(interval, () => this.#look());
  }

  #look(): void {
    const { log, onSetBack } = this.#options;
    const seconds = Math.round((this.#lead() - this.#ahead) / 1000);
    if (Math.abs(seconds) * 1000 > tolerated) {
      log.warn({ seconds }, `the clock of this machine was set ${seconds < 0 ? 'back' : 'forward'}`);
      if (seconds < 0) onSetBack();
    }
    this.#ahead = this.#lead();
    this.#wait();
  }
}
