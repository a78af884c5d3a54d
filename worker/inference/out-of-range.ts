/** A value and the limit that it exceeds, as words compare them. */
export interface OutOfRange {
  readonly value: string;
  /** `at least 5.0` or `at most 16.0`. */
  readonly limit: string;
}

/**
 * A person reads one limit, not two, and no difference that the figures do not show.
 *
 * @param digits behind the point
 * @returns undefined within the range, or where value and limit look the same
 */
export function outOfRange(
  value: number,
  [low, high]: readonly [number, number],
  digits: number,
): OutOfRange | undefined {
  if (value >= low && value <= high) return undefined;
  const [word, limit] = value < low ? ['at least', low] : ['at most', high];
  const [shown, shownLimit] = [value.toFixed(digits), limit.toFixed(digits)];
  return shown === shownLimit ? undefined : { value: shown, limit: `${word} ${shownLimit}` };
}

/** Differences of a place up to this are within what contours are uncertain of. */
const toleranceMm = 5;

/** How far (mm) a place lies beyond its range, negative below it; undefined within it or hardly outside. */
export function beyond(mm: number, [low, high]: readonly [number, number]): number | undefined {
  const by = mm < low ? mm - low : mm > high ? mm - high : 0;
  return Math.abs(by) <= toleranceMm ? undefined : by;
}
