import type { VolumeSection } from '../../src/bundles/volume-section.ts';
import { roundHalfToEven } from './image-grid.ts';
import type { Triple } from './model-view.ts';

/**
 * Where the patches begin along one axis: as few as keep within `step` patches of each other, evenly spread; or at the
 * `fixed` distance of `step` patches in whole voxels, the last one moved back into the image (MONAI's
 * dense_patch_slices).
 */
export function patchStarts(
  length: number,
  patch: number,
  step: number,
  spread: VolumeSection['spread'] = 'evenly',
): number[] {
  const room = length - patch;
  if (spread === 'fixed') {
    const interval = Math.max(1, Math.trunc(patch * step));
    return Array.from({ length: Math.ceil(room / interval) + 1 }, (_, n) => Math.min(n * interval, room));
  }
  const count = Math.ceil(room / (patch * step)) + 1;
  if (count === 1) return [0];
  return Array.from({ length: count }, (_, n) => roundHalfToEven((room / (count - 1)) * n));
}

/** What a voxel of a patch counts where patches overlap. */
export function patchWeights(
  patch: Triple,
  { weights, gaussianSigma }: Pick<VolumeSection, 'weights' | 'gaussianSigma'>,
): Float32Array {
  if (weights === 'gaussian') return gaussianWeights(patch, gaussianSigma);
  if (weights === 'centred-gaussian') return centredGaussianWeights(patch, gaussianSigma);
  return new Float32Array(patch[0] * patch[1] * patch[2]).fill(1);
}

/** Smallest weight of MONAI's Gaussian, whose largest is 1. */
const leastWeight = 1e-3;

/** MONAI's compute_importance_map: a Gaussian around the exact middle, held above its smallest weight. */
function centredGaussianWeights(patch: Triple, sigma: number): Float32Array {
  const along = patch.map((length) =>
    Float32Array.from({ length }, (_, i) => Math.exp(-((i - (length - 1) / 2) ** 2) / (2 * (sigma * length) ** 2))),
  );
  const weights = new Float32Array(patch[0] * patch[1] * patch[2]);
  let v = 0;
  for (const a of along[0]!)
    for (const b of along[1]!) for (const c of along[2]!) weights[v++] = Math.max(Math.fround(a * b) * c, leastWeight);
  return weights;
}

/** Largest weight; nnU-Net scales so in half precision, and what is then 0 gets the smallest weight that is not. */
const largestWeight = 10;

/**
 * Weights of the voxels of a patch: a Gaussian around its middle, of half precision as nnU-Net has it, never 0.
 * @param sigma standard deviation in patches
 */
export function gaussianWeights(patch: Triple, sigma: number): Float32Array {
  const along = patch.map((length) => {
    const centre = length >> 1;
    const deviation = length * sigma;
    // scipy's gaussian_filter ends at four deviations.
    const reach = Math.trunc(4 * deviation + 0.5);
    return Array.from({ length }, (_, i) =>
      length > 1 && Math.abs(i - centre) > reach ? 0 : Math.exp(-((i - centre) ** 2) / (2 * deviation * deviation)),
    );
  });
  const weights = new Float32Array(patch[0] * patch[1] * patch[2]);
  let smallest = Infinity;
  let v = 0;
  for (const a of along[0]!) {
    for (const b of along[1]!) {
      for (const c of along[2]!) {
        const weight = Math.f16round(a * b * c * largestWeight);
        if (weight > 0 && weight < smallest) smallest = weight;
        weights[v] = weight;
        v += 1;
      }
    }
  }
  return weights.map((weight) => (weight === 0 ? smallest : weight));
}

/** Every set of the axes that is not empty: the ways to mirror. */
export function mirrorings(axes: readonly number[]): number[][] {
  const sets = axes.reduce<number[][]>((known, axis) => [...known, ...known.map((set) => [...set, axis])], [[]]);
  return sets.slice(1);
}

/** Mirrors [channels, ...size] along some of the three axes; a new array. */
export function mirrored(values: Float32Array, size: Triple, axes: readonly number[]): Float32Array {
  const result = new Float32Array(values.length);
  addMirrored(result, values, size, axes);
  return result;
}

/** Adds [channels, ...size], mirrored along some of the three axes, to `target`. */
export function addMirrored(
  target: Float32Array,
  values: Float32Array,
  [n0, n1, n2]: Triple,
  axes: readonly number[],
): void {
  const [flip0, flip1, flip2] = [axes.includes(0), axes.includes(1), axes.includes(2)];
  const channels = values.length / (n0 * n1 * n2);
  let row = 0;
  for (let c = 0; c < channels; c += 1) {
    for (let i = 0; i < n0; i += 1) {
      for (let j = 0; j < n1; j += 1, row += n2) {
        const from = ((c * n0 + (flip0 ? n0 - 1 - i : i)) * n1 + (flip1 ? n1 - 1 - j : j)) * n2;
        addRow(target, row, values, flip2 ? from + n2 - 1 : from, flip2 ? -1 : 1, n2);
      }
    }
  }
}

function addRow(
  target: Float32Array,
  row: number,
  values: Float32Array,
  from: number,
  step: 1 | -1,
  length: number,
): void {
  for (let k = 0; k < length; k += 1) target[row + k] = target[row + k]! + values[from + k * step]!;
}
