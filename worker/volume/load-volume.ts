import { readFile } from 'node:fs/promises';
import type { CtGeometry } from '../../src/dicom/ct-geometry.ts';
import { decodeHu } from '../../src/dicom/pixel-data.ts';
import { ContourNodeError } from '../../src/errors.ts';
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
 * @param files one path per slice, in the order of `geometry.z`
 * @param onSlice called after each slice with the number read so far
 * @throws ContourNodeError DICOM_UNREADABLE, PIXEL_DECODING, naming the slice
 */
export async function loadVolume(
  files: readonly string[],
  geometry: CtGeometry,
  onSlice?: (done: number) => void,
): Promise<Volume> {
  const grid = gridOf(geometry);
  const area = grid.size[0] * grid.size[1];
  const hu = new Int16Array(area * files.length);
  for (const [k, file] of files.entries()) {
    try {
      hu.set(await decodeHu(await readFile(file), geometry), k * area);
    } catch (error) {
      const cause =
        error instanceof ContourNodeError
          ? error
          : new ContourNodeError('DICOM_UNREADABLE', 'the file cannot be read', { cause: error });
      throw new ContourNodeError(cause.code, `slice ${k + 1} of ${files.length}: ${cause.message}`, {
        cause,
        remedy: cause.remedy,
      });
    }
    onSlice?.(k + 1);
  }
  return { grid, hu };
}
