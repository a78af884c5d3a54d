import { readFile } from 'node:fs/promises';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { bundlesOf } from '../../src/config/recipe-schema.ts';
import type { CtHeader } from '../../src/dicom/ct-instance.ts';
import { checkCtSeries, type CheckedSeries } from '../../src/dicom/ct-series.ts';
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
import { givenInputs, inputSlice, type RemoteInput, remoteInputs } from './remote-inputs.ts';

export interface PreparedOrder {
  readonly order: RemoteOrder;
  /**
   * The file of a slice (pixels-only-file.ts), always the same bytes.
   * @param index from 0: the CT in the order of its geometry, then each input in that of its own
   * @throws ContourNodeError PIXEL_DECODING, DICOM_UNREADABLE naming the slice, as loadVolume and loadModality
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
  const manifest = await files.manifest(order);
  const headers = await readSlices(files, manifest);
  let checked: CheckedSeries;
  let inputs: RemoteInput[];
  try {
    const asked = await checkedSeries(headers, order, modelsDirectory);
    checked = asked.series;
    inputs = await remoteInputs(dataDirectory, await givenInputs(order, asked.bundles));
  } catch (error) {
    if (error instanceof ContourNodeError && isAtFault('CT', error.code)) return undefined;
    throw error;
  }
  const { geometry, slices } = checked;
  const besideSlices = inputs.flatMap(({ input: { name }, paths }) =>
    paths.map((path, index) => ({ path, name, index, count: paths.length })),
  );
  const pathOf = new Map(manifest.slices.map(({ sopInstanceUid, file }) => [sopInstanceUid, files.instance(file)]));
  return {
    order: {
      formatVersion: 1,
      series: payload.series,
      bundle: order.bundle,
      ...(order.recipe !== undefined && { recipe: order.recipe }),
      engine: order.engine,
      geometry,
      ...(inputs.length > 0 && { inputs: inputs.map(({ input }) => input) }),
      masks: order.profiles.some(({ segmentation }) => segmentation === true),
    },
    async slice(index) {
      const beside = besideSlices[index - slices.length];
      if (beside !== undefined) return inputSlice(payload.series, beside);
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

interface AskedBundles {
  readonly series: CheckedSeries;
  readonly bundles: readonly Bundle[];
}

/** As the order is checked where it is contoured: by its bundle, or by each of its recipe. */
async function checkedSeries(
  headers: readonly CtHeader[],
  { bundle, recipe }: WorkOrder,
  modelsDirectory: string,
): Promise<AskedBundles> {
  const installed = async (wanted: WorkOrder['bundle']): Promise<Bundle> => {
    const found = await findBundle(modelsDirectory, wanted.name, wanted.digest);
    if (found.digest === wanted.digest) return found;
    throw new ContourNodeError(
      'BUNDLE_DIGEST',
      `the bundle ${wanted.name} ${wanted.version} of the order is not installed`,
    );
  };
  if (recipe === undefined) {
    const found = await installed(bundle);
    return {
      series: checkCtSeries(headers, { ...found.manifest.applicability, tilt: 'resolve' }),
      bundles: [found],
    };
  }
  const series = checkCtSeries(headers, { tilt: 'refuse' });
  const bundles: Bundle[] = [];
  for (const index of bundlesOf(recipe.definition).keys()) {
    const found = await installed(recipe.bundles[index]!);
    checkCtSeries(headers, found.manifest.applicability);
    bundles.push(found);
  }
  return { series, bundles };
}
