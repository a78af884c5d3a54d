import { inverse, product } from '../../src/dicom/affine.ts';
import type { NamedImage } from '../contour-ct.ts';
import { sampler } from '../volume/modality-on-grid.ts';

/** An image beside the CT, for the pictures: by its value at any point of the CT's frame of reference. */
export interface Overlay {
  /** Of the bundle's input: `MR`. */
  readonly name: string;
  /** The value at a point, mm LPS in the CT's frame of reference; NaN beyond the image. */
  readonly valueAt: (x: number, y: number, z: number) => number;
}

export function overlayOf({ name, image, fromCt }: NamedImage): Overlay {
  const sample = sampler(image);
  const m = product(inverse(image.toPatient), fromCt);
  const at = (row: number, x: number, y: number, z: number): number =>
    m[row]! * x + m[row + 1]! * y + m[row + 2]! * z + m[row + 3]!;
  return { name, valueAt: (x, y, z) => sample(at(0, x, y, z), at(4, x, y, z), at(8, x, y, z)) };
}

/** Where the pixels of a stack of axial pictures lie. */
export interface PictureGrid {
  readonly nx: number;
  readonly ny: number;
  /** x and y of the first pixel, and the distance of pixels, mm. */
  readonly origin: readonly [number, number];
  readonly pixelMm: number;
  readonly z: Float64Array;
}

/** Share of the values that are as dark or as bright as a picture gets: noise below, vessels and fat above. */
const [darkest, brightest] = [0.01, 0.995];
/** Values that the shares are counted over. */
const counted = 200_000;

/**
 * The overlay on the pixels of the CT's pictures, one trilinear interpolation from its own voxels: 1 to 255 from the
 * darkest to the brightest value, 0 where it has none. Values of MR have no unit: the range is that of the picture.
 *
 * @returns `grey[(k * ny + j) * nx + i]`; undefined where the overlay does not reach the picture
 */
export function overlayGrey({ valueAt }: Overlay, { nx, ny, origin, pixelMm, z }: PictureGrid): Uint8Array | undefined {
  const values = new Float32Array(nx * ny * z.length);
  let at = 0;
  for (const height of z) {
    for (let j = 0; j < ny; j += 1) {
      const y = origin[1] + j * pixelMm;
      for (let i = 0; i < nx; i += 1, at += 1) values[at] = valueAt(origin[0] + i * pixelMm, y, height);
    }
  }
  const every = Math.max(1, Math.floor(values.length / counted));
  const sorted = values.filter((value, n) => n % every === 0 && Number.isFinite(value)).sort();
  if (sorted.length === 0) return undefined;
  const valueOf = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  const [low, high] = [valueOf(darkest), valueOf(brightest)];
  const scale = high > low ? 254 / (high - low) : 0;
  return Uint8Array.from(values, (value) =>
    Number.isFinite(value) ? 1 + Math.round(Math.min(254, Math.max(0, (value - low) * scale))) : 0,
  );
}
