import { roundHalfToEven } from './resample-image.ts';
import type { Triple } from './model-view.ts';

/** Where the patches begin along one axis: as few as keep within `step` patches of each other, evenly spread. */
export function patchStarts(length: number, patch: number, step: number): number[] {
  const room = length - patch;
  const count = Math.ceil(room / (patch * step)) + 1;
  if (count === 1) return [0];
  return Array.from({ length: count }, (_, n) => roundHalfToEven((room / (count - 1)) * n));
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
export function mirrored(values: Float32Array, [n0, n1, n2]: Triple, axes: readonly number[]): Float32Array {
  const result = new Float32Array(values.length);
  const [flip0, flip1, flip2] = [axes.includes(0), axes.includes(1), axes.includes(2)];
  const channels = values.length / (n0 * n1 * n2);
  let row = 0;
  for (let c = 0; c < channels; c += 1) {
    for (let i = 0; i < n0; i += 1) {
      for (let j = 0; j < n1; j += 1, row += n2) {
        const from = ((c * n0 + (flip0 ? n0 - 1 - i : i)) * n1 + (flip1 ? n1 - 1 - j : j)) * n2;
        const source = values.subarray(from, from + n2);
        result.set(source, row);
        if (flip2) result.subarray(row, row + n2).reverse();
      }
    }
  }
  return result;
}
