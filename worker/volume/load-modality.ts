import { readFile } from 'node:fs/promises';
import { type CtHeader, type CtInstance, withPixels } from '../../src/dicom/ct-instance.ts';
import type { DicomFile } from '../../src/dicom/data-set.ts';
import { mrHeaderOf } from '../../src/dicom/mr-image.ts';
import { checkMrSeries, type MrGeometry } from '../../src/dicom/mr-series.ts';
import { storedValueAt } from '../../src/dicom/pixel-data.ts';
import { parseDicom, readHeader } from '../../src/dicom/read-data-set.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { ModalityImage } from './modality-image.ts';

/** An MR series, read. */
export interface LoadedModality {
  readonly image: ModalityImage;
  /** The slices of the image in its order. */
  readonly slices: readonly CtInstance[];
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
  const read = await readEach(paths, accept, async (path) => {
    const file = parseDicom(await readFile(path));
    const slice = await withPixels(mrHeaderOf(file), file);
    return { ...slice, values: await greyLevels(file, slice) };
  });
  const { slices, geometry } = checkMrSeries(read);
  return { image: stacked(slices, geometry), slices };
}

/**
 * Where the slices of an MR series lie, by their headers alone: the geometry is that of `loadModality`.
 * @returns the files in the order of the geometry
 * @throws as loadModality, but for the pixels
 */
export async function locateModality(
  paths: readonly string[],
  accept: (slice: CtHeader, index: number) => void = () => {},
): Promise<{ readonly geometry: MrGeometry; readonly paths: readonly string[] }> {
  const read = await readEach(paths, accept, async (path) => ({ ...mrHeaderOf(await readHeader(path)), path }));
  const { slices, geometry } = checkMrSeries(read);
  return { geometry, paths: slices.map(({ path }) => path) };
}

/** What is known of an MR whose slices say nothing but their grey levels. */
export type LocatedModality = Pick<MrGeometry, 'columns' | 'rows' | 'toPatient'>;

/**
 * The image of slices without a position (src/dicom/pixels-only-file.ts): the same values as those of `loadModality`.
 * @param paths one a slice, in the order of the geometry
 * @throws ContourNodeError DICOM_UNREADABLE, PIXEL_DECODING naming the slice
 */
export async function loadLocatedModality(paths: readonly string[], geometry: LocatedModality): Promise<ModalityImage> {
  const slices = await readEach(
    paths,
    () => {},
    async (path) => {
      const file = parseDicom(await readFile(path));
      const { rows, columns, slope, intercept } = mrHeaderOf(file);
      if (rows === geometry.rows && columns === geometry.columns)
        return { values: await greyLevels(file, { rows, columns, slope, intercept }) };
      throw new ContourNodeError(
        'PIXEL_DECODING',
        `${columns} x ${rows} pixels, the series has ${geometry.columns} x ${geometry.rows}`,
      );
    },
  );
  return stacked(slices, geometry);
}

/** Names the place of a slice of an MR in what went wrong with it: a path may say whose it is. */
export async function namingSlice<T>(index: number, count: number, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const known = error instanceof ContourNodeError && error.code !== 'PATH_NOT_FOUND' ? error : undefined;
    throw new ContourNodeError(
      known?.code ?? 'DICOM_UNREADABLE',
      `MR image ${index + 1} of ${count}: ${known?.message ?? 'the file cannot be read'}`,
      { cause: error, ...(known && { remedy: known.remedy }) },
    );
  }
}

async function readEach<T>(
  paths: readonly string[],
  accept: (slice: T, index: number) => void,
  read: (path: string) => Promise<T>,
): Promise<T[]> {
  const slices: T[] = [];
  for (const [index, path] of paths.entries()) {
    const slice = await namingSlice(index, paths.length, () => read(path));
    accept(slice, index);
    slices.push(slice);
  }
  return slices;
}

/** Row by row, in the units of the series. */
async function greyLevels(
  file: DicomFile,
  { rows, columns, slope, intercept }: Pick<CtHeader, 'rows' | 'columns' | 'slope' | 'intercept'>,
): Promise<Float32Array> {
  const stored = await storedValueAt(file);
  const values = new Float32Array(rows * columns);
  for (let at = 0; at < values.length; at += 1) values[at] = stored(at) * slope + intercept;
  return values;
}

function stacked(
  slices: readonly { readonly values: Float32Array }[],
  { columns, rows, toPatient }: LocatedModality,
): ModalityImage {
  const area = columns * rows;
  const values = new Float32Array(area * slices.length);
  for (const [k, slice] of slices.entries()) values.set(slice.values, k * area);
  return { size: [columns, rows, slices.length], values, toPatient };
}
