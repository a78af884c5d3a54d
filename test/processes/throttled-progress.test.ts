import assert from 'node:assert/strict';
import { test } from 'node:test';
import { throttledProgress } from '../../worker/processes/throttled-progress.ts';

test('each stage is reported when it begins, and what lies between seldom', () => {
  let clock = 0;
  const seen: string[] = [];
  const report = throttledProgress(
    (stage, fraction) => seen.push(`${stage} ${fraction}`),
    () => clock,
  );
  for (let slice = 0; slice < 100; slice += 1, clock += 10) report('inference', slice / 100);
  report('contours', 1);
  assert.deepEqual(seen, [
    'inference 0',
    'inference 0.2',
    'inference 0.4',
    'inference 0.6',
    'inference 0.8',
    'contours 1',
  ]);
});
