import { readFile } from 'node:fs/promises';
import { bundlesOf } from '../../src/config/recipe-schema.ts';
import type { CtHeader } from '../../src/dicom/ct-instance.ts';
import { checkCtSeries, type CheckedSeries, type SeriesLimits } from '../../src/dicom/ct-series.ts';
import { pixelsOnlyFile } from '../../src/dicom/pixels-only-file.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { ContourNodeError, isAtFault } from '../../src/errors.ts';
import type { ContourPayload } from '../../src/work/payloads.ts';
import type { RemoteOrder } from '../../src/work/remote-order.ts';
import type { WorkOrder } from '../../src/work/work-order.ts';
import { findBundle } from '../bundles/find-bundle.ts';
import { hasPictures } from '../order/order-pictures.ts';
import { OrderFiles } from '../order/order-files.ts';
import { readSlices } from '../order/revision-slices.ts';

export interface PreparedOrder {
  readonly order: RemoteOrder;
  /**
   * The file of a slice (pixels-only-file.ts), always the same bytes.
   * @param index from 0, in the order of the geometry
   * @throws ContourNodeError PIXEL_DECODING, DICOM_UNREADABLE naming the slice, as loadVolume
   */
  slice(index: number): Promise<Buffer>;
}

/**
 * An order as a worker on another machine gets it.
 * @returns undefined where no worker is needed: the order is finished, or its CT is refused before anything is contoured
 * @throws ContourNodeError DATA_DIRECTORY, MODEL_NOT_FOUND, BUNDLE_INVALID, BUNDLE_DIGEST
 */
export async function prepareRemoteOrder(
  { dataDirectory, modelsDirectory }: { readonly dataDirectory: string; readonly modelsDirectory: string },
  payload: ContourPayload,
): Promise<PreparedOrder | undefined> {
  const files = new OrderFiles(dataDirectory, payload);
  const done = await files.result();
  if (done !== undefined && (done.status === 'rejected' || (await hasPictures(files)))) return undefined;
  const order = await files.order();
  if (order.inputs !== undefined && order.inputs.length > 0)
    throw new ContourNodeError('REMOTE_INPUTS', 'an order with an image beside the CT does not go to a remote worker');
  const manifest = await files.manifest(order);
  const headers = await readSlices(files, manifest);
  let checked: CheckedSeries;
  try {
    checked = await checkedSeries(headers, order, modelsDirectory);
  } catch (error) {
    if (error instanceof ContourNodeError && isAtFault('CT', error.code)) return undefined;
    throw error;
  }
  const { geometry, slices } = checked;
  const pathOf = new Map(manifest.slices.map(({ sopInstanceUid, file }) => [sopInstanceUid, files.instance(file)]));
  return {
    order: {
      formatVersion: 1,
      series: payload.series,
      bundle: order.bundle,
      ...(order.recipe !== undefined && { recipe: order.recipe }),
      engine: order.engine,
      geometry,
      masks: order.profiles.some(({ segmentation }) => segmentation === true),
    },
    async slice(index) {
      const { sopInstanceUid, frameNumber } = slices[index]!;
      try {
        const file = parseDicom(await readFile(pathOf.get(sopInstanceUid)!));
        return await pixelsOnlyFile(file, frameNumber, { series: payload.series, slice: index });
      } catch (error) {
        const cause =
          error instanceof ContourNodeError
            ? error
            : new ContourNodeError('DICOM_UNREADABLE', 'the file cannot be read', { cause: error });
        const { code, message, remedy } = cause;
        throw new ContourNodeError(code, `slice ${index + 1} of ${slices.length}: ${message}`, { cause, remedy });
      }
    },
  };
}

/** As the order is checked where it is contoured: by its bundle, or by each of its recipe. */
async function checkedSeries(
  headers: readonly CtHeader[],
  { bundle, recipe }: WorkOrder,
  modelsDirectory: string,
): Promise<CheckedSeries> {
  const limitsOf = async (wanted: WorkOrder['bundle']): Promise<SeriesLimits> => {
    const found = await findBundle(modelsDirectory, wanted.name, wanted.digest);
    if (found.digest === wanted.digest) return found.manifest.applicability;
    throw new ContourNodeError(
      'BUNDLE_DIGEST',
      `the bundle ${wanted.name} ${wanted.version} of the order is not installed`,
    );
  };
  if (recipe === undefined) return checkCtSeries(headers, { ...(await limitsOf(bundle)), tilt: 'resolve' });
  const series = checkCtSeries(headers, { tilt: 'refuse' });
  for (const index of bundlesOf(recipe.definition).keys())
    checkCtSeries(headers, await limitsOf(recipe.bundles[index]!));
  return series;
}
