import { percentile } from '../../src/charts/percentile.ts';

/** Descriptive statistics and paired tests over the patients of an evaluation. */

export interface Summary {
  readonly n: number;
  readonly mean: number;
  /** Sample standard deviation (n - 1); NaN below two values. */
  readonly sd: number;
  readonly median: number;
  readonly percentile10: number;
  readonly percentile25: number;
  readonly percentile75: number;
  readonly percentile90: number;
}

export function summarise(values: readonly number[]): Summary {
  return {
    n: values.length,
    mean: mean(values),
    sd: Math.sqrt(variance(values)),
    median: percentile(values, 50),
    percentile10: percentile(values, 10),
    percentile25: percentile(values, 25),
    percentile75: percentile(values, 75),
    percentile90: percentile(values, 90),
  };
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  return sum / values.length;
}

function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}

export interface TestResult {
  readonly statistic: number;
  /** Two-sided; NaN where the test is not possible. */
  readonly p: number;
  /** Pairs that entered the test. */
  readonly n: number;
}

/** Student's t-test on the differences of pairs, two-sided. */
export function pairedTTest(a: readonly number[], b: readonly number[]): TestResult {
  const differences = pairDifferences(a, b);
  const n = differences.length;
  const spread = Math.sqrt(variance(differences));
  if (!(spread > 0)) return { statistic: NaN, p: NaN, n };
  const t = (mean(differences) * Math.sqrt(n)) / spread;
  const freedom = n - 1;
  return { statistic: t, p: incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5), n };
}

/**
 * Wilcoxon's signed-rank test, two-sided; pairs without a difference are dropped. `statistic` is the smaller rank sum.
 * Exact up to 50 pairs without ties, beyond by the normal approximation with tie correction and no continuity correction.
 */
export function wilcoxonSignedRank(a: readonly number[], b: readonly number[]): TestResult {
  const differences = pairDifferences(a, b).filter((difference) => difference !== 0);
  const n = differences.length;
  if (n === 0) return { statistic: NaN, p: NaN, n };
  const { ranks, ties } = ranksOf(differences.map(Math.abs));
  const positive = ranks.reduce((sum, rank, at) => (differences[at]! > 0 ? sum + rank : sum), 0);
  const statistic = Math.min(positive, (n * (n + 1)) / 2 - positive);
  if (n <= 50 && ties.length === 0) return { statistic, p: Math.min(1, 2 * signedRankTail(n, statistic)), n };
  const correction = ties.reduce((sum, tie) => sum + tie ** 3 - tie, 0) / 48;
  const z = (statistic - (n * (n + 1)) / 4) / Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24 - correction);
  return { statistic, p: Math.min(1, 2 * normalTail(-z)), n };
}

function pairDifferences(a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length) throw new RangeError('a paired test needs pairs');
  return a.map((value, at) => value - b[at]!);
}

/** Ranks from 1, ties share their mean rank; `ties` holds the size of each group of equals. */
function ranksOf(values: readonly number[]): { ranks: number[]; ties: number[] } {
  const order = values.map((_, at) => at).sort((p, q) => values[p]! - values[q]!);
  const ranks = values.map(() => 0);
  const ties: number[] = [];
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let at = from; at < to; at++) ranks[order[at]!] = (from + 1 + to) / 2;
    if (to - from > 1) ties.push(to - from);
    from = to;
  }
  return { ranks, ties };
}

/** P(W <= w) under the null hypothesis: the share of the 2^n sign patterns whose rank sum is at most w. */
function signedRankTail(n: number, w: number): number {
  const most = (n * (n + 1)) / 2;
  const share = new Float64Array(most + 1);
  share[0] = 1;
  for (let rank = 1; rank <= n; rank++) {
    for (let sum = most; sum >= 0; sum--) share[sum] = (share[sum]! + (sum >= rank ? share[sum - rank]! : 0)) / 2;
  }
  return share.subarray(0, Math.floor(w) + 1).reduce((sum, value) => sum + value, 0);
}

/** P(Z > z), z >= 0, of the standard normal: half the upper regularised incomplete gamma of 1/2 at z²/2. */
function normalTail(z: number): number {
  const x = (z * z) / 2;
  if (x === 0) return 0.5;
  if (x < 1.5) {
    // Series of the lower incomplete gamma function (Abramowitz and Stegun 6.5.29).
    let term = 2;
    let sum = term;
    for (let n = 1; Math.abs(term) > sum * 1e-17; n++) {
      term *= x / (0.5 + n);
      sum += term;
    }
    return 0.5 - (0.5 * sum * Math.exp(-x) * Math.sqrt(x)) / Math.sqrt(Math.PI);
  }
  // Continued fraction of the upper one (6.5.31).
  const fraction = continuedFraction(
    (n) => (n === 1 ? 1 : -(n - 1) * (n - 1.5)),
    (n) => x + 2 * n - 1.5,
  );
  return (0.5 * fraction * Math.exp(-x) * Math.sqrt(x)) / Math.sqrt(Math.PI);
}

/** Regularised incomplete beta function I_x(a, b) (Abramowitz and Stegun 26.5.8). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log(1 - x) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a;
  const numerator = (n: number): number => {
    if (n === 1) return 1;
    const m = Math.floor((n - 1) / 2);
    if (n % 2 === 1) return (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    return (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
  };
  return front * continuedFraction(numerator, () => 1);
}

/** a1 / (b1 + a2 / (b2 + ...)) by Lentz's method. */
function continuedFraction(a: (n: number) => number, b: (n: number) => number): number {
  const tiny = 1e-300;
  let value = tiny;
  let c = tiny;
  let d = 0;
  for (let n = 1; n < 500; n++) {
    d = 1 / (b(n) + a(n) * d || tiny);
    c = b(n) + a(n) / c || tiny;
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return value;
}

/** log Γ(x), x > 0: Stirling's series after moving x beyond 10. */
function logGamma(x: number): number {
  let shift = 0;
  let y = x;
  while (y < 10) {
    shift += Math.log(y);
    y += 1;
  }
  const square = 1 / (y * y);
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / y;
  return (y - 0.5) * Math.log(y) - y + Math.log(2 * Math.PI) / 2 + series - shift;
}
