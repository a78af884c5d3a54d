import type { TensorFlow } from '../engines/load-tensorflow.ts';
import { type Patch, patchShares } from '../inference/patches-along-slices.ts';
import { type InferenceNetwork, inferenceNetwork } from '../networks/forward.ts';
import type { Network } from '../networks/layers.ts';
import type { Parameters } from '../networks/parameters.ts';
import type { Batch } from './batch.ts';
import type { BatchSampler } from './sample-batch.ts';
import type { PreparedCase } from './prepared-case.ts';

/** Slices that go through the network at once. */
const batch = 8;

export interface Validation {
  readonly sampler: BatchSampler;
  /** The first of the sampler's cases. */
  readonly cases: readonly PreparedCase[];
  /** Step between the slices that are validated; a 3-D network is validated on all of them. */
  readonly step: number;
  /** Of a 3-D network. */
  readonly patch?: Patch | undefined;
}

/** Of one ROI. */
export interface RoiDice {
  /** Patients that have the ROI, or in which the network found it although it is known to be absent. */
  readonly patients: number;
  /** 3-D Dice on the network's grid at each threshold, mean over the patients; null where there is none. */
  readonly mean: readonly (number | null)[];
}

/**
 * 3-D Dice of every ROI on the network's grid, without clean-up, at each of several thresholds (ascending). This ranks
 * checkpoints and thresholds; figures for people come from `evaluate`, in mm.
 */
export async function validationDice(
  tf: TensorFlow,
  network: Network,
  parameters: Parameters,
  { sampler, cases, step, patch }: Validation,
  thresholds: readonly number[],
): Promise<RoiDice[]> {
  const rois = cases[0]?.description.known.length ?? 0;
  const sums = Array.from({ length: rois }, () => new Float64Array(thresholds.length));
  const patients = new Float64Array(rois);
  const inference = inferenceNetwork(tf, network, parameters);
  try {
    for (const [index, { description }] of cases.entries()) {
      const counts = Array.from({ length: rois }, () => new OverlapCounts(thresholds));
      const seen =
        patch === undefined
          ? seenInSlices(sampler, index, description.size[2], step, (input) => predict(tf, inference, input))
          : [seenInPatches(sampler, index, description.size[2], patch, (input) => predict(tf, inference, input))];
      for (const { target, found } of seen) {
        count(target, found, counts);
        // Lets the messages of the batch loader arrive.
        await new Promise(setImmediate);
      }
      for (const [roi, counted] of counts.entries()) {
        if (description.known[roi] !== true || counted.nothing) continue;
        for (const [n, dice] of counted.dice().entries()) sums[roi]![n]! += dice;
        patients[roi]! += 1;
      }
    }
  } finally {
    inference.dispose();
  }
  return Array.from(sums, (sum, roi) => {
    const of = patients[roi] ?? 0;
    return { patients: of, mean: Array.from(sum, (value) => (of > 0 ? value / of : null)) };
  });
}

function predict(tf: TensorFlow, inference: InferenceNetwork, { input, inputShape }: Batch): Float32Array {
  let found: Float32Array = new Float32Array();
  // Not as the result of `tidy`, which looks for tensors in each element of an array: longer than the network takes.
  tf.tidy(() => {
    found = inference.predict(tf.tensor(input, [...inputShape])).dataSync<'float32'>();
  });
  return found;
}

/** What is drawn and what the network finds, voxel by voxel, within a voxel ROI by ROI. */
interface Seen {
  readonly target: Uint8Array;
  readonly found: Float32Array;
}

function* seenInSlices(
  sampler: BatchSampler,
  index: number,
  slices: number,
  step: number,
  predict: (input: Batch) => Float32Array,
): Generator<Seen> {
  const wanted = Array.from({ length: Math.ceil(slices / step) }, (_, n) => n * step);
  for (let first = 0; first < wanted.length; first += batch) {
    const plain = sampler.plain(index, wanted.slice(first, first + batch));
    yield { target: plain.target, found: predict(plain) };
  }
}

/** The whole patient, patches joined as inference joins them. */
function seenInPatches(
  sampler: BatchSampler,
  index: number,
  slices: number,
  patch: Patch,
  predict: (input: Batch) => Float32Array,
): Seen {
  let whole: Seen | undefined;
  for (const { start, shares } of patchShares(slices, patch)) {
    const plain = sampler.plain(index, [start]);
    const found = predict(plain);
    const area = found.length / patch.slices;
    whole ??= { target: new Uint8Array(area * slices), found: new Float32Array(area * slices) };
    for (const [k, share] of shares.entries()) {
      const offset = (start + k) * area;
      whole.target.set(plain.target.subarray(k * area, (k + 1) * area), offset);
      for (let v = 0; v < area; v += 1) whole.found[offset + v]! += share * found[k * area + v]!;
    }
  }
  return whole ?? { target: new Uint8Array(), found: new Float32Array() };
}

function count(target: Uint8Array, found: Float32Array, counts: readonly OverlapCounts[]): void {
  const rois = counts.length;
  for (let i = 0; i < found.length; i += 1) counts[i % rois]?.add(found[i] ?? 0, target[i] === 1);
}

/** Voxels of one ROI in one patient, by how many of the thresholds their probability reaches. */
class OverlapCounts {
  readonly #thresholds: Float64Array;
  readonly #found: Float64Array;
  readonly #overlap: Float64Array;
  #truth = 0;

  constructor(thresholds: readonly number[]) {
    this.#thresholds = Float64Array.from(thresholds);
    this.#found = new Float64Array(thresholds.length + 1);
    this.#overlap = new Float64Array(thresholds.length + 1);
  }

  add(probability: number, inside: boolean): void {
    let reached = 0;
    while (reached < this.#thresholds.length && probability >= this.#thresholds[reached]!) reached += 1;
    this.#found[reached]! += 1;
    if (!inside) return;
    this.#overlap[reached]! += 1;
    this.#truth += 1;
  }

  /** Neither in the structure set nor found, even at the lowest threshold. */
  get nothing(): boolean {
    return this.#truth === 0 && this.#found.subarray(1).every((voxels) => voxels === 0);
  }

  /** Dice at each threshold; 1 where the ROI is absent and not found. */
  dice(): number[] {
    return Array.from(this.#thresholds, (_, n) => {
      const found = total(this.#found.subarray(n + 1));
      return found + this.#truth === 0 ? 1 : (2 * total(this.#overlap.subarray(n + 1))) / (found + this.#truth);
    });
  }
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
