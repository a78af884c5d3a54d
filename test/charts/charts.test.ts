import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baselineSize, type ControlRule, controlLimits, controlSignals } from '../../src/charts/individuals-chart.ts';
import { runChart } from '../../src/charts/run-chart.ts';

// Flow rates of 10 batches, NIST/SEMATECH e-Handbook of Statistical Methods, section 6.3.2.2: mean 50.81, mean moving
// range 1.8778.
const flow = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1];

test("limits are the baseline's mean and 2.66 times its mean moving range", () => {
  // A baseline of twenty that is the example forwards and back has its mean, and one more range of 0.
  const baseline = [...flow, ...flow.toReversed()];
  const limits = controlLimits(baseline);
  const ranges = 2 * flow.slice(1).reduce((sum, value, at) => sum + Math.abs(value - flow[at]!), 0);
  assert.ok(limits !== undefined);
  assert.ok(Math.abs(limits.centre - 50.81) < 1e-9);
  assert.ok(Math.abs(limits.upper - limits.centre - (2.66 * ranges) / 19) < 1e-9);
  assert.ok(Math.abs(limits.centre - limits.lower - (2.66 * ranges) / 19) < 1e-9);
  assert.equal(ranges.toFixed(2), (2 * 9 * 1.8778).toFixed(2));
  assert.equal(controlLimits(flow), undefined, 'no limits without a whole baseline');
  assert.deepEqual(controlLimits([...baseline, 99, 0]), limits, 'later values change nothing');
});

const limits = { centre: 10, lower: 7, upper: 13 };
const none = { limit: [], run: [], trend: [], 'two of three': [] };

/** Where each rule is broken. */
function broken(values: readonly number[]): Record<ControlRule, number[]> {
  const signals = controlSignals(values, limits);
  const places = (rule: ControlRule): number[] => signals.flatMap((rules, at) => (rules.includes(rule) ? [at] : []));
  return { limit: places('limit'), run: places('run'), trend: places('trend'), 'two of three': places('two of three') };
}

test('a value beyond a limit is a signal, one at the limit is none', () => {
  assert.deepEqual(broken([10, 13, 10, 10, 13.1, 10, 10, 6.9, 10, 10, 7]), { ...none, limit: [4, 7] });
});

test('a run: the eighth in a row on one side of the mean is a signal; a value at the mean ends it', () => {
  const above = [10.5, 11, 10.2, 11, 10.5, 10.2, 11];
  assert.deepEqual(broken([9, ...above, 9]), none, 'seven');
  assert.deepEqual(broken([9, ...above, 10.5, 10.4, 10, 10.5]), { ...none, run: [8, 9] });
  assert.deepEqual(broken([...above, 10, ...above]), none);
  assert.deepEqual(broken(above.map((value) => 20 - value).concat(9.5)), { ...none, run: [7] });
});

test('a trend: the sixth in a row that rises, or falls, is a signal; an equal neighbour ends it', () => {
  assert.deepEqual(broken([8.5, 9, 9.5, 10.2, 11]), none, 'five');
  assert.deepEqual(broken([9, 8.5, 9, 9.5, 10.2, 11, 11.5, 11]), { ...none, trend: [6] });
  assert.deepEqual(broken([11.5, 11, 10.5, 9.5, 9, 8.5, 8.2]), { ...none, trend: [5, 6] });
  assert.deepEqual(broken([8.5, 9, 9.5, 9.5, 10.5, 11, 11.5, 11.7]), none);
});

test('two of three: the second beyond two standard deviations on one side is a signal, at the most one value between', () => {
  // One standard deviation is 1: what is beyond 12 or 8 counts.
  assert.deepEqual(broken([12.1, 10, 12.2, 10]), { ...none, 'two of three': [2] });
  assert.deepEqual(broken([10, 7.9, 7.8, 10]), { ...none, 'two of three': [2] });
  assert.deepEqual(broken([12.1, 7.9, 10, 12.1]), none, 'on two sides, or too far apart');
  assert.deepEqual(broken([12, 12, 8, 8]), none, 'at two standard deviations');
  assert.deepEqual(broken([13.5, 10, 12.5]), { ...none, limit: [0], 'two of three': [2] });
});

const ruleText = (rule: ControlRule): string => `<${rule}>`;

test('the run chart marks what signals a change, shows limits once there is a baseline, and escapes names', () => {
  const points = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ day: '2026-11-24', value: 0.9 + (at % 3) / 100 }));
  const few = runChart('a < "b"', 'DSC', points(baselineSize - 1), { ruleText });
  assert.doesNotMatch(few, /stroke-dasharray|#c00/);
  assert.match(few, /aria-label="a &lt; &quot;b&quot;, DSC"/);
  const whole = runChart('x', 'DSC', [...points(baselineSize), { day: '2026-12-01', value: 0.5 }], { ruleText });
  assert.equal(whole.match(/stroke-dasharray/g)?.length, 2);
  assert.equal(whole.match(/fill="#c00"/g)?.length, 1);
  assert.equal(whole.match(/<circle/g)?.length, baselineSize + 1);
  assert.match(whole, /r="5" fill="#c00"><title>2026-12-01: 0.5; &lt;limit&gt;</);
  assert.match(whole, />2026-12-01</);
  assert.equal(runChart('x', 'DSC', points(500), { ruleText }).match(/<circle/g)?.length, 200, 'the newest ones');
});
