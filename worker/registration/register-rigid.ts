import { type Affine, inverse, product, transformed } from '../../src/dicom/affine.ts';
import type { Body } from '../volume/body.ts';
import type { ModalityImage, PlacedImage } from '../volume/modality-image.ts';
import { sampler } from '../volume/modality-on-grid.ts';
import type { Volume } from '../volume/volume.ts';
import { JointHistogram } from './joint-histogram.ts';
import { minimise } from './powell.ts';
import { alongAxes, rigid } from './rigid.ts';
import { shrunk } from './shrink.ts';

/** One pass of the search, coarse to fine. */
interface Level {
  /** Voxels of the CT, each of which is a sample, and of the image. */
  readonly ctMm: number;
  readonly imageMm: number;
  /** First step of the search: mm, and degrees as mm at `leverMm`. */
  readonly reachMm: number;
}

const levels: readonly Level[] = [
  { ctMm: 8, imageMm: 6, reachMm: 12 },
  { ctMm: 6, imageMm: 3, reachMm: 4 },
  { ctMm: 5, imageMm: 1.5, reachMm: 1 },
];

/** A rotation by an angle moves the head's surface by so much: this makes steps of angles and of mm alike. */
const leverMm = 80;
/** Beyond, CT numbers are not told apart: air is one class, compact bone another. */
const huRange = [-400, 600] as const;
/** The least share of the samples that the image has to reach, else their mutual information says nothing. */
const leastReached = 0.25;
/** How far outside of the image and of the body samples still count, as the search may bring them into it. */
const aroundMm = { image: 30, body: 10 };

/**
 * Registers an image to a CT by a rigid transform: the greatest mutual information of CT numbers and image values (Maes et
 * al. 1997, IEEE Trans Med Imaging 16: 187), from coarse to fine, by Powell's method. The same input gives the same transform.
 * @param start where the search begins, e.g. by the frames of reference; a start whose image misses the body is replaced by
 *   the middles of image and body
 * @returns the way from the CT's frame of reference to the image's
 */
export function registerRigid({ image, fromCt: start }: PlacedImage, ct: Volume, body: Body): Affine {
  const middle = middleOf(image);
  let fromCt = reaches(middle, start, body) ? start : betweenMiddles(middle, body);
  for (const { ctMm, imageMm, reachMm } of levels) {
    const samples = samplesOf(shrunk(ctAround(image, fromCt, ct, body), ctMm));
    const moving = shrunk(image, imageMm);
    const histogram = new JointHistogram(samples.hu, huRange, moving.values);
    const sample = sampler(moving);
    const toIndex = inverse(moving.toPatient);
    const { points } = samples;
    const cost = (parameters: readonly number[]): number => {
      const m = product(toIndex, moved(fromCt, parameters, middle));
      const valueAt = (at: number): number => {
        const [x, y, z] = [points[at * 3]!, points[at * 3 + 1]!, points[at * 3 + 2]!];
        return sample(
          m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
          m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
          m[8]! * x + m[9]! * y + m[10]! * z + m[11]!,
        );
      };
      return -histogram.mutualInformation(valueAt, leastReached);
    };
    fromCt = moved(fromCt, minimise(cost, [0, 0, 0, 0, 0, 0], reachMm), middle);
  }
  return fromCt;
}

/** @param parameters angles about x, y, z in mm at `leverMm`, then shifts in mm; about the image's middle */
function moved(fromCt: Affine, parameters: readonly number[], middle: readonly [number, number, number]): Affine {
  const [a, b, c, x, y, z] = parameters as [number, number, number, number, number, number];
  return product(rigid([a / leverMm, b / leverMm, c / leverMm], [x, y, z], middle), fromCt);
}

function middleOf({ size, toPatient }: ModalityImage): [number, number, number] {
  return transformed(toPatient, [(size[0] - 1) / 2, (size[1] - 1) / 2, (size[2] - 1) / 2]);
}

/** Whether the middle of the image lies in the body's box, a little more of it allowed. */
function reaches(middle: readonly [number, number, number], fromCt: Affine, { low, high }: Body): boolean {
  const inCt = transformed(inverse(fromCt), middle);
  return inCt.every((value, axis) => value > low[axis]! - 20 && value < high[axis]! + 20);
}

function betweenMiddles(middle: readonly number[], { low, high }: Body): Affine {
  const shift = middle.map((value, axis) => value - (low[axis]! + high[axis]!) / 2);
  return rigid([0, 0, 0], shift as [number, number, number]);
}

/** The part of the CT around body and image. Slices count as evenly spaced: a few mm make no difference to a sample. */
function ctAround(image: ModalityImage, fromCt: Affine, { grid, hu }: Volume, body: Body): ModalityImage {
  const toCt = product(inverse(fromCt), image.toPatient);
  const corners = Array.from({ length: 8 }, (_, corner) =>
    transformed(toCt, [0, 1, 2].map((axis) => ((corner >> axis) & 1) * image.size[axis as 0 | 1 | 2]) as never),
  );
  const [nx, ny, nz] = grid.size;
  const step = nz > 1 ? (grid.z[nz - 1]! - grid.z[0]!) / (nz - 1) : 1;
  const spacing = [grid.spacing[0], grid.spacing[1], step];
  const origin = [grid.origin[0], grid.origin[1], grid.z[0]!];
  const range = (axis: 0 | 1 | 2): [number, number] => {
    const places = corners.map((corner) => corner[axis]);
    const low = Math.max(Math.min(...places) - aroundMm.image, body.low[axis] - aroundMm.body);
    const high = Math.min(Math.max(...places) + aroundMm.image, body.high[axis] + aroundMm.body);
    const index = (mm: number): number => (mm - origin[axis]!) / spacing[axis]!;
    const first = Math.max(0, Math.min(grid.size[axis] - 1, Math.floor(index(low))));
    return [first, Math.max(first, Math.min(grid.size[axis] - 1, Math.ceil(index(high))))];
  };
  const [[i0, i1], [j0, j1], [k0, k1]] = [range(0), range(1), range(2)];
  const size = [i1 - i0 + 1, j1 - j0 + 1, k1 - k0 + 1] as const;
  const values = new Int16Array(size[0] * size[1] * size[2]);
  let at = 0;
  for (let k = k0; k <= k1; k += 1)
    for (let j = j0; j <= j1; j += 1)
      for (let i = i0; i <= i1; i += 1, at += 1)
        values[at] = Math.max(huRange[0], Math.min(huRange[1], hu[(k * ny + j) * nx + i]!));
  const place = [i0, j0, k0].map((first, axis) => origin[axis]! + first * spacing[axis]!);
  return { size, values, toPatient: alongAxes(spacing, place) };
}

/** Every voxel: its place in the CT's frame of reference and its CT number. */
function samplesOf({ size: [nx, ny, nz], values, toPatient }: ModalityImage): {
  readonly points: Float64Array;
  readonly hu: Float64Array;
} {
  const points = new Float64Array(values.length * 3);
  for (let k = 0, at = 0; k < nz; k += 1)
    for (let j = 0; j < ny; j += 1)
      for (let i = 0; i < nx; i += 1, at += 3) points.set(transformed(toPatient, [i, j, k]), at);
  return { points, hu: Float64Array.from(values) };
}
