import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentile } from '../../src/charts/percentile.ts';
import { pairedTTest, summarise, wilcoxonSignedRank } from '../../worker/evaluation/statistics.ts';

function close(value: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(value - expected) <= tolerance, `${value}, expected ${expected}`);
}

/** Student 1908: additional hours of sleep with two drugs, ten patients. */
const sleep = {
  first: [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
  second: [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
};

test("paired t-test: Student's sleep data give t = -4.0621, p = 0.002833", () => {
  const { statistic, p, n } = pairedTTest(sleep.first, sleep.second);
  close(statistic, -4.0621, 5e-5);
  close(p, 0.002833, 5e-7);
  assert.equal(n, 10);
});

test('paired t-test: with one and two degrees of freedom p has a closed form', () => {
  // df 1: the Cauchy distribution; df 2: 1 - t / sqrt(2 + t²).
  const one = pairedTTest([3, 5], [0, 0]);
  close(one.p, 1 - (2 / Math.PI) * Math.atan(one.statistic), 1e-12);
  const two = pairedTTest([3, 5, 9], [0, 0, 0]);
  close(two.p, 1 - two.statistic / Math.sqrt(2 + two.statistic ** 2), 1e-12);
  assert.ok(Number.isNaN(pairedTTest([1, 2], [0, 1]).p), 'equal differences');
});

test('Wilcoxon, exact: depression scores of Hollander and Wolfe give p = 0.0390625, a textbook example 0.04126', () => {
  const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
  const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
  const { statistic, p, n } = wilcoxonSignedRank(before, after);
  assert.equal(statistic, 5);
  assert.equal(n, 9);
  close(p, 20 / 512, 1e-12);
  // Darwin's maize plants: cross- minus self-fertilised.
  const darwin = [6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75];
  const result = wilcoxonSignedRank(
    darwin,
    darwin.map(() => 0),
  );
  assert.equal(result.statistic, 24);
  close(result.p, 0.041259765625, 1e-12);
});

test('Wilcoxon, exact: the probabilities are those of counting every sign pattern', () => {
  const n = 10;
  const differences = [1, -2, 3, 4, 5, -6, 7, 8, 9, 10];
  let most = 0;
  for (let pattern = 0; pattern < 2 ** n; pattern++) {
    let sum = 0;
    for (let rank = 1; rank <= n; rank++) if ((pattern >> (rank - 1)) & 1) sum += rank;
    if (sum <= 8) most++;
  }
  close(
    wilcoxonSignedRank(
      differences,
      differences.map(() => 0),
    ).p,
    (2 * most) / 2 ** n,
    1e-12,
  );
});

test('Wilcoxon with ties and a zero: the normal approximation with tie correction', () => {
  const { statistic, p, n } = wilcoxonSignedRank(sleep.first, sleep.second);
  assert.equal(statistic, 0);
  assert.equal(n, 9);
  // (0 - 22.5) / sqrt(9 · 10 · 19 / 24 - (2³ - 2) / 48) = -2.66792; twice its tail is 0.007632.
  close(p, 0.007632, 1e-5);
});

test('the normal tail has both of its branches right', () => {
  // Sums of 60 distinct ranks are approximated; z follows from the rank sum alone.
  const values = Array.from({ length: 60 }, (_, at) => at + 1);
  for (const negatives of [42, 10]) {
    const differences = values.map((value, at) => (at < negatives ? -value : value));
    const { statistic, p } = wilcoxonSignedRank(
      differences,
      values.map(() => 0),
    );
    const z = (statistic - (60 * 61) / 4) / Math.sqrt((60 * 61 * 121) / 24);
    let tail = 0;
    const step = 1e-4;
    for (let x = -z + step / 2; x < 12; x += step) tail += (Math.exp(-(x * x) / 2) * step) / Math.sqrt(2 * Math.PI);
    close(p / (2 * tail), 1, 1e-6);
  }
});

test('summaries: mean, sample SD, median and percentiles between the order statistics', () => {
  const summary = summarise([1, 2, 3, 4]);
  close(summary.mean, 2.5, 1e-15);
  close(summary.sd, Math.sqrt(5 / 3), 1e-15);
  close(summary.median, 2.5, 1e-15);
  close(summary.percentile25, 1.75, 1e-15);
  close(summary.percentile90, 3.7, 1e-12);
  assert.equal(percentile([7], 95), 7);
  assert.ok(Number.isNaN(percentile([], 50)));
});
