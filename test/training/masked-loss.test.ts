import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor4D } from '@tensorflow/tfjs-node';
import { loadTensorFlow } from '../../worker/engines/load-tensorflow.ts';
import { segmentationLoss } from '../../worker/training/loss.ts';

const tf = await loadTensorFlow();
const both = { dice: 1, crossEntropy: 1 };

/** [batch, 1, 1, ROIs] logits, targets and known flags from rows of one pixel each. */
function loss(logits: number[][], target: number[][], known: number[][], weights = both): number {
  const tensor = (rows: number[][]): Tensor4D => tf.tensor4d(rows.flat(), [rows.length, 1, 1, rows[0]?.length ?? 0]);
  return tf.tidy(
    () => segmentationLoss(tf, tensor(logits), tensor(target), tensor(known), weights).dataSync()[0] ?? Number.NaN,
  );
}

test('an ROI that a patient does not have drawn teaches nothing', () => {
  const known = [
    [1, 0],
    [1, 1],
  ];
  const reference = loss(
    [
      [2, -1],
      [-1, 1],
    ],
    [
      [1, 0],
      [0, 1],
    ],
    known,
  );
  assert.equal(
    loss(
      [
        [2, 5],
        [-1, 1],
      ],
      [
        [1, 0],
        [0, 1],
      ],
      known,
    ),
    reference,
    'neither its prediction',
  );
  assert.equal(
    loss(
      [
        [2, -1],
        [-1, 1],
      ],
      [
        [1, 1],
        [0, 1],
      ],
      known,
    ),
    reference,
    'nor a mark in its channel',
  );
  assert.notEqual(
    loss(
      [
        [2, -1],
        [-1, 3],
      ],
      [
        [1, 0],
        [0, 1],
      ],
      known,
    ),
    reference,
  );
  const gradient = tf.tidy(() => {
    const logits = tf.tensor4d([2, -1, -1, 1], [2, 1, 1, 2]);
    const target = tf.tensor4d([1, 0, 0, 1], [2, 1, 1, 2]);
    const mask = tf.tensor4d(known.flat(), [2, 1, 1, 2]);
    return tf
      .grad((z) => segmentationLoss(tf, z as Tensor4D, target, mask, both))(logits)
      .dataSync();
  });
  assert.equal(Math.abs(gradient[1] ?? Number.NaN), 0);
  assert.ok([0, 2, 3].every((i) => Math.abs(gradient[i] ?? 0) > 1e-3));
});

test('the loss is 1 - Dice plus the mean cross-entropy', () => {
  const p = (z: number): number => 1 / (1 + Math.exp(-z));
  const [a, b] = [0.7, -0.4];
  const dice = 1 - (2 * p(a) + 1) / (p(a) + p(b) + 1 + 1);
  const crossEntropy = (-Math.log(p(a)) - Math.log(1 - p(b))) / 2;
  const found = (weights: typeof both): number => loss([[a], [b]], [[1], [0]], [[1], [1]], weights);
  assert.ok(Math.abs(found({ dice: 1, crossEntropy: 0 }) - dice) < 1e-6);
  assert.ok(Math.abs(found({ dice: 0, crossEntropy: 1 }) - crossEntropy) < 1e-6);
  assert.ok(Math.abs(found({ dice: 0.5, crossEntropy: 2 }) - 0.5 * dice - 2 * crossEntropy) < 1e-6);
});

test('an ROI in no slice of the batch is judged by cross-entropy alone', () => {
  const dice = { dice: 1, crossEntropy: 0 };
  assert.equal(loss([[2, -1]], [[1, 0]], [[1, 1]], dice), loss([[2, 3]], [[1, 0]], [[1, 1]], dice));
  assert.ok(loss([[2, -1]], [[1, 0]], [[1, 1]]) < loss([[2, 3]], [[1, 0]], [[1, 1]]));
});

test('an ROI of weight 3 counts like three others', () => {
  const found = (rois: number[]): number =>
    tf.tidy(() => {
      const logits = tf.tensor4d([2, -1], [1, 1, 1, 2]);
      const target = tf.tensor4d([1, 1], [1, 1, 1, 2]);
      return segmentationLoss(tf, logits, target, tf.ones([1, 1, 1, 2]), { ...both, rois }).dataSync()[0] ?? Number.NaN;
    });
  const [first, second] = [found([1, 0]), found([0, 1])];
  assert.ok(Math.abs(found([3, 1]) - (3 * first + second) / 4) < 1e-6);
});

test('a batch in which nobody has any ROI drawn has a finite loss and huge logits overflow nothing', () => {
  assert.equal(loss([[3, -3]], [[0, 0]], [[0, 0]]), 0);
  const sure = loss([[200], [-200]], [[1], [0]], [[1], [1]]);
  assert.ok(sure >= 0 && sure < 1e-3, String(sure));
});
