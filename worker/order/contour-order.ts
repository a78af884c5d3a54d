import { takenInputs } from '../../src/bundles/taken-inputs.ts';
import { isWanted } from '../../src/config/destination-style.ts';
import { bundlesOf } from '../../src/config/recipe-schema.ts';
import { checkCtSeries } from '../../src/dicom/ct-series.ts';
import { readHeader } from '../../src/dicom/read-data-set.ts';
import type { SliceSource } from '../../src/dicom/slice-source.ts';
import { ContourNodeError, isAtFault } from '../../src/errors.ts';
import type { ContourPayload } from '../../src/work/payloads.ts';
import type { WorkOrder } from '../../src/work/work-order.ts';
import type { RevisionManifest } from '../../src/work/revision-manifest.ts';
import type { WorkResult } from '../../src/work/work-result.ts';
import type { Warning } from '../../src/warning.ts';
import { resultFile } from '../../src/work/paths.ts';
import { problemFrom } from '../../src/problem.ts';
import { faultPoint } from '../../src/fault-point.ts';
import type { LoadedBundle } from '../bundles/load-bundle.ts';
import { allWarnings, contourCt, type ContouredCt, type ContourOptions, type CtFiles } from '../contour-ct.ts';
import { contourRecipe } from '../contour-recipe.ts';
import type { GivenModality } from '../inference/modality-inputs.ts';
import { type EngineOpener, openOrdered } from './open-ordered.ts';
import { OrderFiles } from './order-files.ts';
import { orderInputs } from './order-inputs.ts';
import { hasPictures, writePictures } from './order-pictures.ts';
import { readSlices } from './revision-slices.ts';
import { lookNowAndThen, refuseIfTakenBack } from './taken-back.ts';
import { StageClock, type Progress } from '../stage-clock.ts';
import type { StructureSetOptions } from '../structure-set/prepare-structure-set.ts';
import { writeProfile } from './write-profile.ts';

export interface ContourOrderOptions extends EngineOpener {
  /** Slices at once through the network. */
  readonly batchSize: number;
  readonly progress?: Progress;
  /** Contours that a worker on another machine made, in place of those of an engine of this process. */
  readonly returned?: ReturnedContours;
}

export interface ReturnedContours {
  /** @throws ContourNodeError what the other worker could not overcome, as contourCt */
  contours(asked: AskedContours): Promise<Contoured>;
  /** The same with the voxels of the CT and of the images beside it, for the pictures. */
  withVoxels(contoured: Contoured): Promise<Contoured>;
}

/** What of an order decides its contours. */
export interface AskedContours {
  readonly dataDirectory: string;
  readonly order: WorkOrder;
  /** Of an order for one bundle. */
  readonly loaded: LoadedBundle | undefined;
  readonly open: (bundle: WorkOrder['bundle']) => Promise<LoadedBundle>;
  readonly headers: Parameters<typeof checkCtSeries>[0];
  readonly ct: CtFiles;
  readonly clock: StageClock;
}

/**
 * The contour job: reads an order from disk and writes its structure sets, its result, which makes them final, and then
 * the pictures, for which no delivery waits. It may be repeated at any time, also after a kill: the same order gives the same
 * structure sets, byte for byte, and an order that has all but its pictures gets those.
 * @returns the content of result.json; status `rejected` for a CT that cannot be contoured
 * @throws ContourNodeError what another try may overcome: MODEL_NOT_FOUND, BUNDLE_*, ENGINE_*, DATA_DIRECTORY, DISK_FULL;
 *   RESULT_CONFLICT a file of this order exists with other bytes; DATA_DIRECTORY also where the order was taken back
 */
export async function contourOrder(
  dataDirectory: string,
  payload: ContourPayload,
  options: ContourOrderOptions,
): Promise<WorkResult> {
  const files = new OrderFiles(dataDirectory, payload);
  const done = await finishedResult(files);
  if (done !== undefined && (done.status === 'rejected' || (await hasPictures(files)))) return done;

  const order = await files.order();
  const manifest = await files.manifest(order);
  const open = (bundle: WorkOrder['bundle']) => openOrdered(bundle, order, options);
  // Before the CT is read, so that a missing bundle is reported at once.
  const loaded = order.recipe === undefined ? await open(order.bundle) : undefined;
  const stillThere = lookNowAndThen(files);
  const sees = loaded !== undefined && 'volume' in loaded.bundle.manifest ? 'volume' : 'slices';
  const clock = new StageClock((stage, fraction) => {
    stillThere();
    options.progress?.(stage, fraction);
  }, sees);
  faultPoint('contouring', payload.series);
  let result: WorkResult;
  let contoured: Contoured | undefined;
  try {
    ({ result, contoured } = await contour({
      dataDirectory,
      files,
      order,
      manifest,
      loaded,
      open,
      clock,
      batchSize: options.batchSize,
      returned: options.returned,
    }));
  } catch (error) {
    if (!(error instanceof ContourNodeError) || !isAtFault('CT', error.code)) throw error;
    result = {
      ...unfinished(clock),
      status: 'rejected',
      error: problemFrom(error),
      rois: [],
      structureSets: [],
      warnings: manifest.warnings,
    };
  }
  refuseIfTakenBack(files);
  const written = await writeResult(files, result);
  faultPoint('result-written');
  if (contoured !== undefined) {
    const { manifest: shown } = contoured.bundle;
    const whole = options.returned === undefined ? contoured : await options.returned.withVoxels(contoured);
    await clock.run('pictures', () => writePictures(files, whole, shown));
  }
  return written;
}

/** @returns the result that stands: another worker may have finished the same order first */
async function writeResult(files: OrderFiles, result: WorkResult): Promise<WorkResult> {
  try {
    faultPoint('structure-set-written');
    await files.writeOnce(resultFile, `${JSON.stringify(result, null, 2)}\n`);
    return result;
  } catch (error) {
    // The times of the other one may differ, its structure sets must not.
    const other = (error as ContourNodeError).code === 'RESULT_CONFLICT' ? await finishedResult(files) : undefined;
    if (other === undefined || outcome(other) !== outcome(result)) throw error;
    return other;
  }
}

/**
 * An existing result, after checking that the digests of its structure sets are right.
 * @throws ContourNodeError RESULT_CONFLICT a structure set is missing or has other bytes
 */
async function finishedResult(files: OrderFiles): Promise<WorkResult | undefined> {
  const result = await files.result();
  for (const { files: encodings, segmentation } of result?.structureSets ?? []) {
    for (const stored of [...Object.values(encodings), ...Object.values(segmentation?.files ?? {})])
      await files.structureSet(stored);
  }
  return result;
}

/** The part of a result that must be the same for the same order. */
function outcome({ status, error, rois, structureSets, warnings }: WorkResult): string {
  return JSON.stringify([status, error?.code, rois, structureSets, warnings]);
}

function unfinished(
  clock: StageClock,
): Pick<WorkResult, 'formatVersion' | 'timings' | 'batchSeconds' | 'peakResidentMegabytes'> {
  return {
    formatVersion: 1,
    timings: [...clock.timings],
    batchSeconds: clock.batchSeconds.map((seconds) => Math.round(seconds * 10_000) / 10_000),
    peakResidentMegabytes: process.resourceUsage().maxRSS / 1024,
  };
}

interface Work {
  readonly dataDirectory: string;
  readonly files: OrderFiles;
  readonly order: WorkOrder;
  readonly manifest: RevisionManifest;
  /** Of an order for one bundle. */
  readonly loaded: LoadedBundle | undefined;
  readonly open: (bundle: WorkOrder['bundle']) => Promise<LoadedBundle>;
  readonly clock: StageClock;
  readonly batchSize: number;
  readonly returned: ReturnedContours | undefined;
}

async function contour(work: Work): Promise<{ result: WorkResult; contoured: Contoured }> {
  const { files, order, manifest, loaded, clock, batchSize } = work;
  const headers = await readSlices(files, manifest);
  const { geometry, slices, warnings, identityFrom } = checkCtSeries(headers, {
    ...loaded?.bundle.manifest.applicability,
    // The node made the order knowing what its route says of a tilt. Formulas are of an upright grid.
    tilt: order.recipe === undefined ? 'resolve' : 'refuse',
  });
  const pathOf = new Map(manifest.slices.map(({ sopInstanceUid, file }) => [sopInstanceUid, files.instance(file)]));
  const sources = slices.map(({ sopInstanceUid, frameNumber }) => sourceOf(pathOf.get(sopInstanceUid)!, frameNumber));
  const ctFiles = { geometry, files: sources };
  const contoured = await (work.returned?.contours({ ...work, headers, ct: ctFiles }) ??
    contourOrdered(work, headers, { ...ctFiles, inputs: await inputsOf(work) }, { batchSize, clock }));

  const ct = { geometry, slices, header: await readHeader(pathOf.get(identityFrom.sopInstanceUid)!) };
  const found = await clock.run('structure set', async () => {
    const sets: WorkResult['structureSets'] = [];
    const more: Warning[] = [];
    for (const profile of order.profiles) {
      const written = await writeProfile(work, profile, { ...ct, ...contoured });
      if (written === undefined) continue;
      sets.push(written.result);
      more.push(...written.warnings);
    }
    return { sets, more };
  });
  const result: WorkResult = {
    ...unfinished(clock),
    status: found.sets.length > 0 ? 'contoured' : 'nothing-found',
    rois: contoured.rois.map(({ roi, slices: where, volumeCm3, components }) => ({
      name: roi.name,
      found: where.length > 0,
      delivered: where.length > 0 && order.profiles.some((profile) => isWanted(roi, profile)),
      volumeCm3: Math.round(volumeCm3 * 1000) / 1000,
      slices: where.length,
      contours: where.reduce((sum, { polygons }) => sum + polygons.length, 0),
      components,
    })),
    structureSets: found.sets,
    warnings: distinct([
      ...manifest.warnings,
      ...warnings,
      ...allWarnings(usedOf(contoured, order)).filter((warning) => !isSaid(warning, manifest)),
      ...found.more,
    ]),
    ...(contoured.inputs.length > 0 && { inputs: [...contoured.inputs] }),
    networks: [...contoured.networks],
  };
  return { result, contoured };
}

async function inputsOf({ dataDirectory, order, loaded }: Work): Promise<GivenModality[]> {
  // Of a recipe the networks are opened later.
  const taken = loaded === undefined ? undefined : await takenInputs(loaded.bundle);
  return orderInputs(dataDirectory, order.inputs ?? [], (name) => taken?.has(name) ?? true);
}

/** The node has said already that there is no MR, and why. */
function isSaid({ code }: Warning, { warnings }: RevisionManifest): boolean {
  return (
    code === 'INPUT_MISSING' &&
    warnings.some((warning) => warning.code === 'INPUT_MISSING' || warning.code === 'INPUT_AMBIGUOUS')
  );
}

/** Without the ROIs that nobody gets; those of a recipe are what others are made from. */
function usedOf(contoured: Contoured, { recipe, profiles }: WorkOrder): Contoured {
  if (recipe !== undefined) return contoured;
  return { ...contoured, rois: contoured.rois.filter(({ roi }) => profiles.some((one) => isWanted(roi, one))) };
}

/** The contours, and the bundle or the recipe that they come from. */
export type Contoured = ContouredCt & Pick<StructureSetOptions, 'bundle'>;

async function contourOrdered(
  { order: { recipe }, loaded, open }: Work,
  headers: Parameters<typeof checkCtSeries>[0],
  ct: CtFiles,
  options: ContourOptions,
): Promise<Contoured> {
  if (loaded !== undefined) return { ...(await contourCt(ct, loaded, options)), bundle: loaded.bundle };
  const { definition, bundles: ordered } = recipe!;
  const bundles = new Map(bundlesOf(definition).map((name, index) => [name, ordered[index]!]));
  return contourRecipe(ct, definition, {
    ...options,
    open: (name) => open(bundles.get(name)!),
    accept: ({ applicability }) => void checkCtSeries(headers, applicability),
  });
}

/** Where the pixels of a slice of the manifest are. */
export function sourceOf(path: string, frame: number | undefined): SliceSource {
  return frame === undefined ? path : { path, frame };
}

function distinct(warnings: readonly Warning[]): Warning[] {
  return [...new Map(warnings.map((warning) => [`${warning.code} ${warning.text}`, warning])).values()];
}
