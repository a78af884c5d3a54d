/** Time as the intake sees it, so that a test can let a quiet period pass at once. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Monotonic time in milliseconds: it goes on evenly when the time of day is set. */
  readonly elapsed: () => number;
  /** Calls back once after so many milliseconds, unless cancelled first. */
  readonly after: (milliseconds: number, call: () => void) => () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after: (milliseconds, call) => {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};
