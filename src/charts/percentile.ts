/** Linear between the order statistics (Hyndman and Fan type 7, what NumPy and R do by default); NaN for no values. */
export function percentile(values: ArrayLike<number>, percent: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(at)] ?? NaN;
  return below + (at % 1) * ((sorted[Math.ceil(at)] ?? below) - below);
}
