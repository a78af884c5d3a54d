import { readFile } from 'node:fs/promises';
import type { CtGeometry } from '../../src/dicom/ct-geometry.ts';
import type { DicomFile } from '../../src/dicom/data-set.ts';
import { decodeHuOf } from '../../src/dicom/pixel-data.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import type { SliceSource } from '../../src/dicom/slice-source.ts';
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
  // The frames of a multi-frame file mostly follow one another: it is read once.
  let open: { path: string; file: DicomFile } | undefined;
  for (const [k, source] of sources.entries()) {
    const { path, frame } = typeof source === 'string' ? { path: source, frame: undefined } : source;
    try {
      if (open?.path !== path) open = { path, file: parseDicom(await readFile(path)) };
      hu.set(await decodeHuOf(open.file, geometry, frame), k * area);
    } catch (error) {
      const cause =
        error instanceof ContourNodeError
          ? error
          : new ContourNodeError('DICOM_UNREADABLE', 'the file cannot be read', { cause: error });
      throw new ContourNodeError(cause.code, `slice ${k + 1} of ${sources.length}: ${cause.message}`, {
        cause,
        remedy: cause.remedy,
      });
    }
    onSlice?.(k + 1);
  }
  return { grid, hu };
}
