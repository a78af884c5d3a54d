import { type Affine, inverse, product } from '../../src/dicom/affine.ts';
import type { Body } from './body.ts';
import type { ModalityImage, PlacedImage } from './modality-image.ts';
import type { Grid, Volume } from './volume.ts';

/** Stored for a voxel that the image does not reach. */
export const noData = -32768;
/** Stored units of one standard deviation. */
export const zScoreUnits = 1000;
/** Beyond so many standard deviations values are cut off. */
const mostDeviations = 30;
/** Distance of the voxels that the statistics are taken from, in plane. */
const stepMm = 3;
/** Tissue lies above, air and foam below. */
const tissueHu = -300;

/**
 * An image beside the CT on the network's grid, as z-score in thousandths: one trilinear interpolation from the image's
 * own voxels to the grid's, through registration and orientation at once. `noData` beyond the image.
 * @param statistics of the tissue (`tissueStatistics`)
 */
export function modalityOnGrid(
  { image, fromCt }: PlacedImage,
  grid: Grid,
  { mean, sd }: { readonly mean: number; readonly sd: number },
): Int16Array {
  const values = new Int16Array(grid.size[0] * grid.size[1] * grid.size[2]).fill(noData);
  const scale = zScoreUnits / sd;
  const most = mostDeviations * zScoreUnits;
  resample({ image, fromCt }, grid, (at, value) => {
    values[at] = Math.max(-most, Math.min(most, Math.round((value - mean) * scale)));
  });
  return values;
}

/** The image's own values on a grid in the CT's frame of reference, 0 beyond the image. */
export function valuesOnGrid(placed: PlacedImage, grid: Grid): Float32Array {
  const values = new Float32Array(grid.size[0] * grid.size[1] * grid.size[2]);
  resample(placed, grid, (at, value) => {
    values[at] = value;
  });
  return values;
}

/** Trilinear; `take` gets every voxel of the grid that the image reaches. */
function resample({ image, fromCt }: PlacedImage, grid: Grid, take: (at: number, value: number) => void): void {
  const [nx, ny, nz] = grid.size;
  const sample = sampler(image);
  const toIndex = product(inverse(image.toPatient), fromCt);
  const step = [0, 4, 8].map((row) => toIndex[row]! * grid.spacing[0]) as [number, number, number];
  for (let k = 0, at = 0; k < nz; k += 1) {
    for (let j = 0; j < ny; j += 1) {
      const [i0, j0, k0] = indexOf(toIndex, grid.origin[0], grid.origin[1] + j * grid.spacing[1], grid.z[k]!);
      for (let i = 0; i < nx; i += 1, at += 1) {
        const value = sample(i0 + i * step[0], j0 + i * step[1], k0 + i * step[2]);
        if (value <= Infinity) take(at, value);
      }
    }
  }
}

/**
 * Mean and standard deviation of the image in the tissue of the body: CT voxels above -300 HU within the body's bounding
 * box that the image reaches. They do not depend on the network's field of view.
 * @returns undefined where the image does not reach the body, or has one value only
 */
export function tissueStatistics(
  placed: PlacedImage,
  ct: Volume,
  body: Body,
): { readonly mean: number; readonly sd: number } | undefined {
  let [count, sum, squares] = [0, 0, 0];
  for (const { hu, value } of pairedSamples(placed, ct, body)) {
    if (hu < tissueHu) continue;
    count += 1;
    sum += value;
    squares += value * value;
  }
  if (count === 0) return undefined;
  const mean = sum / count;
  const sd = Math.sqrt(Math.max(squares / count - mean * mean, 0));
  return sd > 0 ? { mean, sd } : undefined;
}

/** A CT voxel and the image at its place. */
export interface PairedSample {
  readonly hu: number;
  readonly value: number;
}

/** CT voxels of the body's bounding box about 3 mm apart in plane, of every slice, where the image has data. */
export function* pairedSamples({ image, fromCt }: PlacedImage, ct: Volume, body: Body): Generator<PairedSample> {
  const { size, origin, spacing, z } = ct.grid;
  const sample = sampler(image);
  const toIndex = product(inverse(image.toPatient), fromCt);
  const [stepX, stepY] = spacing.map((mm) => Math.max(1, Math.round(stepMm / mm))) as [number, number];
  const first = (axis: 0 | 1) => Math.max(0, Math.ceil((body.low[axis] - origin[axis]) / spacing[axis]));
  const last = (axis: 0 | 1) => Math.min(size[axis] - 1, Math.floor((body.high[axis] - origin[axis]) / spacing[axis]));
  for (let k = 0; k < size[2]; k += 1) {
    for (let j = first(1); j <= last(1); j += stepY) {
      const y = origin[1] + j * spacing[1];
      for (let i = first(0); i <= last(0); i += stepX) {
        const value = sample(...indexOf(toIndex, origin[0] + i * spacing[0], y, z[k]!));
        if (value <= Infinity) yield { hu: ct.hu[(k * size[1] + j) * size[0] + i]!, value };
      }
    }
  }
}

function indexOf(m: Affine, x: number, y: number, z: number): [number, number, number] {
  return [
    m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
    m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
    m[8]! * x + m[9]! * y + m[10]! * z + m[11]!,
  ];
}

/**
 * The image at an index between its voxels: trilinear; within half a voxel of the outermost ones their value, as a voxel has
 * its extent; NaN beyond.
 */
export function sampler({ size: [nx, ny, nz], values }: ModalityImage): (i: number, j: number, k: number) => number {
  const area = nx * ny;
  return (i, j, k) => {
    if (!(i >= -0.5 && j >= -0.5 && k >= -0.5 && i <= nx - 0.5 && j <= ny - 0.5 && k <= nz - 0.5)) return Number.NaN;
    const x = Math.min(Math.max(i, 0), nx - 1);
    const y = Math.min(Math.max(j, 0), ny - 1);
    const z = Math.min(Math.max(k, 0), nz - 1);
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const z0 = Math.floor(z);
    const u = x - x0;
    const v = y - y0;
    const w = z - z0;
    const at = z0 * area + y0 * nx + x0;
    const right = x0 < nx - 1 ? 1 : 0;
    const back = y0 < ny - 1 ? nx : 0;
    const up = z0 < nz - 1 ? area : 0;
    const front = values[at]! * (1 - u) + values[at + right]! * u;
    const rear = values[at + back]! * (1 - u) + values[at + back + right]! * u;
    const above = at + up;
    const upperFront = values[above]! * (1 - u) + values[above + right]! * u;
    const upperRear = values[above + back]! * (1 - u) + values[above + back + right]! * u;
    return (front * (1 - v) + rear * v) * (1 - w) + (upperFront * (1 - v) + upperRear * v) * w;
  };
}
