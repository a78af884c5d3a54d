import type { CtHeader } from './ct-header.ts';

/**
 * What keeps an image from being a slice. `absent`: it has no place in the patient, as a report page; `report`: a picture
 * of something else; `place` and `numbers`: place or CT numbers stand there and cannot be true.
 */
export interface SliceFault {
  readonly kind: 'absent' | 'report' | 'place' | 'numbers';
  /** Words that follow `a slice has`. */
  readonly words: string;
}

/**
 * Whether the numbers of one slice can be true at all. A missing or garbled number is NaN (null once it went through
 * JSON) and never passes.
 */
export function sliceFault(slice: CtHeader): SliceFault | undefined {
  return pictureFault(slice) ?? placeFault(slice) ?? numberFault(slice);
}

/** Position, orientation and spacing; nothing but zeros is as good as nothing. */
function placeFault(slice: CtHeader): SliceFault | undefined {
  const place = (values: readonly number[], isUsable: boolean, words: string): SliceFault | undefined =>
    isUsable ? undefined : { kind: values.every((value) => value === 0) ? 'absent' : 'place', words };
  const { pixelSpacing, imagePosition, imageOrientation } = slice;
  const isOrientation = all(imageOrientation, 6, -1.01, 1.01) && isOrthonormal(imageOrientation);
  return (
    place(pixelSpacing, all(pixelSpacing, 2, 0.05, 10), 'no usable Pixel Spacing (two numbers from 0.05 to 10 mm)') ??
    place(
      imagePosition,
      all(imagePosition, 3, -20_000, 20_000),
      'no usable Image Position (three numbers within 20 m)',
    ) ??
    place(imageOrientation, isOrientation, 'no usable Image Orientation (two directions at right angles)')
  );
}

function pictureFault(slice: CtHeader): SliceFault | undefined {
  const { rows, columns, samplesPerPixel, photometric, numberOfFrames, bitsAllocated, bitsStored } = slice;
  const report = (words: string): SliceFault => ({ kind: 'report', words });
  if (samplesPerPixel !== 1 || !photometric.startsWith('MONOCHROME')) return report('colours instead of CT numbers');
  if (numberOfFrames !== 1) return report('several frames');
  if (!Number.isFinite(rows) || !Number.isFinite(columns)) return report('no Rows or Columns');
  if (!all([rows, columns], 2, 16, 8192)) return report(`${columns} x ${rows} pixels`);
  return bitsAllocated === 8 || bitsStored <= 8 ? report(bitsOf(slice)) : undefined;
}

function numberFault(slice: CtHeader): SliceFault | undefined {
  const { bitsAllocated, bitsStored, highBit } = slice;
  const damaged = (words: string): SliceFault => ({ kind: 'numbers', words });
  if (slice.noPixels === true) return damaged('no pixels');
  if (!within(slice.slope, 1e-6, 100)) return damaged('no usable Rescale Slope');
  if (!within(slice.intercept, -100_000, 100_000)) return damaged('no usable Rescale Intercept');
  // US: unspecified. Others are electron density, effective atomic number and the like (PS3.3 C.11.1.1.2).
  if (!/^(|HU|US|HOUNSFIELD( UNITS?)?)$/i.test(slice.rescaleType))
    return damaged(`values in ${slice.rescaleType} instead of HU`);
  if (slice.pixelRepresentation !== 0 && slice.pixelRepresentation !== 1) return damaged('no Pixel Representation');
  const fits = bitsAllocated === 16 && within(bitsStored, 9, 16) && within(highBit, bitsStored - 1, 15);
  return fits ? undefined : damaged(bitsOf(slice));
}

function bitsOf({ bitsAllocated, bitsStored }: CtHeader): string {
  return `${bitsAllocated} bits allocated and ${bitsStored} stored instead of 16 and 9 to 16`;
}

function within(value: number | undefined, low: number, high: number): boolean {
  return Number.isFinite(value) && value! >= low && value! <= high;
}

function all(values: readonly number[], count: number, low: number, high: number): boolean {
  return values.length === count && values.every((value) => within(value, low, high));
}

function isOrthonormal(orientation: readonly number[]): boolean {
  const [rx, ry, rz, cx, cy, cz] = orientation as [number, number, number, number, number, number];
  const isUnit = (x: number, y: number, z: number): boolean => Math.abs(Math.hypot(x, y, z) - 1) < 1e-3;
  return isUnit(rx, ry, rz) && isUnit(cx, cy, cz) && Math.abs(rx * cx + ry * cy + rz * cz) < 1e-3;
}
