import { readFile } from 'node:fs/promises';
import { mrHeaderOf } from '../../src/dicom/mr-image.ts';
import type { MrGeometry } from '../../src/dicom/mr-series.ts';
import { storedValueAt } from '../../src/dicom/pixel-data.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { ModalityImage } from './modality-image.ts';

/**
 * Reads the grey levels of a checked MR series, rescaled where its slices say so: slices of one series may differ in it.
 * @param files one a slice, in the order of the geometry
 * @throws ContourNodeError DICOM_UNREADABLE, PIXEL_DECODING, naming the slice
 */
export async function loadModality(
  files: readonly string[],
  { columns, rows, toPatient }: MrGeometry,
): Promise<ModalityImage> {
  const area = columns * rows;
  const values = new Float32Array(area * files.length);
  for (const [k, path] of files.entries()) {
    try {
      const file = parseDicom(await readFile(path));
      const header = mrHeaderOf(file);
      if (header.rows !== rows || header.columns !== columns)
        throw new ContourNodeError(
          'PIXEL_DECODING',
          `${header.columns} x ${header.rows} pixels, not ${columns} x ${rows}`,
        );
      const stored = await storedValueAt(file);
      for (let at = 0; at < area; at += 1) values[k * area + at] = stored(at) * header.slope + header.intercept;
    } catch (error) {
      const cause =
        error instanceof ContourNodeError
          ? error
          : new ContourNodeError('DICOM_UNREADABLE', 'the file cannot be read', { cause: error });
      throw new ContourNodeError(cause.code, `MR slice ${k + 1} of ${files.length}: ${cause.message}`, {
        cause,
        remedy: cause.remedy,
      });
    }
  }
  return { size: [columns, rows, files.length], values, toPatient };
}
