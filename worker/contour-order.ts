import { createHash } from 'node:crypto';
import type { Bundle } from '../src/bundles/read-bundle.ts';
import type { CtHeader } from '../src/dicom/ct-instance.ts';
import { checkCtSeries } from '../src/dicom/ct-series.ts';
import type { DataSet } from '../src/dicom/data-set.ts';
import { isWanted } from './structure-set/destination-rois.ts';
import { ContourNodeError } from '../src/errors.ts';
import type { ContourPayload, Profile, RevisionManifest, WorkOrder, WorkResult } from '../src/work/work-order.ts';
import type { Warning } from '../src/warning.ts';
import { contactSheetFile, reviewAxes, reviewIndexFile, reviewPlanesFile } from '../src/work/review-files.ts';
import { faultPoint } from '../src/fault-point.ts';
import type { LoadedBundle } from './bundles/load-bundle.ts';
import { allWarnings, contourCt, type ContouredCt } from './contour-ct.ts';
import { contoursJson } from './pictures/contours-json.ts';
import { OrderFiles } from './order-files.ts';
import { reviewSheet } from './pictures/review-pictures.ts';
import { readSlices } from './revision-slices.ts';
import { reviewFiles } from './pictures/review-planes.ts';
import { StageClock, type Progress } from './stage-clock.ts';
import { structureSet } from './structure-set/write-structure-sets.ts';

export interface ContourOrderOptions {
  /** The bundle that the order names, in the engine that it names; the caller keeps it warm. */
  readonly openEngine: (order: WorkOrder) => Promise<LoadedBundle>;
  /** Slices at once through the network. */
  readonly batchSize: number;
  readonly progress?: Progress;
}

/** What only another CT can change: the order ends with `rejected` and is not tried again. */
const rejecting = /^(SERIES|DICOM|PIXEL)_/;

/**
 * The contour job: from an order on disk to its structure sets and its result on disk. May be repeated at any time, also
 * after a kill in the middle: the same order gives the same structure sets, byte for byte, and result.json, written last,
 * makes them final.
 * @returns the content of result.json; status `rejected` for a CT that cannot be contoured
 * @throws ContourNodeError what another try may overcome: MODEL_NOT_FOUND, BUNDLE_*, ENGINE_*, DATA_DIRECTORY, DISK_FULL;
 *   RESULT_CONFLICT a file of this order is there with other bytes
 */
export async function contourOrder(
  dataDirectory: string,
  payload: ContourPayload,
  options: ContourOrderOptions,
): Promise<WorkResult> {
  const files = new OrderFiles(dataDirectory, payload);
  const done = await finishedResult(files);
  if (done !== undefined) return done;

  const [order, manifest] = [await files.order(), await files.manifest()];
  const loaded = await options.openEngine(order);
  if (loaded.bundle.digest !== order.bundle.digest) {
    const { name, version } = order.bundle;
    throw new ContourNodeError(
      'BUNDLE_DIGEST',
      `the order was made for another bundle ${name} ${version} than the one that is here`,
      {
        remedy: 'put that bundle back, or retry the series: it is then contoured with the new one',
      },
    );
  }
  const sees = 'volume' in loaded.bundle.manifest ? 'volume' : 'slices';
  const clock = new StageClock(options.progress, sees);
  faultPoint('contouring', payload.series);
  let result: WorkResult;
  try {
    result = await draw({ dataDirectory, files, order, manifest, loaded, clock, batchSize: options.batchSize });
  } catch (error) {
    if (!(error instanceof ContourNodeError) || !rejecting.test(error.code)) throw error;
    const { code, message, remedy } = error;
    result = {
      ...unfinished(clock),
      status: 'rejected',
      error: { code, message, remedy },
      rois: [],
      structureSets: [],
      warnings: manifest.warnings,
    };
  }
  try {
    faultPoint('structure-set-written');
    await files.writeOnce('result.json', `${JSON.stringify(result, null, 2)}\n`);
  } catch (error) {
    // Another worker was faster; its times differ, its structure sets must not.
    const other = (error as ContourNodeError).code === 'RESULT_CONFLICT' ? await finishedResult(files) : undefined;
    if (other === undefined || outcome(other) !== outcome(result)) throw error;
    return other;
  }
  return result;
}

/**
 * A result that is there, its structure sets being what it says they are.
 * @throws ContourNodeError RESULT_CONFLICT a structure set is missing or has other bytes
 */
async function finishedResult(files: OrderFiles): Promise<WorkResult | undefined> {
  const result = await files.result();
  for (const { files: encodings } of result?.structureSets ?? []) {
    for (const { file, sha256 } of Object.values(encodings)) {
      const bytes = await files.read(file);
      if (bytes === undefined || digestOf(bytes) !== sha256) {
        throw new ContourNodeError('RESULT_CONFLICT', `${file} is not the structure set that result.json names`);
      }
    }
  }
  return result;
}

/** What of a result the same order must always give. */
function outcome({ status, error, rois, structureSets, warnings }: WorkResult): string {
  return JSON.stringify([status, error?.code, rois, structureSets, warnings]);
}

function unfinished(
  clock: StageClock,
): Pick<WorkResult, 'formatVersion' | 'timings' | 'batchSeconds' | 'peakResidentMegabytes'> {
  return {
    formatVersion: 1,
    timings: clock.timings,
    batchSeconds: clock.batchSeconds.map((seconds) => Math.round(seconds * 10_000) / 10_000),
    peakResidentMegabytes: process.resourceUsage().maxRSS / 1024,
  };
}

interface Work {
  readonly dataDirectory: string;
  readonly files: OrderFiles;
  readonly order: WorkOrder;
  readonly manifest: RevisionManifest;
  readonly loaded: LoadedBundle;
  readonly clock: StageClock;
  readonly batchSize: number;
}

async function draw(work: Work): Promise<WorkResult> {
  const { files, order, manifest, loaded, clock } = work;
  const { headers, first } = await readSlices(files, manifest);
  const { applicability } = loaded.bundle.manifest;
  const { geometry, slices, warnings } = checkCtSeries(headers, applicability);
  const pathOf = new Map(manifest.slices.map(({ sopInstanceUid, file }) => [sopInstanceUid, files.instance(file)]));
  const paths = slices.map(({ sopInstanceUid }) => pathOf.get(sopInstanceUid)!);
  const drawn = await contourCt({ geometry, files: paths }, loaded, { batchSize: work.batchSize, clock });

  const found = await clock.run('structure set', async () => {
    const sets: WorkResult['structureSets'] = [];
    const more: Warning[] = [];
    for (const profile of order.profiles) {
      const written = await writeProfile(work, profile, slices, first, drawn);
      if (written === undefined) continue;
      sets.push(written.result);
      more.push(...written.warnings);
    }
    return { sets, more };
  });
  await clock.run('preview', () => writePictures(files, loaded.bundle, drawn));
  return {
    ...unfinished(clock),
    status: found.sets.length > 0 ? 'contoured' : 'nothing-found',
    rois: drawn.rois.map(({ roi, slices: where, volumeCm3, components }) => ({
      name: roi.name,
      found: where.length > 0,
      delivered: where.length > 0 && order.profiles.some((profile) => isWanted(roi, profile)),
      volumeCm3: Math.round(volumeCm3 * 1000) / 1000,
      slices: where.length,
      contours: where.reduce((sum, { polygons }) => sum + polygons.length, 0),
      components,
    })),
    structureSets: found.sets,
    warnings: distinct([...manifest.warnings, ...warnings, ...allWarnings(drawn), ...found.more]),
  };
}

/** The structure set of one profile in each encoding that it wants; undefined when there is nothing to send. */
async function writeProfile(
  work: Work,
  profile: Profile,
  slices: readonly CtHeader[],
  header: DataSet,
  drawn: ContouredCt,
) {
  const { order, manifest, files } = work;
  const prepared = structureSet({
    slices,
    header,
    bundle: work.loaded.bundle,
    rois: drawn.rois,
    ctWarnings: drawn.ctWarnings,
    style: profile,
    uidRoot: order.uidRoot,
    aeTitle: order.aeTitle,
    date: manifest.date,
    time: manifest.time,
    revision: manifest.revision,
    predecessors: await predecessors(work, profile),
    contentSha256: manifest.contentSha256,
  });
  if (prepared === undefined) return undefined;
  const warnings: Warning[] = [];
  let encodings = profile.transferSyntaxes.filter((encoding) => prepared.encodings.includes(encoding));
  if (encodings.length < profile.transferSyntaxes.length) {
    encodings = ['implicit'];
    warnings.push({
      code: 'IMPLICIT_ONLY',
      text: 'a contour is too long for explicit VR: the structure set is offered in implicit VR only',
    });
  }
  const written: WorkResult['structureSets'][number]['files'] = {};
  for (const encoding of encodings) {
    const bytes = prepared.encode(encoding);
    const file = `${profile.key}.${encoding}.dcm`;
    await files.writeOnce(file, bytes);
    written[encoding] = { file, sha256: digestOf(bytes) };
  }
  const { sopInstanceUid, seriesInstanceUid } = prepared;
  return { result: { profile: profile.key, sopInstanceUid, seriesInstanceUid, files: written }, warnings };
}

/**
 * SOP Instance UIDs of the structure sets of earlier revisions that went to the destinations of this profile: those of
 * the same profile where there are such, else all of that order.
 */
async function predecessors({ dataDirectory, order }: Work, profile: Profile): Promise<string[]> {
  const uids: string[] = [];
  for (const { revision, order: key } of order.predecessors) {
    const result = await new OrderFiles(dataDirectory, { series: order.series, revision, order: key }).result();
    const sets = result?.structureSets ?? [];
    const same = sets.filter((set) => set.profile === profile.key);
    uids.push(...(same.length > 0 ? same : sets).map(({ sopInstanceUid }) => sopInstanceUid));
  }
  return uids;
}

/** contours.json, preview.png and the planes of the viewer, for the page. */
async function writePictures(files: OrderFiles, bundle: Bundle, { volume, body, rois }: ContouredCt): Promise<void> {
  await files.writeOnce('contours.json', contoursJson(volume.grid, rois));
  await files.replace(contactSheetFile, reviewSheet(volume, rois, bundle.manifest));
  const { index, planes } = await reviewFiles(volume, body, rois);
  for (const axis of reviewAxes) await files.replace(reviewPlanesFile(axis), planes[axis]);
  await files.replace(reviewIndexFile, Buffer.from(JSON.stringify(index)));
}

function distinct(warnings: readonly Warning[]): Warning[] {
  return [...new Map(warnings.map((warning) => [`${warning.code} ${warning.text}`, warning])).values()];
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
