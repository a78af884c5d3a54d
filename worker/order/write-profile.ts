import { createHash } from 'node:crypto';
import { segmentationFile, structureSetFile } from '../../src/work/paths.ts';
import type { RevisionManifest } from '../../src/work/revision-manifest.ts';
import type { Profile, WorkOrder } from '../../src/work/work-order.ts';
import type { WorkResult } from '../../src/work/work-result.ts';
import type { Warning } from '../../src/warning.ts';
import { inputSentences, type UsedInput } from '../structure-set/input-texts.ts';
import { prepareSegmentationOf, type SegmentationOptions } from '../structure-set/prepare-segmentation.ts';
import { prepareStructureSet } from '../structure-set/prepare-structure-set.ts';
import { OrderFiles } from './order-files.ts';

type StructureSet = WorkResult['structureSets'][number];
type Encoding = 'implicit' | 'explicit';

export interface ProfileWork {
  readonly dataDirectory: string;
  readonly files: OrderFiles;
  readonly order: WorkOrder;
  readonly manifest: RevisionManifest;
}

/** What was contoured on which CT. */
export type ContouredImages = Pick<
  SegmentationOptions,
  'geometry' | 'slices' | 'header' | 'bundle' | 'rois' | 'ctWarnings' | 'networks'
> & {
  /** What became of the images beside the CT. */
  readonly inputs?: readonly UsedInput[];
};

/**
 * The structure set of one profile in each encoding that it wants, and its segmentation where it wants one; undefined
 * without a wanted ROI.
 */
export async function writeProfile(
  work: ProfileWork,
  profile: Profile,
  contoured: ContouredImages,
): Promise<{ result: StructureSet; warnings: Warning[] } | undefined> {
  const { order, manifest, files } = work;
  const options: SegmentationOptions = {
    ...contoured,
    style: profile,
    uidRoot: order.uidRoot,
    aeTitle: order.aeTitle,
    date: manifest.date,
    time: manifest.time,
    revision: manifest.revision,
    predecessors: await predecessors(work, profile),
    beside: inputSentences(order.inputs ?? [], contoured.inputs ?? [], manifest.warnings),
    contentSha256: manifest.contentSha256,
  };
  const prepared = prepareStructureSet(options);
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
  const { sopInstanceUid, seriesInstanceUid } = prepared;
  const written = await writeEncodings(files, encodings, prepared, (encoding) =>
    structureSetFile(profile.key, encoding),
  );
  const segmentation = profile.segmentation === true ? await writeSegmentation(files, profile, options) : undefined;
  return {
    result: {
      profile: profile.key,
      sopInstanceUid,
      seriesInstanceUid,
      files: written,
      ...(segmentation !== undefined && { segmentation }),
    },
    warnings,
  };
}

/** One encoding only: a segmentation is large, and who takes explicit VR takes implicit VR as well (PS3.5 section 10.1). */
export function segmentationEncoding(transferSyntaxes: Profile['transferSyntaxes']): Encoding {
  return transferSyntaxes.includes('implicit') ? 'implicit' : 'explicit';
}

async function writeSegmentation(
  files: OrderFiles,
  { key, transferSyntaxes }: Profile,
  options: SegmentationOptions,
): Promise<StructureSet['segmentation']> {
  const prepared = prepareSegmentationOf(options);
  if (prepared === undefined) return undefined;
  const encoding = segmentationEncoding(transferSyntaxes);
  const written = await writeEncodings(files, [encoding], prepared, (one) => segmentationFile(key, one));
  const { sopInstanceUid, seriesInstanceUid } = prepared;
  return { sopInstanceUid, seriesInstanceUid, files: written };
}

async function writeEncodings(
  files: OrderFiles,
  encodings: readonly Encoding[],
  { encode }: { encode: (encoding: Encoding) => Buffer },
  fileOf: (encoding: Encoding) => string,
): Promise<StructureSet['files']> {
  const written: StructureSet['files'] = {};
  for (const encoding of encodings) {
    const bytes = encode(encoding);
    const file = fileOf(encoding);
    await files.writeOnce(file, bytes);
    written[encoding] = { file, sha256: createHash('sha256').update(bytes).digest('hex') };
  }
  return written;
}

/**
 * SOP Instance UIDs of the structure sets of earlier revisions that went to the destinations of this profile: those of
 * the same profile where they exist, else all of that order.
 */
async function predecessors({ dataDirectory, order }: ProfileWork, profile: Profile): Promise<string[]> {
  const uids: string[] = [];
  for (const { revision, order: key } of order.predecessors) {
    const result = await new OrderFiles(dataDirectory, { series: order.series, revision, order: key }).result();
    const sets = result?.structureSets ?? [];
    const same = sets.filter((set) => set.profile === profile.key);
    uids.push(...(same.length > 0 ? same : sets).map(({ sopInstanceUid }) => sopInstanceUid));
  }
  return uids;
}
