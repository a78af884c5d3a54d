/** Waiting times between tries, in milliseconds. */
export interface Backoff {
  readonly first: number;
  readonly longest: number;
}

/** Doubles with each try, up to the longest. */
export function delayAfter(tries: number, { first, longest }: Backoff): number {
  return Math.min(longest, first * 2 ** Math.min(30, Math.max(0, tries - 1)));
}

/**
 * Whether the next try has to wait. More than the whole delay cannot be left of it: then the clock was set back since the
 * last try, and nobody knows how much of the delay is over.
 *
 * @param nextTryAt ISO time; undefined where no try was before
 * @param delay milliseconds from the last try to this one
 */
export function isToWait(nextTryAt: string | undefined, now: number, delay: number): boolean {
  if (nextTryAt === undefined) return false;
  const left = Date.parse(nextTryAt) - now;
  return left > 0 && left <= delay;
}
