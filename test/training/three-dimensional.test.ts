import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadTensorFlow } from '../../worker/engines/load-tensorflow.ts';
import { patchShares, patchStarts } from '../../worker/inference/patches-along-slices.ts';
import { networkOf } from '../../worker/networks/network.ts';
import { BatchSampler } from '../../worker/training/sample-batch.ts';
import { train } from '../../worker/training/trainer.ts';
import { planTraining } from '../../worker/training/training-plan.ts';
import { smallCases, smallConfig } from './small-training.ts';

const patch = { slices: 4, step: 0.5 };
const volumes = {
  architecture: { family: 'unet3d', parameters: { channels: 4, depth: 2 } },
  input: { patch, neighbours: 0 },
};
/** Patients of 6 slices. */
const cases = await smallCases(3);
const split = { training: cases.slice(0, 2), validation: cases.slice(2) };

function sampler(changes: Parameters<typeof smallConfig>[0]): BatchSampler {
  return new BatchSampler(planTraining(smallConfig(changes), { training: cases, validation: cases }).training);
}

test('a patch is a stack of the slices that the 2-D networks see, all of them changed alike', () => {
  const augmentation = { flipLeftRight: 0.5, translationMm: 8, rotationDegrees: 10, noiseHu: 0 };
  const [stacks, slices] = [sampler({ ...volumes, augmentation }), sampler({ input: { neighbours: 0 }, augmentation })];
  const [whole, single] = [stacks.plain(0, [2]), slices.plain(0, [2, 3, 4, 5])];
  assert.deepEqual(whole.inputShape, [1, 4, 32, 32, 1]);
  assert.deepEqual(whole.targetShape, [1, 4, 32, 32, 2]);
  assert.deepEqual(whole.input, single.input);
  assert.deepEqual(whole.target, single.target);
  assert.deepEqual([...whole.known], [1, 0], 'patient 0 lacks Disc_R');

  // The discs are the same in all six slices of a patient: in a patch they stay where they are from slice to slice.
  for (let n = 0; n < 6; n += 1) {
    const { target } = stacks.training(n);
    const length = 32 * 32 * 2;
    for (let slice = 0; slice < target.length / length; slice += 1) {
      const first = Math.trunc(slice / 4) * 4;
      assert.deepEqual(
        target.subarray(slice * length, (slice + 1) * length),
        target.subarray(first * length, (first + 1) * length),
      );
    }
  }
  stacks.close();
  slices.close();
});

test('patches cover every slice of a scan, and what they count for a slice adds up to one', () => {
  assert.deepEqual(patchStarts(6, patch), [0, 2]);
  assert.deepEqual(patchStarts(9, patch), [0, 2, 3, 5]);
  assert.deepEqual(patchStarts(3, patch), [0], 'a scan shorter than a patch');
  for (const slices of [1, 3, 4, 5, 47, 48, 49, 128]) {
    for (const step of [0.25, 0.5, 1]) {
      const sums = new Float64Array(slices);
      for (const { start, shares } of patchShares(slices, { slices: 48, step })) {
        for (const [k, share] of shares.entries()) sums[start + k]! += share;
      }
      assert.ok(
        sums.every((sum) => Math.abs(sum - 1) < 1e-12),
        `${slices} slices, step ${step}`,
      );
    }
  }
});

test('a 3-D training learns, leaks nothing, and goes on to the same numbers', async (t) => {
  const tf = await loadTensorFlow();
  const root = await mkdtemp(join(tmpdir(), 'contour-node-3d-'));
  t.after(() => rm(root, { recursive: true }));
  const config = smallConfig({ ...volumes, training: { epochs: 8, learningRate: 0.02, slicesPerEpoch: 96, batch: 2 } });
  const before = tf.memory().numTensors;
  const whole = await train(tf, { config, cases: split, directory: join(root, 'whole') });
  assert.equal(tf.memory().numTensors, before);
  const [first, last] = [whole.history[0], whole.history.at(-1)];
  assert.ok((last?.loss ?? 1) < (first?.loss ?? 0) * 0.5, `${first?.loss} to ${last?.loss}`);
  assert.ok((last?.meanDice ?? 0) > 0.8, `Dice ${last?.meanDice}`);

  const directory = join(root, 'resumed');
  const stop = new AbortController();
  await train(tf, {
    config,
    cases: split,
    directory,
    signal: stop.signal,
    onEpoch: ({ length }) => void (length === 3 && stop.abort()),
  });
  const resumed = await train(tf, { config, cases: split, directory });
  assert.deepEqual(resumed.best, whole.best);
});

test('a patch and a 3-D network belong together', () => {
  const wrong = [
    [{ architecture: volumes.architecture }, /input\.patch belongs to unet3d alone/],
    [{ input: volumes.input }, /input\.patch belongs to unet3d alone/],
    [
      { ...volumes, input: { patch: { slices: 6, step: 0.5 } } },
      /input\.size and input\.patch\.slices 32 x 32 x 6 is no multiple/,
    ],
  ] as const;
  for (const [changes, message] of wrong)
    assert.throws(() => networkOf(smallConfig(changes)), { code: 'CONFIG_INVALID', message });
});
