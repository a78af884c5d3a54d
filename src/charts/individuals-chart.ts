/**
 * The individuals chart of statistical process control (Shewhart; NIST/SEMATECH e-Handbook of Statistical Methods,
 * section 6.3.2.2): single values in their order, the mean of a baseline, and limits three standard deviations away, of
 * which the mean moving range divided by 1.128 is the estimate.
 */
export interface ControlLimits {
  readonly centre: number;
  readonly lower: number;
  readonly upper: number;
}

/** The first so many values are the baseline. */
export const baselineSize = 20;
/** 3 / 1.128 */
const limitFactor = 2.66;
/** So many in a row on one side of the centre are a signal too (Western Electric, e-Handbook 6.3.2). */
const runLength = 8;

/** undefined while there are fewer values than a baseline needs */
export function controlLimits(values: readonly number[]): ControlLimits | undefined {
  if (values.length < baselineSize) return undefined;
  const baseline = values.slice(0, baselineSize);
  const centre = mean(baseline);
  const reach = limitFactor * mean(baseline.slice(1).map((value, at) => Math.abs(value - baseline[at]!)));
  return { centre, lower: centre - reach, upper: centre + reach };
}

/** For each value whether it is a signal of a change: beyond a limit, or the eighth or later in a row on one side. */
export function controlSignals(values: readonly number[], { centre, lower, upper }: ControlLimits): boolean[] {
  let run = 0;
  let side = 0;
  return values.map((value) => {
    const here = Math.sign(value - centre);
    run = here !== 0 && here === side ? run + 1 : Math.abs(here);
    side = here;
    return value < lower || value > upper || run >= runLength;
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
