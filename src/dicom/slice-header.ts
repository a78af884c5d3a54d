import { ContourNodeError } from '../errors.ts';
import type { CtHeader } from './ct-header.ts';

/**
 * Whether the numbers of one slice can be true at all. A missing or garbled number is NaN (null once it went through
 * JSON) and never passes.
 * @throws SERIES_HEADER names the attribute
 */
export function checkSliceHeader(slice: CtHeader): void {
  const refuse = (what: string): never => {
    throw new ContourNodeError('SERIES_HEADER', `a slice has ${what}`);
  };
  const within = (value: number | undefined, low: number, high: number): boolean =>
    Number.isFinite(value) && value! >= low && value! <= high;
  const all = (values: readonly number[], count: number, low: number, high: number): boolean =>
    values.length === count && values.every((value) => within(value, low, high));

  if (!all([slice.rows, slice.columns], 2, 16, 8192)) refuse(`${slice.columns} x ${slice.rows} pixels`);
  if (!all(slice.pixelSpacing, 2, 0.05, 10)) refuse('no usable Pixel Spacing (two numbers from 0.05 to 10 mm)');
  if (!all(slice.imagePosition, 3, -20_000, 20_000)) refuse('no usable Image Position (three numbers within 20 m)');
  if (!all(slice.imageOrientation, 6, -1.01, 1.01) || !isOrthonormal(slice.imageOrientation)) {
    refuse('no usable Image Orientation (two directions at right angles)');
  }
  if (!within(slice.slope, 1e-6, 100)) refuse('no usable Rescale Slope');
  if (!within(slice.intercept, -100_000, 100_000)) refuse('no usable Rescale Intercept');
  // US: unspecified. Others are electron density, effective atomic number and the like (PS3.3 C.11.1.1.2).
  if (!['', 'HU', 'US'].includes(slice.rescaleType)) refuse(`values in ${slice.rescaleType} instead of HU`);
  if (slice.samplesPerPixel !== 1 || !slice.photometric.startsWith('MONOCHROME'))
    refuse('colours instead of CT numbers');
  if (slice.pixelRepresentation !== 0 && slice.pixelRepresentation !== 1) refuse('no Pixel Representation');
  if (slice.numberOfFrames !== 1) refuse('several frames');
  if (
    slice.bitsAllocated !== 16 ||
    !within(slice.bitsStored, 9, 16) ||
    !within(slice.highBit, slice.bitsStored - 1, 15)
  ) {
    refuse(`${slice.bitsAllocated} bits allocated and ${slice.bitsStored} stored instead of 16 and 9 to 16`);
  }
}

function isOrthonormal(orientation: readonly number[]): boolean {
  const [rx, ry, rz, cx, cy, cz] = orientation as [number, number, number, number, number, number];
  const isUnit = (x: number, y: number, z: number): boolean => Math.abs(Math.hypot(x, y, z) - 1) < 1e-3;
  return isUnit(rx, ry, rz) && isUnit(cx, cy, cz) && Math.abs(rx * cx + ry * cy + rz * cz) < 1e-3;
}
