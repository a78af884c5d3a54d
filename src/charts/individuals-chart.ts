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
/** A run: so many in a row on one side of the centre. */
const runLength = 8;
/** A trend: so many in a row, each higher (or each lower) than the one before. */
const trendLength = 6;

/**
 * The rules that a value can break, after the Western Electric rules (e-Handbook, section 6.3.2): `limit`: beyond a
 * limit; `run`: the eighth or later in a row on one side of the centre; `trend`: the sixth or later in a row that rises,
 * or falls; `two of three`: beyond two standard deviations, as is one of the two before it on the same side.
 */
export const controlRules = ['limit', 'run', 'trend', 'two of three'] as const;
export type ControlRule = (typeof controlRules)[number];

/** undefined while there are fewer values than a baseline needs */
export function controlLimits(values: readonly number[]): ControlLimits | undefined {
  if (values.length < baselineSize) return undefined;
  const baseline = values.slice(0, baselineSize);
  const centre = mean(baseline);
  const reach = limitFactor * mean(baseline.slice(1).map((value, at) => Math.abs(value - baseline[at]!)));
  return { centre, lower: centre - reach, upper: centre + reach };
}

/** For each value the rules that it breaks; none: no signal of a change. */
export function controlSignals(
  values: readonly number[],
  { centre, lower, upper }: ControlLimits,
): readonly ControlRule[][] {
  const sides = values.map((value) => Math.sign(value - centre));
  const steps = values.map((value, at) => (at === 0 ? 0 : Math.sign(value - values[at - 1]!)));
  const twoSigma = (2 / 3) * (upper - centre);
  const far = values.map((value, at) => (Math.abs(value - centre) > twoSigma ? sides[at]! : 0));
  return values.map((value, at) => {
    const broken: Record<ControlRule, boolean> = {
      limit: value < lower || value > upper,
      run: sameSign(sides, at, runLength),
      trend: sameSign(steps, at, trendLength - 1),
      'two of three': far[at] !== 0 && (far[at - 1] === far[at] || far[at - 2] === far[at]),
    };
    return controlRules.filter((rule) => broken[rule]);
  });
}

/** Whether the `length` signs up to this place are all 1, or all -1. */
function sameSign(signs: readonly number[], at: number, length: number): boolean {
  return at + 1 >= length && signs[at] !== 0 && signs.slice(at + 1 - length, at).every((sign) => sign === signs[at]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
