import { type Affine, columnOf, inverse, product, transformed } from '../../src/dicom/affine.ts';
import type { Body } from '../volume/body.ts';
import type { ModalityImage, PlacedImage } from '../volume/modality-image.ts';
import { sampler } from '../volume/modality-on-grid.ts';
import type { Volume } from '../volume/volume.ts';
import { JointHistogram } from './joint-histogram.ts';
import { minimise } from './powell.ts';
import { rigid } from './rigid.ts';
import { smoothed } from './smooth-image.ts';

/** One pass of the search, coarse to fine. */
interface Level {
  /** Distance of the CT's samples, mm. */
  readonly stepMm: number;
  /** Standard deviation of the smoothing of both images, mm. */
  readonly smoothMm: number;
  /** First step of the search: mm, and degrees times `degreeMm`. */
  readonly reachMm: number;
}

const levels: readonly Level[] = [
  { stepMm: 8, smoothMm: 4, reachMm: 12 },
  { stepMm: 5, smoothMm: 2, reachMm: 4 },
  { stepMm: 5, smoothMm: 1, reachMm: 1 },
];

/** A rotation by an angle moves the head's surface by so much: this makes steps of angles and of mm alike. */
const leverMm = 80;
/** CT numbers of air and compact bone and what lies beyond look alike in an MR. */
const huRange = [-400, 600] as const;
/** The least share of the samples that the image has to reach, else their mutual information says nothing. */
const leastReached = 0.25;

/**
 * Registers an image to a CT by a rigid transform: the greatest mutual information of CT numbers and image values (Maes et
 * al. 1997; joint histogram with shared bins after Mattes et al. 2003), from coarse to fine, by Powell's method. The same input
 * gives the same transform.
 * @param start where the search begins, e.g. by the frames of reference; a start whose image misses the body is replaced by
 *   the middles of image and body
 * @returns the way from the CT's frame of reference to the image's
 */
export function registerRigid({ image, fromCt: start }: PlacedImage, ct: Volume, body: Body): Affine {
  const middle = imageMiddle(image);
  let fromCt = reaches(image, start, body) ? start : betweenMiddles(middle, body);
  for (const level of levels) {
    const moving = smoothed(image, level.smoothMm);
    const samples = near(ctSamples(ct, body, level), moving, fromCt);
    const histogram = new JointHistogram(samples.hu, huRange, moving.values);
    const sample = sampler(moving);
    const toIndex = inverse(moving.toPatient);
    const cost = (parameters: readonly number[]): number => {
      const toImage = product(toIndex, moved(fromCt, parameters, middle));
      return -histogram.mutualInformation((at) => {
        const [x, y, z] = [samples.points[at * 3]!, samples.points[at * 3 + 1]!, samples.points[at * 3 + 2]!];
        return sample(
          toImage[0]! * x + toImage[1]! * y + toImage[2]! * z + toImage[3]!,
          toImage[4]! * x + toImage[5]! * y + toImage[6]! * z + toImage[7]!,
          toImage[8]! * x + toImage[9]! * y + toImage[10]! * z + toImage[11]!,
        );
      }, leastReached);
    };
    fromCt = moved(fromCt, minimise(cost, [0, 0, 0, 0, 0, 0], level.reachMm), middle);
  }
  return fromCt;
}

/** @param parameters angles about x, y, z in mm at `leverMm`, then shifts in mm; about the image's middle */
function moved(fromCt: Affine, parameters: readonly number[], middle: readonly [number, number, number]): Affine {
  const [a, b, c, x, y, z] = parameters as [number, number, number, number, number, number];
  return product(rigid([a / leverMm, b / leverMm, c / leverMm], [x, y, z], middle), fromCt);
}

/** How far outside of the image samples still count, as the search may bring them into it. */
const nearMm = 30;

function near({ points, hu }: Samples, { size, toPatient }: ModalityImage, fromCt: Affine): Samples {
  const toIndex = product(inverse(toPatient), fromCt);
  const margins = [0, 1, 2].map((axis) => nearMm / Math.hypot(...columnOf(toPatient, axis)));
  const kept = Array.from(hu.keys()).filter((at) =>
    transformed(toIndex, [points[at * 3]!, points[at * 3 + 1]!, points[at * 3 + 2]!]).every(
      (value, axis) => value > -margins[axis]! && value < size[axis]! + margins[axis]!,
    ),
  );
  return {
    points: Float64Array.from(kept.flatMap((at) => [...points.subarray(at * 3, at * 3 + 3)])),
    hu: Float64Array.from(kept, (at) => hu[at]!),
  };
}

interface Samples {
  /** x, y, z of each, mm. */
  readonly points: Float64Array;
  readonly hu: Float64Array;
}

function imageMiddle({ size, toPatient }: ModalityImage): [number, number, number] {
  return transformed(toPatient, [(size[0] - 1) / 2, (size[1] - 1) / 2, (size[2] - 1) / 2]);
}

/** Whether the middle of the image lies in the body's box, a little more of it allowed. */
function reaches(image: ModalityImage, fromCt: Affine, { low, high }: Body): boolean {
  const middle = transformed(inverse(fromCt), imageMiddle(image));
  return middle.every((value, axis) => value > low[axis]! - 20 && value < high[axis]! + 20);
}

function betweenMiddles(middle: readonly number[], { low, high }: Body): Affine {
  const shift = middle.map((value, axis) => value - (low[axis]! + high[axis]!) / 2);
  return rigid([0, 0, 0], shift as [number, number, number]);
}

/** CT numbers, smoothed, at points about `stepMm` apart in the body's box and 10 mm around it. */
function ctSamples({ grid, hu }: Volume, { low, high }: Body, { stepMm, smoothMm }: Level): Samples {
  const [nx, ny, nz] = grid.size;
  const step = nz > 1 ? (grid.z[nz - 1]! - grid.z[0]!) / (nz - 1) : 1;
  const toPatient = [
    grid.spacing[0],
    0,
    0,
    grid.origin[0],
    0,
    grid.spacing[1],
    0,
    grid.origin[1],
    0,
    0,
    step,
    0,
    0,
    0,
    0,
    1,
  ];
  const { values } = smoothed({ size: grid.size, values: hu, toPatient }, smoothMm, huRange);
  const around = 10;
  const strides = [stepMm / grid.spacing[0], stepMm / grid.spacing[1], stepMm / step].map((n) =>
    Math.max(1, Math.round(n)),
  );
  const points: number[] = [];
  const found: number[] = [];
  for (let k = 0; k < nz; k += strides[2]!) {
    for (let j = 0; j < ny; j += strides[1]!) {
      const y = grid.origin[1] + j * grid.spacing[1];
      if (y < low[1] - around || y > high[1] + around) continue;
      // Every second row begins half a step further, so that samples do not stand in columns.
      for (let i = ((j / strides[1]!) % 2) * (strides[0]! >> 1); i < nx; i += strides[0]!) {
        const x = grid.origin[0] + i * grid.spacing[0];
        if (x < low[0] - around || x > high[0] + around) continue;
        points.push(x, y, grid.z[k]!);
        found.push(values[(k * ny + j) * nx + i]!);
      }
    }
  }
  return { points: Float64Array.from(points), hu: Float64Array.from(found) };
}
