import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkCtSeries } from '../../src/dicom/ct-series.ts';
import { type MatchedRoi, matchToCt, referencedCt } from '../../src/dicom/rtstruct/match-to-ct.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import type { StructureSet } from '../../src/dicom/rtstruct/structure-set.ts';
import { ContourNodeError, isAtFault } from '../../src/errors.ts';
import { problemFrom } from '../../src/problem.ts';
import { type ComparedRoi, type ComparisonResult, comparisonResultSchema } from '../../src/work/correction.ts';
import type { ComparePayload } from '../../src/work/payloads.ts';
import type { Profile, WorkOrder } from '../../src/work/work-order.ts';
import type { WorkResult } from '../../src/work/work-result.ts';
import {
  comparisonFolder,
  contoursFile,
  correctionFile,
  resultFile,
  structureSetsFolder,
} from '../../src/work/paths.ts';
import { writeOnce } from '../../src/work/write-once.ts';
import { faultPoint } from '../../src/fault-point.ts';
import { contoursJson, type ShownRoi } from '../pictures/contours-json.ts';
import { OrderFiles } from '../order/order-files.ts';
import { readSlices } from '../order/revision-slices.ts';
import { gridOf } from '../volume/load-volume.ts';
import type { Grid } from '../volume/volume.ts';
import { namesOf, correctedRoi } from './corrected-rois.ts';
import { roiFigures } from './roi-figures.ts';
import { hasAllContours } from './same-contours.ts';
import { inStack, tiltedPlanes, turned, turnedGrid } from './tilted-planes.ts';

/**
 * The compare job: compares a correction with the structure set of an order, ROI by ROI on the grid of the CT, and writes
 * `result.json` and `contours.json`. May be repeated at any time: the same files give the same result.
 *
 * @throws ContourNodeError what another try may overcome: DATA_DIRECTORY, DISK_FULL; RESULT_CONFLICT a file of the order has
 *   other bytes than the worker wrote
 */
export async function compareCorrection(dataDirectory: string, payload: ComparePayload): Promise<ComparisonResult> {
  const { series, structureSet, order } = payload;
  const folder = comparisonFolder(series, structureSet, order);
  const write = (file: string, content: string): Promise<void> =>
    writeOnce(join(dataDirectory, folder, file), content, { shown: join(folder, file), mode: 0o600 });
  const result = await compared(dataDirectory, payload, (contours) => write(contoursFile, contours)).catch(
    (error: unknown): ComparisonResult => {
      if (!(error instanceof ContourNodeError) || !isAtFault('structure set', error.code)) throw error;
      return { ...nothing, status: 'not comparable', error: problemFrom(error) };
    },
  );
  faultPoint('comparison-made');
  await write(resultFile, `${JSON.stringify(comparisonResultSchema.parse(result), undefined, 1)}\n`);
  return result;
}

const nothing = { formatVersion: 1 as const, own: false, rois: [], warnings: [] };

async function compared(
  dataDirectory: string,
  payload: ComparePayload,
  writeContours: (contours: string) => Promise<void>,
): Promise<ComparisonResult> {
  const { series, structureSet } = payload;
  const files = new OrderFiles(dataDirectory, payload);
  const [order, result] = [await files.order(), await files.result()];
  const manifest = await files.manifest(order);
  if (result === undefined) throw new ContourNodeError('DATA_DIRECTORY', 'the order has no result');
  const headers = await readSlices(files, manifest);
  // The order was made of them, tilted or not: what came back lies in the same planes.
  const checked = checkCtSeries(headers, { tilt: 'resolve' });
  const { geometry } = checked;
  const tilted = tiltedPlanes(geometry);
  const grid = tilted === undefined ? gridOf(geometry) : turnedGrid(geometry, tilted);
  const ct = referencedCt(checked);
  const match = (set: StructureSet) => matchToCt(tilted === undefined ? set : turned(set, tilted), ct);

  const path = join(structureSetsFolder(series), correctionFile(structureSet));
  const bytes = await readFile(join(dataDirectory, path)).catch((cause: unknown) => {
    throw new ContourNodeError('DATA_DIRECTORY', `${path} cannot be read`, { cause });
  });
  const read = (file: Uint8Array): StructureSet => readRtstruct(file, tilted?.column);
  const correction = read(bytes);
  const matched = match(correction);
  const proposal = await proposalFor(correction, { files, order, result, read });
  const own = proposal.set !== undefined && isOwn(correction, proposal.set);
  const inProposal = proposal.set === undefined ? [] : match(proposal.set).rois;

  const rois: ComparedRoi[] = [];
  const shown: ShownRoi[] = [];
  for (const [index, { name }] of result.rois.entries()) {
    // Its number is its place in the bundle (worker/structure-set/destination-rois.ts).
    const proposed = inProposal.find(({ number }) => number === index + 1);
    const corrected = correctedRoi(matched.rois, namesOf(name, proposal.profile, proposed?.name));
    const roi = figuresOf(name, proposed, corrected, grid);
    if (roi !== undefined) rois.push(roi);
    if (typeof corrected === 'object')
      shown.push(shownRoi(name, tilted === undefined ? corrected : inStack(corrected, geometry, tilted)));
  }
  await writeContours(contoursJson(gridOf(geometry), shown));
  return { ...nothing, status: 'compared', own, rois, warnings: [...correction.warnings, ...matched.warnings] };
}

interface Proposal {
  readonly profile: Profile;
  /** The ROI as it was delivered; absent where nothing was found. */
  readonly set: StructureSet | undefined;
}

interface MadeFrom {
  readonly files: OrderFiles;
  readonly order: WorkOrder;
  readonly result: WorkResult;
  readonly read: (bytes: Uint8Array) => StructureSet;
}

/**
 * Finds which of the order's structure sets, one for each destination, was corrected: by its UID, else the one with the most
 * ROI names in common.
 */
async function proposalFor(correction: StructureSet, { files, order, result, read }: MadeFrom): Promise<Proposal> {
  const names = new Set(correction.rois.map(({ name }) => name.trim().toLowerCase()));
  const proposals: (Proposal & { readonly fit: number })[] = [];
  for (const made of result.structureSets) {
    const profile = order.profiles.find(({ key }) => key === made.profile);
    const set = read(await readMade(files, made));
    if (profile === undefined) continue;
    const same = set.rois.filter(({ name }) => names.has(name.trim().toLowerCase())).length;
    proposals.push({ profile, set, fit: made.sopInstanceUid === correction.sopInstanceUid ? Infinity : same });
  }
  const [best] = proposals.toSorted((a, b) => b.fit - a.fit);
  return best ?? { profile: order.profiles[0]!, set: undefined };
}

/** @throws ContourNodeError RESULT_CONFLICT */
async function readMade(files: OrderFiles, made: WorkResult['structureSets'][number]): Promise<Uint8Array> {
  const stored = made.files.implicit ?? made.files.explicit;
  if (stored === undefined) throw new ContourNodeError('RESULT_CONFLICT', 'a structure set of the order has no file');
  return files.structureSet(stored);
}

function isOwn(correction: StructureSet, made: StructureSet): boolean {
  return correction.sopInstanceUid === made.sopInstanceUid && hasAllContours(correction, made);
}

/** undefined: the ROI has no contours. */
function figuresOf(
  name: string,
  proposed: MatchedRoi | undefined,
  corrected: MatchedRoi | 'unclear' | undefined,
  grid: Grid,
): ComparedRoi | undefined {
  if (corrected === 'unclear') return { name, state: 'unclear' };
  const [a, b] = [proposed?.contours ?? [], corrected?.contours ?? []];
  return a.length + b.length === 0 ? undefined : roiFigures(name, a, b, grid);
}

const green = [0, 200, 80];

function shownRoi(name: string, { type, contours }: MatchedRoi): ShownRoi {
  return {
    roi: { name, interpretedType: type, colour: green },
    slices: contours.map(({ slice, points }) => ({
      slice,
      polygons: [{ outer: points.filter((_, at) => at % 3 !== 2), holes: [] }],
    })),
  };
}
