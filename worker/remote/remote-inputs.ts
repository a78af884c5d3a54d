import { readFile } from 'node:fs/promises';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { takenInputs } from '../../src/bundles/taken-inputs.ts';
import { pixelsOnlyFile } from '../../src/dicom/pixels-only-file.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import type { InputImage } from '../../src/work/input-image.ts';
import type { RemoteOrder } from '../../src/work/remote-order.ts';
import type { WorkOrder } from '../../src/work/work-order.ts';
import { inputFiles } from '../order/order-inputs.ts';
import { locateModality, namingSlice } from '../volume/load-modality.ts';

/** An image beside the CT as a remote worker gets it, with its files on the node in the order of its slices. */
export interface RemoteInput {
  readonly input: NonNullable<RemoteOrder['inputs']>[number];
  readonly paths: readonly string[];
}

/**
 * The images beside the CT that leave the node: those that one of the bundles takes.
 * @param bundles of the order
 * @throws ContourNodeError as takenInputs
 */
export async function givenInputs(
  { inputs = [] }: Pick<WorkOrder, 'inputs'>,
  bundles: readonly Bundle[],
): Promise<InputImage[]> {
  const taken = await Promise.all(bundles.map(takenInputs));
  return inputs.filter(({ name }) => taken.some((names) => names.has(name)));
}

/** @throws ContourNodeError DATA_DIRECTORY; as locateModality */
export async function remoteInputs(dataDirectory: string, given: readonly InputImage[]): Promise<RemoteInput[]> {
  const found: RemoteInput[] = [];
  for (const image of given) {
    const { paths: files, accept } = await inputFiles(dataDirectory, image);
    const { geometry, paths } = await locateModality(files, accept);
    const { name, fromCt, how } = image;
    const { columns, rows, toPatient } = geometry;
    found.push({
      input: { name, fromCt, how, columns, rows, slices: paths.length, toPatient: [...toPatient] },
      paths,
    });
  }
  return found;
}

/**
 * The file of a slice of an input (pixels-only-file.ts), always the same bytes.
 * @param series pseudonym of the CT
 * @param slice its place among the `count` slices of the input `name`
 * @throws ContourNodeError PIXEL_DECODING, DICOM_UNREADABLE naming the slice
 */
export async function inputSlice(
  series: string,
  { path, name, index, count }: { path: string; name: string; index: number; count: number },
): Promise<Buffer> {
  return namingSlice(index, count, async () =>
    pixelsOnlyFile(parseDicom(await readFile(path)), undefined, { series: `${series} ${name}`, slice: index }),
  );
}
