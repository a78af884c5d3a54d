import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { checkCtSeries } from '../../src/dicom/ct-series.ts';
import { bundlesOf } from '../../src/config/recipe-schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { errorFrom } from '../../src/problem.ts';
import { inWords, issueLine } from '../../src/schema-words.ts';
import { version } from '../../src/version.ts';
import type { ContourPayload } from '../../src/work/payloads.ts';
import { type FoundContours, type RemoteContours, remoteContoursSchema } from '../../src/work/remote-contours.ts';
import { stageAfterResult } from '../../src/work/progress.ts';
import type { WorkResult } from '../../src/work/work-result.ts';
import { findBundle } from '../bundles/find-bundle.ts';
import type { LoadedBundle } from '../bundles/load-bundle.ts';
import { readCt } from '../contour-ct.ts';
import { recipeOrigin } from '../contour-recipe.ts';
import { type AskedContours, type Contoured, contourOrder, type ReturnedContours } from '../order/contour-order.ts';
import { orderInputs } from '../order/order-inputs.ts';
import { type Progress, StageClock } from '../stage-clock.ts';
import { gridOf } from '../volume/load-volume.ts';
import { givenInputs } from './remote-inputs.ts';
import { checkReturnedInputs } from './returned-inputs.ts';
import { contouredVolume } from './returned-rois.ts';

export interface WriteReturnedOptions {
  readonly dataDirectory: string;
  readonly modelsDirectory: string;
  readonly progress?: Progress;
}

/**
 * Writes result, structure sets and pictures of an order from the contours that a remote worker returned, by the code that
 * writes those of a worker on this machine: the same contours give the same bytes.
 * @param file what was returned (src/work/remote-contours.ts); undefined where the order needs no contours: its CT is refused
 *   before, or it is finished
 * @throws ContourNodeError REMOTE_RESULT; RESULT_CONFLICT, DATA_DIRECTORY, DISK_FULL, MODEL_NOT_FOUND, BUNDLE_* as contourOrder
 */
export async function writeReturnedContours(
  payload: ContourPayload,
  file: string | undefined,
  { dataDirectory, modelsDirectory, ...options }: WriteReturnedOptions,
): Promise<WorkResult> {
  const returned = file === undefined ? undefined : await readReturned(file);
  return contourOrder(dataDirectory, payload, {
    ...options,
    batchSize: 1,
    openEngine: async ({ name, digest }) => withoutEngine(await findBundle(modelsDirectory, name, digest)),
    // A delivery waits for the result, not for the voxels that the pictures need.
    returned: new Returned(returned, () => options.progress?.(stageAfterResult, 1)),
  });
}

/** @throws ContourNodeError REMOTE_RESULT */
async function readReturned(file: string): Promise<RemoteContours> {
  let json: unknown;
  try {
    const text = await promisify(gunzip)(await readFile(file), { maxOutputLength: longestJson });
    json = JSON.parse(text.toString('utf8'));
  } catch (cause) {
    throw new ContourNodeError('REMOTE_RESULT', 'what the worker returned is not gzip of JSON', { cause });
  }
  const parsed = remoteContoursSchema.safeParse(json, inWords);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ContourNodeError(
      'REMOTE_RESULT',
      `what the worker returned: ${issue === undefined ? 'wrong' : issueLine(issue, 'the result')}`,
    );
  }
  if (parsed.data.version !== version) {
    throw new ContourNodeError('REMOTE_VERSION', `the worker has version ${parsed.data.version}, the node ${version}`);
  }
  return parsed.data;
}

/** A hundred ROIs of a whole body have less. */
const longestJson = 1 << 30;

/** The node has the manifest for its rules; the network runs elsewhere. */
function withoutEngine(bundle: LoadedBundle['bundle']): LoadedBundle {
  const run = (): never => {
    throw new ContourNodeError('INTERNAL', 'no network runs where contours of a remote worker are written');
  };
  const engine = { name: 'onnxruntime', device: 'none', precision: 'float32' } as const;
  return { bundle, engine: { ...engine, run, close: () => Promise.resolve() } };
}

class Returned implements ReturnedContours {
  readonly #returned: RemoteContours | undefined;
  readonly #onResult: () => void;
  #asked: AskedContours | undefined;
  #beside: FoundContours['beside'] = [];

  constructor(returned: RemoteContours | undefined, onResult: () => void) {
    this.#returned = returned;
    this.#onResult = onResult;
  }

  async contours(asked: AskedContours): Promise<Contoured> {
    this.#asked = asked;
    const bundles = await bundlesFor(asked);
    const { order, clock, ct, dataDirectory } = asked;
    const given = await givenInputs(order, bundles);
    if (this.#returned === undefined) {
      // What is left is an image beside the CT that cannot be contoured with.
      await orderInputs(dataDirectory, given, () => true);
      throw new ContourNodeError('INTERNAL', 'an order without contours needs some');
    }
    const { outcome, timings, batchSeconds } = this.#returned;
    const ordered = (order.recipe?.bundles ?? [order.bundle]).map(({ digest }) => digest);
    if (outcome.kind === 'contours' && this.#returned.bundles.join() !== ordered.join()) {
      throw new ContourNodeError('REMOTE_RESULT', 'the worker contoured with other bundles than those ordered');
    }
    clock.timings.push(...timings);
    clock.batchSeconds.push(...batchSeconds);
    if (outcome.kind === 'refused') throw errorFrom(outcome.problem);
    checkReturnedInputs(outcome, given);
    this.#beside = outcome.beside;
    const grid = gridOf(ct.geometry);
    const bundle = order.recipe === undefined ? bundles[0]! : recipeOrigin(order.recipe.definition, bundles);
    return { ...contouredVolume(outcome, grid), volume: { grid, hu: new Int16Array() }, bundle };
  }

  async withVoxels(contoured: Contoured): Promise<Contoured> {
    this.#onResult();
    const { ct, dataDirectory, order } = this.#asked!;
    const placed = new Map(this.#beside.map(({ name, fromCt }) => [name, fromCt]));
    const images = await orderInputs(dataDirectory, order.inputs ?? [], (name) => placed.has(name));
    const beside = [...placed].map(([name, fromCt]) => {
      return { name, fromCt, image: images.find((image) => image.name === name)!.image };
    });
    return { ...contoured, beside, volume: await readCt(ct, new StageClock()) };
  }
}

/** The bundle of an order, or those of its recipe, after asking each whether it takes the CT. */
async function bundlesFor({ order, loaded, open, headers }: AskedContours): Promise<LoadedBundle['bundle'][]> {
  if (loaded !== undefined) return [loaded.bundle];
  const { definition, bundles } = order.recipe!;
  const opened: LoadedBundle['bundle'][] = [];
  for (const index of bundlesOf(definition).keys()) {
    const { bundle } = await open(bundles[index]!);
    checkCtSeries(headers, bundle.manifest.applicability);
    opened.push(bundle);
  }
  return opened;
}
