import { columnOf } from '../../src/dicom/affine.ts';
import type { ModalityImage } from '../volume/modality-image.ts';

/**
 * An image smoothed by a Gaussian along its three axes. Beyond the ends the outermost value counts on; an axis whose voxels are
 * far apart stays as it is.
 * @param sigmaMm standard deviation
 * @param range values beyond it count as its ends
 */
export function smoothed(
  { size, values, toPatient }: ModalityImage,
  sigmaMm: number,
  [low, high]: readonly [number, number] = [-Infinity, Infinity],
): ModalityImage {
  let result: Float32Array = Float32Array.from(values, (value) => (value < low ? low : value > high ? high : value));
  const steps = [1, size[0], size[0] * size[1]] as const;
  for (const axis of [0, 1, 2] as const) {
    const sigma = sigmaMm / Math.hypot(...columnOf(toPatient, axis));
    if (sigma >= 0.4) result = alongAxis(result, size[axis], steps[axis], gaussian(sigma));
  }
  return { size, values: result, toPatient };
}

/** Weights from the middle outwards; all of both sides add up to 1. */
function gaussian(sigma: number): number[] {
  const weights = Array.from({ length: Math.ceil(2.5 * sigma) + 1 }, (_, n) =>
    Math.exp(-(n * n) / (2 * sigma * sigma)),
  );
  const sum = weights.reduce((total, weight) => total + 2 * weight, -weights[0]!);
  return weights.map((weight) => weight / sum);
}

function alongAxis(values: Float32Array, count: number, step: number, weights: readonly number[]): Float32Array {
  const result = new Float32Array(values.length);
  const block = count * step;
  for (let first = 0; first < values.length; first += block) {
    for (let n = 0; n < count; n += 1) {
      const row = first + n * step;
      for (const [distance, weight] of weights.entries()) {
        const below = first + Math.max(0, n - distance) * step;
        const above = first + Math.min(count - 1, n + distance) * step;
        const share = distance === 0 ? weight / 2 : weight;
        for (let at = 0; at < step; at += 1) result[row + at]! += share * (values[below + at]! + values[above + at]!);
      }
    }
  }
  return result;
}
