import type { Scalar, Tensor } from '@tensorflow/tfjs-node';
import type { TensorFlow } from '../engines/load-tensorflow.ts';

/** Keeps the Dice of an ROI without pixels from dividing by zero; pixels. */
const smoothing = 1;

export interface LossWeights {
  readonly dice: number;
  readonly crossEntropy: number;
  /** One for each ROI channel; all alike where it is left out. */
  readonly rois?: readonly number[];
}

/**
 * Weighted sum of 1 - Dice (the paper's loss; per ROI over all pixels of the batch, then the mean over the ROIs) and the
 * mean binary cross-entropy.
 *
 * An ROI that lies in no slice of the batch has a cross-entropy only. Its Dice would be smoothing / (smoothing + sum of
 * its probabilities), which is steepest where the network hardly marks anything: in that case small ROIs disappeared for good.
 * @param logits [batch, height, width, ROIs], 3-D: slices before height
 * @param target 0 or 1, same shape
 * @param known 1 where the patient of a sample has the ROI in the structure set, else 0: [batch, 1, ..., ROIs]. An ROI
 *   with 0 is in neither part of the loss.
 */
export function segmentationLoss(
  tf: TensorFlow,
  logits: Tensor,
  target: Tensor,
  known: Tensor,
  weights: LossWeights,
): Scalar {
  const rois = logits.shape.at(-1) ?? 0;
  const pixels = logits.shape.slice(1, -1).reduce((product, length) => product * length, 1);
  const overPixels = logits.shape.slice(0, -1).map((_, axis) => axis);
  const roiWeights = tf.tensor1d([...(weights.rois ?? Array.from({ length: rois }, () => 1))]);
  const knownSamples = tf.sum(known, overPixels);
  const probability = tf.mul(tf.sigmoid(logits), known);
  const truth = tf.mul(target, known);
  const overlap = tf.sum(tf.mul(probability, truth), overPixels);
  const truthSize = tf.sum(truth, overPixels);
  const size = tf.add(tf.sum(probability, overPixels), truthSize);
  const dice = tf.div(tf.add(tf.mul(overlap, 2), smoothing), tf.add(size, smoothing));
  const diceWeights = tf.mul(tf.cast(tf.greater(truthSize, 0), 'float32'), roiWeights);
  const diceLoss = weightedMean(tf, tf.sub(1, dice), diceWeights);

  // max(z, 0) - z y + log(1 + exp(-|z|)): the cross-entropy of a sigmoid without overflow.
  const perPixel = tf.add(tf.sub(tf.relu(logits), tf.mul(logits, target)), tf.softplus(tf.neg(tf.abs(logits))));
  const perRoi = tf.div(tf.sum(tf.mul(perPixel, known), overPixels), tf.maximum(tf.mul(knownSamples, pixels), 1));
  const crossEntropy = weightedMean(tf, perRoi, tf.mul(knownSamples, roiWeights));
  return tf.add<Scalar>(tf.mul(diceLoss, weights.dice), tf.mul(crossEntropy, weights.crossEntropy));
}

/** 0 where every weight is. */
function weightedMean(tf: TensorFlow, values: Tensor, weights: Tensor): Tensor {
  return tf.div(tf.sum(tf.mul(values, weights)), tf.maximum(tf.sum(weights), 1e-9));
}
