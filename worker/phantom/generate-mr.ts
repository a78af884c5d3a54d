import { type Affine, inverse, product, transformed } from '../../src/dicom/affine.ts';
import { alongAxes, anglesOf, rigid } from '../registration/rigid.ts';
import type { PlacedImage } from '../volume/modality-image.ts';
import type { Grid } from '../volume/volume.ts';
import { Canvas, type Pose } from './canvas.ts';
import { seededRandom, type Random } from './random.ts';
import type { Structure } from './structure.ts';
import { t1Signal } from './t1-signal.ts';

/** Streams of a phantom's seed that only its MR uses, so that the CT of a seed does not depend on them. */
const placeStream = 7;
const imageStream = 8;

const degree = Math.PI / 180;
/** Millimetres from the middle of the stack at which distortion and bias field have their full size. */
const farMm = 100;
/** Signal of 16-bit images ends here. */
const largest = 4095;

/**
 * A T1-weighted MR with contrast agent of a phantom, taken on another day: the head lies otherwise in another frame of
 * reference, the slices are oblique. With bias field, Rician noise and the distortion of the gradients.
 * @param structures in the order they are painted; the first is the body, the others change only what lies in it
 * @param pose of the patient in the CT's frame of reference
 */
export function generateMr(seed: number, structures: readonly Structure[], pose: Pose): PlacedImage {
  const place = seededRandom(seed, placeStream);
  const fromCt = headOnAnotherDay(place, pose);
  const grid = stackGrid(place);
  const stack = stackInPatient(place, transformed(fromCt, pose.position));
  const canvas = new Canvas(grid, t1Signal(-1000));
  const posed = poseIn(product(inverse(stack), fromCt), pose);
  for (const [index, { shape, layers, t1 }] of structures.entries()) {
    const signals = layers.map(({ depth, hu }) => ({ depth, hu: t1 ?? t1Signal(hu) }));
    canvas.paint(shape, signals, posed, 1, index > 0);
  }
  const image = seededRandom(seed, imageStream);
  const distorted = distort(canvas, image.between(-1.2, 1.2));
  addBias(grid, distorted, image);
  addRicianNoise(distorted, image, image.between(18, 34));
  return { image: { size: grid.size, values: distorted, toPatient: product(stack, ofGrid(grid)) }, fromCt };
}

function headOnAnotherDay(random: Random, pose: Pose): Affine {
  const turn = (): number => random.between(-6, 6) * degree;
  const angles = [turn(), turn(), turn()] as const;
  const moved = [random.between(-15, 15), random.between(-15, 15), random.between(-30, 30)] as const;
  return rigid(angles, moved, pose.position);
}

/** The stack around its own middle, in mm: 230 to 250 mm wide, from above the skull base to below the second vertebra. */
function stackGrid(random: Random): Grid {
  const side = random.pick([256, 288, 320]);
  const spacing = random.pick([230, 240, 250]) / side;
  const step = random.pick([3, 3, 3.5, 4, 5]);
  const slices = Math.round(140 / step);
  const first = -((slices - 1) * step) / 2;
  return {
    size: [side, side, slices],
    spacing: [spacing, spacing],
    origin: [(-(side - 1) * spacing) / 2, (-(side - 1) * spacing) / 2],
    z: Float64Array.from({ length: slices }, (_, k) => first + k * step),
  };
}

/** From the stack's own coordinates to the patient's: slices nodded along the palate, its middle below the skull base. */
function stackInPatient(random: Random, skullBase: readonly [number, number, number]): Affine {
  const angles = [random.between(-12, 12) * degree, random.between(-2, 2) * degree, random.between(-2, 2) * degree];
  const middle = [random.between(-5, 5), random.between(-15, -5), random.between(-15, -5)];
  const at = skullBase.map((value, axis) => value + middle[axis]!);
  return rigid(angles as [number, number, number], at as [number, number, number]);
}

/** From indices to the grid's own mm. */
function ofGrid({ spacing, origin, z }: Grid): Affine {
  const step = z[1]! - z[0]!;
  return alongAxes([...spacing, step], [...origin, z[0]!]);
}

/** The pose of the same patient after a rigid transform of the scanner's coordinates. */
function poseIn(transform: Affine, { scale, rotation, position }: Pose): Pose {
  const turned = product(transform, rigid(rotation, [0, 0, 0]));
  return { scale, rotation: anglesOf(turned), position: transformed(transform, position) };
}

/**
 * Gradients that grow less than linearly move pixels along the read-out direction (the rows), the more the farther from
 * the middle.
 * @param largestMm displacement at `farMm`
 */
function distort({ grid, hu }: Canvas, largestMm: number): Int16Array {
  const [nx, ny, nz] = grid.size;
  const values = new Int16Array(hu.length);
  for (let k = 0, row = 0; k < nz; k += 1) {
    const w = grid.z[k]! / farMm;
    for (let j = 0; j < ny; j += 1, row += nx) {
      const v = (grid.origin[1] + j * grid.spacing[1]) / farMm;
      for (let i = 0; i < nx; i += 1) {
        const u = (grid.origin[0] + i * grid.spacing[0]) / farMm;
        const from = i + (largestMm * u * (u * u + v * v + w * w)) / grid.spacing[0];
        const left = Math.max(0, Math.min(nx - 2, Math.floor(from)));
        const part = Math.max(0, Math.min(1, from - left));
        values[row + i] = Math.round(hu[row + left]! * (1 - part) + hu[row + left + 1]! * part);
      }
    }
  }
  return values;
}

/** The coil's sensitivity: a smooth factor of up to a quarter more or less. */
function addBias(grid: Grid, values: Int16Array, random: Random): void {
  const [nx, ny, nz] = grid.size;
  const slope = [0, 1, 2].map(() => random.between(-0.15, 0.15));
  const bow = random.between(-0.12, 0.06);
  for (let k = 0, at = 0; k < nz; k += 1) {
    const w = grid.z[k]! / farMm;
    for (let j = 0; j < ny; j += 1) {
      const v = (grid.origin[1] + j * grid.spacing[1]) / farMm;
      for (let i = 0; i < nx; i += 1, at += 1) {
        const u = (grid.origin[0] + i * grid.spacing[0]) / farMm;
        const factor = 1 + slope[0]! * u + slope[1]! * v + slope[2]! * w + bow * (u * u + v * v + w * w);
        values[at] = Math.round(values[at]! * Math.max(0.5, factor));
      }
    }
  }
}

/** The length of a complex signal whose two parts have Gaussian noise (Gudbjartsson and Patz 1995). */
function addRicianNoise(values: Int16Array, random: Random, sigma: number): void {
  // The sum of three uniform numbers is close to Gaussian; its standard deviation is 1/2.
  const noise = (): number => (random.next() + random.next() + random.next() - 1.5) * 2 * sigma;
  for (let at = 0; at < values.length; at += 1) {
    values[at] = Math.min(largest, Math.round(Math.hypot(values[at]! + noise(), noise())));
  }
}
