import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkCtSeries } from '../../src/dicom/ct-series.ts';
import { type MatchedRoi, matchToCt, type ReferencedCt } from '../../src/dicom/rtstruct/match-to-ct.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import type { StructureSet } from '../../src/dicom/rtstruct/structure-set.ts';
import { ContourNodeError } from '../../src/errors.ts';
import {
  type ComparedRoi,
  type ComparePayload,
  type ComparisonResult,
  comparisonResultSchema,
} from '../../src/work/correction.ts';
import type { Profile, WorkOrder, WorkResult } from '../../src/work/work-order.ts';
import { writeOnce } from '../../src/work/write-once.ts';
import { faultPoint } from '../../src/fault-point.ts';
import { contoursJson, type ShownRoi } from '../pictures/contours-json.ts';
import { OrderFiles } from '../order-files.ts';
import { readSlices } from '../revision-slices.ts';
import { gridOf } from '../volume/load-volume.ts';
import type { Grid } from '../volume/volume.ts';
import { namesOf, correctedRoi } from './corrected-rois.ts';
import { roiFigures } from './roi-figures.ts';
import { hasAllContours } from './same-contours.ts';

/** What only another structure set can change: it is not tried again. */
const incomparable = /^(STRUCTURE_SET|RTSTRUCT|DICOM)_/;

/**
 * The compare job: a structure set that came back against what an order drew, ROI by ROI on the grid of the CT, from files
 * to `result.json` and `contours.json` on disk. May be repeated at any time: the same files give the same result.
 *
 * @throws ContourNodeError what another try may overcome: DATA_DIRECTORY, DISK_FULL; RESULT_CONFLICT a file of the order
 *   is not the one that it wrote
 */
export async function compareCorrection(dataDirectory: string, payload: ComparePayload): Promise<ComparisonResult> {
  const { series, structureSet, order } = payload;
  const folder = join('series', series, 'structure-sets', structureSet, order);
  const write = (file: string, content: string): Promise<void> =>
    writeOnce(join(dataDirectory, folder, file), content, { shown: join(folder, file), mode: 0o600 });
  const result = await compared(dataDirectory, payload, (contours) => write('contours.json', contours)).catch(
    (error: unknown): ComparisonResult => {
      if (!(error instanceof ContourNodeError) || !incomparable.test(error.code)) throw error;
      const { code, message, remedy } = error;
      return { ...nothing, status: 'not comparable', error: { code, message, remedy } };
    },
  );
  faultPoint('comparison-made');
  await write('result.json', `${JSON.stringify(comparisonResultSchema.parse(result), undefined, 1)}\n`);
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
  const [order, drawn, manifest] = [await files.order(), await files.result(), await files.manifest()];
  if (drawn === undefined) throw new ContourNodeError('DATA_DIRECTORY', 'the order has no result');
  const headers = await readSlices(files, manifest);
  const { geometry, slices } = checkCtSeries(headers);
  const grid = gridOf(geometry);
  const ct: ReferencedCt = {
    frameOfReferenceUid: slices[0]!.frameOfReferenceUid,
    slices: slices.map(({ sopInstanceUid }, k) => ({ sopInstanceUid, z: geometry.z[k]! })),
  };

  const path = join('series', series, 'structure-sets', `${structureSet}.dcm`);
  const bytes = await readFile(join(dataDirectory, path)).catch((cause: unknown) => {
    throw new ContourNodeError('DATA_DIRECTORY', `${path} cannot be read`, { cause });
  });
  const correction = readRtstruct(bytes);
  const matched = matchToCt(correction, ct);
  const proposal = await proposalFor(correction, files, order, drawn);
  const own = proposal.set !== undefined && isOwn(correction, proposal.set);
  const inProposal = proposal.set === undefined ? [] : matchToCt(proposal.set, ct).rois;

  const rois: ComparedRoi[] = [];
  const shown: ShownRoi[] = [];
  for (const [index, { name }] of drawn.rois.entries()) {
    // Its number is its place in the bundle (worker/structure-set/destination-rois.ts).
    const proposed = inProposal.find(({ number }) => number === index + 1);
    const corrected = correctedRoi(matched.rois, namesOf(name, proposal.profile, proposed?.name));
    const roi = figuresOf(name, proposed, corrected, grid);
    if (roi !== undefined) rois.push(roi);
    if (typeof corrected === 'object') shown.push(shownRoi(name, corrected));
  }
  await writeContours(contoursJson(grid, shown));
  return { ...nothing, status: 'compared', own, rois, warnings: [...correction.warnings, ...matched.warnings] };
}

interface Proposal {
  readonly profile: Profile;
  /** As it went out; absent where nothing was found. */
  readonly set: StructureSet | undefined;
}

/**
 * Of the structure sets that the order made for different destinations the one that came back: by its UID, else the one with
 * most of its names.
 */
async function proposalFor(
  correction: StructureSet,
  files: OrderFiles,
  order: WorkOrder,
  drawn: WorkResult,
): Promise<Proposal> {
  const names = new Set(correction.rois.map(({ name }) => name.trim().toLowerCase()));
  const proposals: (Proposal & { readonly fit: number })[] = [];
  for (const made of drawn.structureSets) {
    const profile = order.profiles.find(({ key }) => key === made.profile);
    const set = await readMade(files, made);
    if (profile === undefined) continue;
    const same = set.rois.filter(({ name }) => names.has(name.trim().toLowerCase())).length;
    proposals.push({ profile, set, fit: made.sopInstanceUid === correction.sopInstanceUid ? Infinity : same });
  }
  const [best] = proposals.toSorted((a, b) => b.fit - a.fit);
  return best ?? { profile: order.profiles[0]!, set: undefined };
}

/** @throws ContourNodeError RESULT_CONFLICT */
async function readMade(files: OrderFiles, made: WorkResult['structureSets'][number]): Promise<StructureSet> {
  const stored = made.files.implicit ?? made.files.explicit;
  const bytes = stored === undefined ? undefined : await files.read(stored.file);
  if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== stored?.sha256)
    throw new ContourNodeError('RESULT_CONFLICT', 'a structure set of the order is not the one that was written', {
      remedy: 'restore the data directory',
    });
  return readRtstruct(bytes);
}

function isOwn(correction: StructureSet, made: StructureSet): boolean {
  return correction.sopInstanceUid === made.sopInstanceUid && hasAllContours(correction, made);
}

/** undefined: nobody drew it. */
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
