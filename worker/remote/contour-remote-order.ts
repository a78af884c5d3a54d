import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundlesOf } from '../../src/config/recipe-schema.ts';
import { ContourNodeError, isAtFault } from '../../src/errors.ts';
import { problemFrom } from '../../src/problem.ts';
import { version } from '../../src/version.ts';
import { packedContours, type RemoteContours } from '../../src/work/remote-contours.ts';
import { type RemoteOrder, remoteOrderSchema } from '../../src/work/remote-order.ts';
import type { WorkResult } from '../../src/work/work-result.ts';
import type { WorkOrder } from '../../src/work/work-order.ts';
import { writeWhole } from '../../src/work/write-whole.ts';
import type { LoadedBundle } from '../bundles/load-bundle.ts';
import { contourCt, type ContouredVolume } from '../contour-ct.ts';
import { contourRecipe } from '../contour-recipe.ts';
import type { GivenModality } from '../inference/modality-inputs.ts';
import { type EngineOpener, openOrdered } from '../order/open-ordered.ts';
import { type Progress, StageClock } from '../stage-clock.ts';
import { loadLocatedModality } from '../volume/load-modality.ts';
import { foundContours } from './returned-rois.ts';

/** In the folder of a remote order on the worker's machine. */
export const remoteOrderFile = 'order.json';
export const returnedFile = 'contours.json.gz';

export function sliceFile(index: number): string {
  return `slice-${String(index + 1).padStart(5, '0')}.dcm`;
}

export interface RemoteContourOptions extends EngineOpener {
  readonly batchSize: number;
  readonly progress?: Progress;
}

/** `contoured` also where nothing was found: the node knows what its destinations want. */
export type RemoteSummary = Pick<WorkResult, 'status' | 'error' | 'timings' | 'peakResidentMegabytes'>;

/**
 * Contours a remote order whose slices lie in `folder`, and writes there what is to be returned to the node.
 * @throws ContourNodeError what another try may overcome, as contourOrder
 */
export async function contourRemoteOrder(folder: string, options: RemoteContourOptions): Promise<RemoteSummary> {
  const order = remoteOrderSchema.parse(JSON.parse(await readFile(join(folder, remoteOrderFile), 'utf8')));
  const used: string[] = [];
  const open = async (bundle: WorkOrder['bundle']): Promise<LoadedBundle> => {
    const loaded = await openOrdered(bundle, order, options);
    used.push(bundle.digest);
    return loaded;
  };
  const loaded = order.recipe === undefined ? await open(order.bundle) : undefined;
  const clock = new StageClock(
    options.progress,
    loaded !== undefined && 'volume' in loaded.bundle.manifest ? 'volume' : 'slices',
  );
  let outcome: RemoteContours['outcome'];
  try {
    outcome = foundContours(
      await contour(folder, order, { loaded, open, clock, batchSize: options.batchSize }),
      order.masks,
    );
  } catch (error) {
    if (!(error instanceof ContourNodeError) || !isAtFault('CT', error.code)) throw error;
    outcome = { kind: 'refused', problem: problemFrom(error) };
  }
  const { timings, batchSeconds } = clock;
  const returned: RemoteContours = { formatVersion: 1, version, bundles: used, outcome, timings, batchSeconds };
  await writeWhole(join(folder, returnedFile), await packedContours(returned));
  return {
    status: outcome.kind === 'refused' ? 'rejected' : 'contoured',
    ...(outcome.kind === 'refused' && { error: outcome.problem }),
    timings,
    peakResidentMegabytes: process.resourceUsage().maxRSS / 1024,
  };
}

interface Contouring {
  readonly loaded: LoadedBundle | undefined;
  readonly open: (bundle: WorkOrder['bundle']) => Promise<LoadedBundle>;
  readonly clock: StageClock;
  readonly batchSize: number;
}

async function contour(
  folder: string,
  order: RemoteOrder,
  { loaded, open, ...options }: Contouring,
): Promise<ContouredVolume> {
  const { geometry, recipe } = order;
  const files = geometry.z.map((_, index) => join(folder, sliceFile(index)));
  const ct = { geometry, files, inputs: await inputsOf(folder, order) };
  if (loaded !== undefined) return contourCt(ct, loaded, options);
  const { definition, bundles } = recipe!;
  const byName = new Map(bundlesOf(definition).map((name, index) => [name, bundles[index]!]));
  return contourRecipe(ct, definition, {
    ...options,
    open: (name) => open(byName.get(name)!),
    // The node has asked each bundle before it gave the order away.
    accept: () => undefined,
  });
}

/** The images beside the CT, as `orderInputs` reads them on the node. */
async function inputsOf(folder: string, { geometry, inputs = [] }: RemoteOrder): Promise<GivenModality[]> {
  const given: GivenModality[] = [];
  let first = geometry.z.length;
  for (const { name, fromCt, how, slices, columns, rows, toPatient } of inputs) {
    const from = first;
    const paths = Array.from({ length: slices }, (_, index) => join(folder, sliceFile(from + index)));
    given.push({ name, fromCt, how, image: await loadLocatedModality(paths, { columns, rows, toPatient }) });
    first += slices;
  }
  return given;
}
