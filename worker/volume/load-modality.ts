import { readFile } from 'node:fs/promises';
import { type CtInstance, withPixels } from '../../src/dicom/ct-instance.ts';
import { mrHeaderOf } from '../../src/dicom/mr-image.ts';
import { checkMrSeries } from '../../src/dicom/mr-series.ts';
import { storedValueAt } from '../../src/dicom/pixel-data.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { ModalityImage } from './modality-image.ts';

/** An MR series, read. */
export interface LoadedModality {
  readonly image: ModalityImage;
  /** The slices of the image in its order. */
  readonly slices: readonly CtInstance[];
}

interface Slice extends CtInstance {
  readonly values: Float32Array;
}

/**
 * Reads and checks an MR series: grey levels, rescaled where a slice says so, as slices of one series may differ in it.
 * @param paths one a slice, in any order
 * @param accept called with every slice: throws where it is not the one that is meant
 * @throws ContourNodeError DICOM_UNREADABLE, PIXEL_DECODING naming the file's place; SERIES_* as checkMrSeries; as `accept`
 */
export async function loadModality(
  paths: readonly string[],
  accept: (slice: CtInstance, index: number) => void = () => {},
): Promise<LoadedModality> {
  const read: Slice[] = [];
  for (const [index, path] of paths.entries()) {
    const slice = await readSlice(path).catch((error: unknown) => {
      const known = error instanceof ContourNodeError ? error : undefined;
      throw new ContourNodeError(
        known?.code ?? 'DICOM_UNREADABLE',
        `MR image ${index + 1} of ${paths.length}: ${known?.message ?? 'the file cannot be read'}`,
        { cause: error, ...(known && { remedy: known.remedy }) },
      );
    });
    accept(slice, index);
    read.push(slice);
  }
  const { slices, geometry } = checkMrSeries(read);
  const area = geometry.columns * geometry.rows;
  const values = new Float32Array(area * slices.length);
  for (const [k, slice] of slices.entries()) values.set(slice.values, k * area);
  const size = [geometry.columns, geometry.rows, slices.length] as const;
  return { image: { size, values, toPatient: geometry.toPatient }, slices };
}

async function readSlice(path: string): Promise<Slice> {
  const file = parseDicom(await readFile(path));
  const slice = await withPixels(mrHeaderOf(file), file);
  const stored = await storedValueAt(file);
  const values = new Float32Array(slice.rows * slice.columns);
  for (let at = 0; at < values.length; at += 1) values[at] = stored(at) * slice.slope + slice.intercept;
  return { ...slice, values };
}
