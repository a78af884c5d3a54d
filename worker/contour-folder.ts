import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../src/config/schema.ts';
import { readHeader } from '../src/dicom/read-data-set.ts';
import { readCtFolder } from '../src/dicom/read-ct-folder.ts';
import { ContourNodeError } from '../src/errors.ts';
import { structureSetStyleSchema } from '../src/work/work-order.ts';
import { type Warning } from '../src/warning.ts';
import type { LoadedBundle } from './bundles/load-bundle.ts';
import { allWarnings, contourCt } from './contour-ct.ts';
import { reviewPictures } from './pictures/review-pictures.ts';
import { StageClock, type Progress } from './stage-clock.ts';
import { structureSet } from './structure-set/write-structure-sets.ts';
import { niftiMask } from './volume/nifti.ts';

export interface ContourFolderOptions {
  /** The structure set's file. */
  readonly out: string;
  readonly encoding: 'implicit' | 'explicit';
  /** Folder for a mask per ROI, ROI.nii.gz. */
  readonly nifti?: string | undefined;
  /** Folder for pictures of the key slices. */
  readonly preview?: string | undefined;
  readonly config: Config;
  /** Date of the structure set. */
  readonly now: Date;
  readonly progress?: Progress;
}

export interface ContouredFolder {
  readonly slices: number;
  readonly rois: readonly { name: string; found: boolean; volumeCm3: number; slices: number; components: number }[];
  readonly warnings: readonly Warning[];
  readonly timings: readonly { stage: string; seconds: number }[];
  /** Every file written. */
  readonly files: readonly string[];
}

/**
 * Contours one CT series on disk, without node or network: a structure set with every ROI of the bundle that was found.
 * @throws ContourNodeError as readCtFolder and contourCt; NOTHING_FOUND
 */
export async function contourFolder(
  paths: readonly string[],
  loaded: LoadedBundle,
  options: ContourFolderOptions,
): Promise<ContouredFolder> {
  const { bundle } = loaded;
  const { config } = options;
  const { series, files } = await readCtFolder(paths, bundle.manifest.applicability);
  const ct = {
    geometry: series.geometry,
    files: series.slices.map(({ sopInstanceUid }) => files.get(sopInstanceUid)!),
  };
  const clock = new StageClock(options.progress, 'volume' in bundle.manifest ? 'volume' : 'slices');
  const drawn = await contourCt(ct, loaded, { batchSize: config.engine.batchSize, clock });

  const written: string[] = [];
  const write = async (path: string, bytes: Uint8Array) => {
    await replaceFile(path, bytes);
    written.push(path);
  };
  const [date, time] = dicomDate(options.now);
  const content = createHash('sha256');
  for (const { headerSha256, pixelSha256 } of series.slices) content.update(`${headerSha256} ${pixelSha256}\n`);
  const prepared = structureSet({
    slices: series.slices,
    header: await readHeader(ct.files[0]!),
    bundle,
    rois: drawn.rois,
    ctWarnings: drawn.ctWarnings,
    // Every ROI under the bundle's own name, with the suffix that says that a machine drew it.
    style: structureSetStyleSchema.parse({ includeRois: bundle.manifest.rois.map(({ name }) => name) }),
    uidRoot: config.dicom.uidRoot,
    aeTitle: config.dicom.aeTitle,
    date,
    time,
    revision: 1,
    predecessors: [],
    contentSha256: content.digest('hex'),
  });
  if (prepared === undefined)
    throw new ContourNodeError('NOTHING_FOUND', `${bundle.manifest.name} found none of its ROIs in this CT`);
  await clock.run('structure set', () => write(options.out, prepared.encode(options.encoding)));
  if (options.nifti !== undefined) {
    for (const { roi, part } of drawn.rois) {
      await write(join(options.nifti, `${roi.name}.nii.gz`), await niftiMask(drawn.volume.grid, part));
    }
  }
  const { preview } = options;
  if (preview !== undefined) {
    await clock.run('preview', async () => {
      for (const { file, png } of reviewPictures(drawn.volume, drawn.rois, bundle.manifest))
        await write(join(preview, file), png);
    });
  }
  return {
    slices: series.slices.length,
    rois: drawn.rois.map(({ roi, slices, volumeCm3, components }) => ({
      name: roi.name,
      found: slices.length > 0,
      volumeCm3: Math.round(volumeCm3 * 1000) / 1000,
      slices: slices.length,
      components,
    })),
    warnings: [...series.warnings, ...allWarnings(drawn)],
    timings: clock.timings,
    files: written,
  };
}

/** DICOM DA and TM, local time as everywhere in DICOM that names no zone. */
function dicomDate(now: Date): [string, string] {
  const two = (value: number) => String(value).padStart(2, '0');
  return [
    `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`,
    `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`,
  ];
}

/** The file is there as a whole or as it was before. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, bytes);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw new ContourNodeError(
      'PATH_NOT_FOUND',
      `${path} cannot be written: ${(error as NodeJS.ErrnoException).code}`,
      { cause: error },
    );
  }
}
