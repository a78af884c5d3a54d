import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CtInstance, imagesIn } from '../../dicom/ct-instance.ts';
import { dicomDateTime } from '../../dicom/date-time.ts';
import { type RevisionManifest, revisionManifestSchema } from '../../work/revision-manifest.ts';
import type { InputImage } from '../../work/input-image.ts';
import { type Warning } from '../../warning.ts';
import { aheadFolder, aheadManifestFile, instanceInSeries, manifestFile, revisionFolder } from '../../work/paths.ts';
import type { StoredImage } from '../../store/instances.ts';
import { writeOnce } from '../../work/write-once.ts';
import type { CheckedImages } from './check-series.ts';
import { ifThere, readIfThere } from '../../if-there.ts';

export interface RevisionInput {
  readonly dataDirectory: string;
  readonly series: string;
  /** The newest recorded revision; 0 for none. */
  readonly newest: number;
  readonly images: readonly StoredImage[];
  readonly checked: CheckedImages;
  /** Besides those of the check. */
  readonly warnings: readonly Warning[];
  /** What is seen beside the CT. */
  readonly inputs: readonly InputImage[];
  /** Milliseconds since 1970: date and time of every structure set of this revision. */
  readonly now: number;
}

export interface WrittenRevision {
  readonly manifest: RevisionManifest;
  /** Of the manifest's file. */
  readonly sha256: string;
}

/**
 * Writes the manifest of a revision. Where the newest one, or one that a crash left unrecorded, has the same files, it is
 * taken as it is: its date stays. So does that of a manifest ahead that says the same.
 */
export async function writeRevision(input: RevisionInput): Promise<WrittenRevision> {
  const { folder, manifest, there } = await placeOf(input);
  if (there !== undefined) return there;
  const text = (await sameAhead(folder, manifest)) ?? textOf(manifest);
  await writeOnce(join(folder, manifestFile), text);
  return written(text);
}

/**
 * Writes the manifest that the series would get if nothing more came, beside the place of the real one, which stays free:
 * where the series grows, its revision has the same number.
 */
export async function writeRevisionAhead(input: RevisionInput): Promise<WrittenRevision> {
  const { folder, manifest, there } = await placeOf(input);
  if (there !== undefined) return there;
  const text = (await sameAhead(folder, manifest)) ?? textOf(manifest);
  const revision = written(text);
  await writeOnce(join(folder, aheadManifestFile(revision.sha256)), text);
  return revision;
}

interface Place {
  readonly folder: string;
  readonly manifest: RevisionManifest;
  /** It is written already. */
  readonly there: WrittenRevision | undefined;
}

/** The first revision from the newest on that has the same files, or is not written. */
async function placeOf(input: RevisionInput): Promise<Place> {
  const { dataDirectory, series, newest } = input;
  for (let revision = Math.max(1, newest); ; revision++) {
    const folder = join(dataDirectory, revisionFolder(series, revision));
    const manifest = manifestOf(input, revision);
    const there = await readManifest(join(folder, manifestFile));
    const isSame = there === undefined || contentOf(there.manifest) === contentOf(manifest);
    if (isSame) return { folder, manifest, there };
  }
}

/** What makes it another revision. */
function contentOf({ slices, leftOut, inputs }: RevisionManifest): string {
  return JSON.stringify([slices, leftOut, inputs]);
}

/** A manifest ahead with the same files, and with the same warnings: those were known before the series was complete. */
async function sameAhead(folder: string, manifest: RevisionManifest): Promise<string | undefined> {
  for (const name of (await ifThere(readdir(join(folder, aheadFolder)))) ?? []) {
    if (!name.endsWith('.json')) continue;
    const text = await readIfThere(join(folder, aheadFolder, name));
    if (text !== undefined && saysSame(text, manifest)) return text;
  }
  return undefined;
}

/** One that cannot be read says nothing. */
function saysSame(text: string, manifest: RevisionManifest): boolean {
  try {
    const [ahead, now] = [written(text).manifest, written(textOf(manifest)).manifest];
    return contentOf(ahead) === contentOf(now) && JSON.stringify(ahead.warnings) === JSON.stringify(now.warnings);
  } catch {
    return false;
  }
}

function textOf(manifest: RevisionManifest): string {
  return `${JSON.stringify(manifest, undefined, 1)}\n`;
}

function written(text: string): WrittenRevision {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { manifest: revisionManifestSchema.parse(JSON.parse(text)), sha256 };
}

function manifestOf(
  { series, images, checked, warnings, inputs, now }: RevisionInput,
  revision: number,
): RevisionManifest {
  const files = new Map(
    images.flatMap((kept) => imagesIn([kept]).map((image) => [image, instanceInSeries(kept.file)])),
  );
  const [date, time] = dicomDateTime(new Date(now));
  const slices = checked.slices.map((slice, index) => ({
    file: files.get(slice)!,
    ...frameOf(slice),
    sopInstanceUid: slice.sopInstanceUid,
    z: checked.geometry.z[index]!,
    pixelSha256: slice.pixelSha256,
    headerSha256: slice.headerSha256,
  }));
  return {
    formatVersion: 1,
    series,
    revision,
    date,
    time,
    slices,
    leftOut: checked.leftOut.map(({ instance, reason }) => ({
      file: files.get(instance)!,
      ...frameOf(instance),
      reason,
    })),
    warnings: [...checked.warnings, ...warnings],
    ...(inputs.length > 0 && { inputs: [...inputs] }),
    contentSha256: contentSha256(checked.slices, date + time, inputs),
  };
}

function frameOf({ frameNumber }: CtInstance): { frame?: number } {
  return frameNumber === undefined ? {} : { frame: frameNumber };
}

/**
 * Digest of what determines the bytes of the structure sets: the moment, the CT and what is seen beside it. The header digests cover UIDs,
 * geometry, rescale and everything else of the headers.
 */
function contentSha256(slices: readonly CtInstance[], moment: string, inputs: readonly InputImage[]): string {
  const hash = createHash('sha256').update(moment);
  for (const { seriesInstanceUid, sopInstanceUid, headerSha256, pixelSha256, lossy } of slices) {
    hash.update(`\n${seriesInstanceUid} ${sopInstanceUid} ${headerSha256} ${pixelSha256} ${lossy}`);
  }
  if (inputs.length > 0) hash.update(`\n${JSON.stringify(inputs)}`);
  return hash.digest('hex');
}

/** The manifest of a revision that was recorded. @throws what the disk throws, and where it is damaged */
export async function manifestOfRevision(
  dataDirectory: string,
  series: string,
  revision: number,
): Promise<WrittenRevision | undefined> {
  return readManifest(join(dataDirectory, revisionFolder(series, revision), manifestFile));
}

async function readManifest(path: string): Promise<WrittenRevision | undefined> {
  const text = await readIfThere(path);
  return text === undefined ? undefined : written(text);
}
