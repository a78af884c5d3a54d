import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type CtInstance, imagesIn } from '../../dicom/ct-instance.ts';
import { dicomDateTime } from '../../dicom/date-time.ts';
import { type RevisionManifest, revisionManifestSchema } from '../../work/revision-manifest.ts';
import type { InputImage } from '../../work/input-image.ts';
import { type Warning } from '../../warning.ts';
import { instanceInSeries, manifestFile, revisionFolder } from '../../work/paths.ts';
import type { StoredImage } from '../../store/instances.ts';
import { writeOnce } from '../../work/write-once.ts';
import type { CheckedImages } from './check-series.ts';
import { readIfThere } from '../../if-there.ts';

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

/**
 * Writes the manifest of a revision. Where the newest one, or one that a crash left unrecorded, has the same files, it is
 * taken as it is: its date stays.
 */
export async function writeRevision(input: RevisionInput): Promise<RevisionManifest> {
  const { dataDirectory, series, newest } = input;
  for (let revision = Math.max(1, newest); ; revision++) {
    const path = join(dataDirectory, revisionFolder(series, revision), manifestFile);
    const manifest = manifestOf(input, revision);
    const there = await readManifest(path);
    if (there === undefined) {
      await writeOnce(path, `${JSON.stringify(manifest, undefined, 1)}\n`);
      return manifest;
    }
    if (contentOf(there) === contentOf(manifest)) return there;
  }
}

/** What makes it another revision. */
function contentOf({ slices, leftOut, inputs }: RevisionManifest): string {
  return JSON.stringify([slices, leftOut, inputs]);
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
): Promise<RevisionManifest | undefined> {
  return readManifest(join(dataDirectory, revisionFolder(series, revision), manifestFile));
}

async function readManifest(path: string): Promise<RevisionManifest | undefined> {
  const text = await readIfThere(path);
  return text === undefined ? undefined : revisionManifestSchema.parse(JSON.parse(text));
}
