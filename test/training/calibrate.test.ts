import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadTensorFlow } from '../../worker/engines/load-tensorflow.ts';
import { calibratedThresholds, candidateThresholds } from '../../worker/training/calibrate.ts';
import { BatchSampler } from '../../worker/training/sample-batch.ts';
import { train } from '../../worker/training/trainer.ts';
import { mirroredChannels } from '../../worker/inference/mirrored-channels.ts';
import { type RoiDice, validationDice } from '../../worker/training/validate.ts';
import { smallCases, smallConfig } from './small-training.ts';

/** Dice that is best at one threshold and falls to either side. */
function bestAt(threshold: number, patients = 5): RoiDice {
  return { patients, mean: candidateThresholds.map((candidate) => 0.8 - Math.abs(candidate - threshold)) };
}

test('each ROI gets the threshold that is best on the patients set aside', () => {
  assert.deepEqual(calibratedThresholds([bestAt(0.65), bestAt(0.35)], [0, 1]), [0.65, 0.35]);
});

test('a left and a right organ get the same threshold: the one that is best for both', () => {
  const [left, right] = calibratedThresholds([bestAt(0.6), bestAt(0.6), bestAt(0.5)], [1, 0, 2]);
  assert.deepEqual([left, right], [0.6, 0.6]);
  const flat: RoiDice = { patients: 5, mean: candidateThresholds.map(() => 0.7) };
  assert.deepEqual(calibratedThresholds([bestAt(0.65), flat], [1, 0]), [0.65, 0.65]);
});

test('0.5 stays where another is hardly better, and where fewer than five patients have the ROI', () => {
  const flat: RoiDice = { patients: 9, mean: candidateThresholds.map(() => 0.7) };
  const hardly: RoiDice = { patients: 14, mean: candidateThresholds.map((candidate) => 0.7 + candidate / 100) };
  const none: RoiDice = { patients: 0, mean: candidateThresholds.map(() => null) };
  assert.deepEqual(calibratedThresholds([flat, bestAt(0.7, 4), hardly, none], [0, 1, 2, 3]), [0.5, 0.5, 0.5, 0.5]);
});

test('a training that calibrates ends with thresholds that are no worse than 0.5 on its validation patients', async () => {
  const tf = await loadTensorFlow(false);
  const directory = await mkdtemp(join(tmpdir(), 'contour-node-calibrate-'));
  after(() => rm(directory, { recursive: true }));
  const cases = await smallCases(8);
  const config = smallConfig({ training: { calibrate: true, epochs: 2, learningRate: 0.01 } });
  const validation = cases.slice(2);
  const { network, best, calibration } = await train(tf, {
    config,
    cases: { training: cases.slice(0, 2), validation },
    directory,
  });
  assert.ok(calibration);
  assert.deepEqual(calibration.patients, [6, 6]);

  const sampler = new BatchSampler({
    cases: validation,
    input: config.input,
    augmentation: config.augmentation,
    batch: 4,
    seed: 1,
    foreground: 0,
    mirrored: mirroredChannels(config.rois),
  });
  const [left, right] = calibration.thresholds;
  assert.ok(left !== undefined && left === right, 'discs are a pair');
  const of = { sampler, cases: validation, step: 1 };
  const dice = await validationDice(tf, network, best, of, [Math.min(0.5, left), Math.max(0.5, left)]);
  sampler.close();
  const both = (n: number) => dice.reduce((sum, { mean }) => sum + (mean.at(n) ?? 0), 0);
  assert.ok(Math.max(both(0), both(-1)) > 0);
  assert.ok(left === 0.5 ? true : left < 0.5 ? both(0) > both(-1) : both(-1) > both(0));
});
