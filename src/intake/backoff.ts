/** Waiting times between tries, in milliseconds. */
export interface Backoff {
  readonly first: number;
  readonly longest: number;
}

/** Doubles with each try, up to the longest. */
export function delayAfter(tries: number, { first, longest }: Backoff): number {
  return Math.min(longest, first * 2 ** Math.min(30, Math.max(0, tries - 1)));
}
