import type { CtGeometry } from '../../src/dicom/ct-geometry.ts';
import { decodingsAtOnce } from '../../src/dicom/pixel-codecs.ts';
import type { SliceSource } from '../../src/dicom/slice-source.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { SliceReader } from './slice-reader.ts';
import type { Grid, Volume } from './volume.ts';

/** The grid of a CT in LPS order. */
export function gridOf(geometry: CtGeometry): Grid {
  return {
    size: [geometry.columns, geometry.rows, geometry.z.length],
    spacing: [geometry.columnSpacing, geometry.rowSpacing],
    origin: [geometry.originX, geometry.originY],
    z: Float64Array.from(geometry.z),
  };
}

/**
 * Reads the CT numbers of a checked series.
 * @param sources one file or frame per slice, in the order of `geometry.z`
 * @param onSlice called after each slice with the number read so far
 * @throws ContourNodeError DICOM_UNREADABLE, PIXEL_DECODING, naming the slice
 */
export async function loadVolume(
  sources: readonly SliceSource[],
  geometry: CtGeometry,
  onSlice?: (done: number) => void,
): Promise<Volume> {
  const grid = gridOf(geometry);
  const area = grid.size[0] * grid.size[1];
  const hu = new Int16Array(area * sources.length);
  const reader = new SliceReader(geometry);
  const next = sources.entries();
  let done = 0;
  let failed = false;
  const readSome = async (): Promise<void> => {
    for (const [k, source] of next) {
      if (failed) return;
      await reader.read(source, hu.subarray(k * area, (k + 1) * area)).catch((error: unknown) => {
        failed = true;
        throw ofSlice(error, k, sources.length);
      });
      onSlice?.(++done);
    }
  };
  // Compressed slices are decoded in other threads while the next ones are read.
  await Promise.all(Array.from({ length: decodingsAtOnce }, readSome));
  return { grid, hu };
}

function ofSlice(error: unknown, k: number, slices: number): ContourNodeError {
  const cause =
    error instanceof ContourNodeError
      ? error
      : new ContourNodeError('DICOM_UNREADABLE', 'the file cannot be read', { cause: error });
  const { remedy } = cause;
  return new ContourNodeError(cause.code, `slice ${k + 1} of ${slices}: ${cause.message}`, { cause, remedy });
}
