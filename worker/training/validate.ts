import type { TensorFlow } from '../engines/load-tensorflow.ts';
import { inferenceNetwork } from '../networks/forward.ts';
import type { Network } from '../networks/layers.ts';
import type { Parameters } from '../networks/parameters.ts';
import type { Batch } from './batch.ts';
import type { BatchSampler } from './sample-batch.ts';
import type { PreparedCase } from './prepared-case.ts';

/** Slices that go through the network at once. */
const batch = 8;

/**
 * 3-D Dice of every ROI on the network's grid, averaged over the patients that have it drawn (threshold 0.5, every
 * `step`-th slice); null where none has. This ranks checkpoints; figures for people come from `evaluate`, in mm.
 */
export async function validationDice(
  tf: TensorFlow,
  network: Network,
  parameters: Parameters,
  sampler: BatchSampler,
  cases: readonly PreparedCase[],
  step: number,
): Promise<(number | null)[]> {
  const rois = cases[0]?.description.known.length ?? 0;
  const sums = new Float64Array(rois);
  const patients = new Float64Array(rois);
  const inference = inferenceNetwork(tf, network, parameters);
  try {
    for (const [index, { description }] of cases.entries()) {
      const counts = Array.from({ length: rois }, () => ({ overlap: 0, found: 0, truth: 0 }));
      const slices = Array.from({ length: Math.ceil(description.size[2] / step) }, (_, n) => n * step);
      for (let first = 0; first < slices.length; first += batch) {
        const plain = sampler.plain(index, slices.slice(first, first + batch));
        count(plain, predict(tf, inference, plain), counts);
        // Lets the loader's batches in.
        await new Promise(setImmediate);
      }
      for (const [roi, { overlap, found, truth }] of counts.entries()) {
        if (description.known[roi] !== true || found + truth === 0) continue;
        sums[roi] = (sums[roi] ?? 0) + (2 * overlap) / (found + truth);
        patients[roi] = (patients[roi] ?? 0) + 1;
      }
    }
  } finally {
    inference.dispose();
  }
  return Array.from(sums, (sum, roi) => ((patients[roi] ?? 0) > 0 ? sum / (patients[roi] ?? 1) : null));
}

function predict(
  tf: TensorFlow,
  inference: ReturnType<typeof inferenceNetwork>,
  { input, inputShape }: Batch,
): Float32Array {
  return tf.tidy(() => inference.predict(tf.tensor4d(input, [...inputShape])).dataSync<'float32'>());
}

function count(
  { target, targetShape }: Batch,
  found: Float32Array,
  counts: { overlap: number; found: number; truth: number }[],
): void {
  const rois = targetShape[3];
  for (let i = 0; i < found.length; i += 1) {
    const roi = counts[i % rois];
    if (roi === undefined) continue;
    const inside = (found[i] ?? 0) >= 0.5 ? 1 : 0;
    const truth = target[i] ?? 0;
    roi.found += inside;
    roi.truth += truth;
    roi.overlap += inside * truth;
  }
}
