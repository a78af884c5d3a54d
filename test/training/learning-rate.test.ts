import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterEpoch } from '../../worker/training/learning-rate.ts';
import { trainingConfigSchema } from '../../worker/training/training-config.ts';

/** The rates of the epochs that follow validations with these results. */
function rates(settings: object, metrics: readonly number[]): number[] {
  const schedule = trainingConfigSchema.shape.training.parse(settings);
  let state = { learningRate: schedule.learningRate, best: -Infinity, epochsWithoutImprovement: 0 };
  return metrics.map((metric, index) => {
    state = afterEpoch(state, index + 1, metric, schedule);
    return Number(state.learningRate.toPrecision(6));
  });
}

test("the paper's schedule: 0.005, times 0.8 after five epochs that brought nothing better", () => {
  const metrics = [0.5, 0.6, 0.6, 0.59, 0.6, 0.58, 0.6, 0.61, 0.5, 0.5, 0.5, 0.5, 0.5];
  assert.deepEqual(rates({}, metrics), [
    ...Array.from({ length: 6 }, () => 0.005),
    ...Array.from({ length: 6 }, () => 0.004),
    0.0032,
  ]);
});

test('poly: every epoch a little smaller, whatever the validation says, and nothing is left after the last', () => {
  const expected = [0.75, 0.5, 0.25, 0].map((left) => Number((0.002 * left ** 0.9).toPrecision(6)));
  assert.deepEqual(rates({ decay: 'poly', epochs: 4, learningRate: 0.002 }, [0.1, 0.2, 0.1, 0.1]), expected);
});
