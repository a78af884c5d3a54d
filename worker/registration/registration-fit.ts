import { type Point, product } from '../../src/dicom/affine.ts';
import type { Body } from '../volume/body.ts';
import { pairedSamples } from '../volume/modality-on-grid.ts';
import type { PlacedImage } from '../volume/modality-image.ts';
import type { Volume } from '../volume/volume.ts';
import { rigid } from './rigid.ts';

/** How well an image lies on the CT. */
export interface RegistrationFit {
  /** Dice of the body in the CT and in the image, over the voxels of the CT's body box that the image reaches. */
  readonly bodyOverlap: number;
  /** Mutual information of CT numbers and image values over the same voxels, nats. */
  readonly mutualInformation: number;
}

/** CT numbers between these are told apart: air is one class, so is bone. */
const huRange = [-300, 500] as const;
const bins = 32;
/** Of the 99th percentile of the image: below lies air. */
const airPart = 0.1;

/** @returns undefined where the image does not reach the body */
export function registrationFit(placed: PlacedImage, ct: Volume, body: Body): RegistrationFit | undefined {
  const samples = Array.from(pairedSamples(placed, ct, body));
  if (samples.length < bins * bins) return undefined;
  const values = Float64Array.from(samples, ({ value }) => value).toSorted();
  const high = values[Math.floor(values.length * 0.99)]!;
  const low = values[0]!;
  const air = low + (high - low) * airPart;
  const joint = new Float64Array(bins * bins);
  let [both, inCt, inImage] = [0, 0, 0];
  for (const { hu, value } of samples) {
    const row = binOf(hu, huRange[0], huRange[1]);
    joint[row * bins + binOf(value, low, high)]! += 1;
    const [ctTissue, imageTissue] = [hu >= huRange[0], value > air];
    if (ctTissue) inCt += 1;
    if (imageTissue) inImage += 1;
    if (ctTissue && imageTissue) both += 1;
  }
  return {
    bodyOverlap: (2 * both) / Math.max(1, inCt + inImage),
    mutualInformation: mutualInformation(joint, bins),
  };
}

/** mm by which `fitNearby` moves the image: more than a registration that is good enough may be off. */
export const nearbyMm = 10;

/**
 * The greatest mutual information where the image is moved by `nearbyMm` along one axis of the CT. Of a right registration it is
 * less than at its place: this needs no figures of other patients.
 */
export function fitNearby({ image, fromCt }: PlacedImage, ct: Volume, body: Body): number {
  const shifts = [0, 1, 2].flatMap((axis) =>
    [-nearbyMm, nearbyMm].map((mm) => [0, 1, 2].map((one) => (one === axis ? mm : 0)) as unknown as Point),
  );
  const fits = shifts.map((shift) => {
    const moved = { image, fromCt: product(fromCt, rigid([0, 0, 0], shift)) };
    return registrationFit(moved, ct, body)?.mutualInformation ?? 0;
  });
  return Math.max(...fits);
}

function binOf(value: number, low: number, high: number): number {
  return Math.max(0, Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins)));
}

/**
 * Of a joint histogram, nats (Maes et al. 1997, IEEE Trans Med Imaging 16: 187).
 * @param joint rows x columns of counts or weights
 */
export function mutualInformation(joint: Float64Array, columns: number): number {
  const rows = joint.length / columns;
  const ofRow = new Float64Array(rows);
  const ofColumn = new Float64Array(columns);
  let total = 0;
  for (const [at, weight] of joint.entries()) {
    ofRow[Math.trunc(at / columns)]! += weight;
    ofColumn[at % columns]! += weight;
    total += weight;
  }
  let sum = 0;
  for (const [at, weight] of joint.entries()) {
    if (weight === 0) continue;
    sum += weight * Math.log((weight * total) / (ofRow[Math.trunc(at / columns)]! * ofColumn[at % columns]!));
  }
  return sum / total;
}
