import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baselineSize, controlLimits, controlSignals } from '../../src/charts/individuals-chart.ts';
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

test('a value beyond a limit, and the eighth in a row on one side of the centre, are signals', () => {
  const limits = { centre: 10, lower: 7, upper: 13 };
  assert.deepEqual(controlSignals([10, 13, 13.1, 6.9, 7], limits), [false, false, true, true, false]);
  const drifting = [9, ...Array.from({ length: 9 }, () => 10.5), 10, 10.5];
  assert.deepEqual(
    controlSignals(drifting, limits).flatMap((signal, at) => (signal ? [at] : [])),
    [8, 9],
  );
});

test('the run chart marks what signals a change, shows limits once there is a baseline, and escapes names', () => {
  const points = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ day: '2026-11-24', value: 0.9 + (at % 3) / 100 }));
  const few = runChart('a < "b"', 'DSC', points(baselineSize - 1));
  assert.doesNotMatch(few, /stroke-dasharray|#c00/);
  assert.match(few, /aria-label="a &lt; &quot;b&quot;, DSC"/);
  const whole = runChart('x', 'DSC', [...points(baselineSize), { day: '2026-12-01', value: 0.5 }]);
  assert.equal(whole.match(/stroke-dasharray/g)?.length, 2);
  assert.equal(whole.match(/fill="#c00"/g)?.length, 1);
  assert.equal(whole.match(/<circle/g)?.length, baselineSize + 1);
  assert.match(whole, />2026-12-01</);
  assert.equal(runChart('x', 'DSC', points(500)).match(/<circle/g)?.length, 200, 'the newest ones');
});
