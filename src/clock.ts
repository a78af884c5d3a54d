/** Time as the intake sees it, so that a test can let a quiet period pass at once. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds since some moment: nobody sets this one. */
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
