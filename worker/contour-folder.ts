import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import type { BundleManifest } from '../src/bundles/manifest.ts';
import type { Recipe } from '../src/config/recipe-schema.ts';
import type { Config } from '../src/config/schema.ts';
import { checkCtSeries } from '../src/dicom/ct-series.ts';
import { dicomDateTime } from '../src/dicom/date-time.ts';
import { readHeader } from '../src/dicom/read-data-set.ts';
import { type CtFolder, type IgnoredFiles, notCtImages, readCtFolder } from '../src/dicom/read-ct-folder.ts';
import { isDiskFull } from '../src/disk-full.ts';
import { ContourNodeError } from '../src/errors.ts';
import { structureSetStyleSchema } from '../src/work/work-order.ts';
import { writeWhole } from '../src/work/write-whole.ts';
import { type RatedWarning, ratedWarnings, type Warning } from '../src/warning.ts';
import type { InputUse } from '../src/work/work-result.ts';
import { modalitiesBeside } from './archive/modalities-beside.ts';
import type { ReadModality } from './archive/modality-series.ts';
import { takenModalities } from './bundles/taken-inputs.ts';
import type { LoadedBundle } from './bundles/load-bundle.ts';
import { allWarnings, contourCt, type ContouredCt, type ContourOptions, type CtFiles } from './contour-ct.ts';
import { contourRecipe, type RecipeOptions } from './contour-recipe.ts';
import { keySlicePictures } from './pictures/key-slices.ts';
import { StageClock, type Progress } from './stage-clock.ts';
import { prepareStructureSet, type StructureSetOptions } from './structure-set/prepare-structure-set.ts';
import { niftiMask } from './volume/nifti.ts';

export interface ContourFolderOptions {
  /** The structure set's file. */
  readonly out: string;
  readonly encoding: 'implicit' | 'explicit';
  /** Folder for a mask per ROI, ROI.nii.gz. */
  readonly nifti?: string | undefined;
  /** Folder for pictures of the key slices. */
  readonly pictures?: string | undefined;
  readonly config: Config;
  /** What becomes of a series that was scanned with a tilted gantry; default refuse. */
  readonly tilt?: 'refuse' | 'resolve';
  /** Date of the structure set. */
  readonly now: Date;
  readonly progress?: Progress;
}

export interface ContouredFolder {
  readonly slices: number;
  /** Files that were found and not read as images of the series, and why. */
  readonly ignored: readonly IgnoredFiles[];
  /** What became of the images beside the CT. */
  readonly inputs: readonly InputUse[];
  readonly rois: readonly { name: string; found: boolean; volumeCm3: number; slices: number; components: number }[];
  /** The gravest first. */
  readonly warnings: readonly RatedWarning[];
  readonly timings: readonly { stage: string; seconds: number }[];
  /** Every file written. */
  readonly files: readonly string[];
}

/**
 * Contours one CT series on disk, without node or network: a structure set with every ROI of the bundle that was found.
 * @throws ContourNodeError as readCtFolder and contourCt; NOTHING_FOUND, PATH_NOT_FOUND, DISK_FULL
 */
export async function contourFolder(
  paths: readonly string[],
  loaded: LoadedBundle,
  options: ContourFolderOptions,
): Promise<ContouredFolder> {
  const { bundle } = loaded;
  const folder = await readCtFolder(paths, {
    ...bundle.manifest.applicability,
    tilt: options.tilt ?? 'refuse',
  });
  if (folder.series.geometry.planes?.tilted === true && options.nifti !== undefined) {
    throw new ContourNodeError('USAGE', 'masks of a tilted series cannot be written', { remedy: 'leave --nifti out' });
  }
  // Every ROI under the bundle's own name, with the suffix of automatic contours.
  const style = { includeRois: bundle.manifest.rois.map(({ name }) => name) };
  const wanted = takenModalities([loaded]);
  const inputs = await modalitiesBeside(paths, folder.series.slices[0]!.seriesInstanceUid, wanted);
  const clock = new StageClock(options.progress, 'volume' in bundle.manifest ? 'volume' : 'slices');
  return contourAndWrite({ ...folder, inputs }, options, style, clock, async (ct, contouring) => ({
    ...(await contourCt(ct, loaded, contouring)),
    bundle,
  }));
}

/**
 * The same by a recipe: a structure set as the recipe says.
 * @param open a bundle of the recipe, when it is its turn
 * @param style of the destination
 * @throws ContourNodeError as readCtFolder and contourRecipe; NOTHING_FOUND, PATH_NOT_FOUND, DISK_FULL
 */
export async function contourFolderByRecipe(
  paths: readonly string[],
  recipe: Recipe,
  open: RecipeOptions['open'],
  style: z.input<typeof structureSetStyleSchema>,
  options: Omit<ContourFolderOptions, 'tilt'>,
): Promise<ContouredFolder> {
  const folder = await readCtFolder(paths);
  const accept = ({ applicability }: BundleManifest) => void checkCtSeries(folder.series.slices, applicability);
  return contourAndWrite(folder, options, style, new StageClock(options.progress), (ct, contouring) =>
    contourRecipe(ct, recipe, { ...contouring, open, accept }),
  );
}

/** The contours, and the bundle or the recipe that they come from. */
type Contoured = ContouredCt & Pick<StructureSetOptions, 'bundle'>;

async function contourAndWrite(
  { series, files, sources, ignoredFiles, inputs = [] }: CtFolder & { readonly inputs?: readonly ReadModality[] },
  options: ContourFolderOptions,
  style: z.input<typeof structureSetStyleSchema>,
  clock: StageClock,
  contour: (ct: CtFiles, contouring: ContourOptions) => Promise<Contoured>,
): Promise<ContouredFolder> {
  const { config } = options;
  const contoured = await contour(
    { geometry: series.geometry, files: sources, inputs },
    { batchSize: config.engine.batchSize, clock },
  );
  const { bundle } = contoured;

  const written: string[] = [];
  const write = async (path: string, bytes: Uint8Array) => {
    await replaceFile(path, bytes);
    written.push(path);
  };
  const [date, time] = dicomDateTime(options.now);
  const content = createHash('sha256');
  for (const { headerSha256, pixelSha256 } of series.slices) content.update(`${headerSha256} ${pixelSha256}\n`);
  for (const input of inputs) content.update(`${input.name} ${input.content}\n`);
  const prepared = prepareStructureSet({
    slices: series.slices,
    geometry: series.geometry,
    header: await readHeader(files.get(series.identityFrom.sopInstanceUid)!),
    bundle,
    rois: contoured.rois,
    ctWarnings: contoured.ctWarnings,
    style: structureSetStyleSchema.parse(style),
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
    for (const { roi, part } of contoured.rois) {
      await write(join(options.nifti, `${roi.name}.nii.gz`), await niftiMask(contoured.volume.grid, part));
    }
  }
  const { pictures } = options;
  if (pictures !== undefined) {
    await clock.run('pictures', async () => {
      for (const { file, png } of keySlicePictures(contoured.volume, contoured.rois, bundle.manifest))
        await write(join(pictures, file), png);
    });
  }
  return {
    slices: series.slices.length,
    ignored: withoutUsed(ignoredFiles, inputs),
    inputs: contoured.inputs,
    rois: contoured.rois.map(({ roi, slices, volumeCm3, components }) => ({
      name: roi.name,
      found: slices.length > 0,
      volumeCm3: Math.round(volumeCm3 * 1000) / 1000,
      slices: slices.length,
      components,
    })),
    warnings: ratedWarnings([...series.warnings, ...missingImages(series), ...allWarnings(contoured)]),
    timings: clock.timings,
    files: written,
  };
}

/** MR and registrations are no CT images, but used. */
function withoutUsed(ignored: readonly IgnoredFiles[], inputs: readonly ReadModality[]): IgnoredFiles[] {
  const used = new Set(inputs.flatMap(({ files }) => files)).size;
  return ignored
    .map((group) => (group.reason === notCtImages ? { ...group, files: group.files - used } : group))
    .filter(({ files }) => files > 0);
}

/** Fewer images than Number of Series Related Instances (0020,1209) says. */
function missingImages({ slices, leftOut }: CtFolder['series']): Warning[] {
  const expected = Math.max(0, ...slices.map(({ numberOfSeriesRelatedInstances: number = 0 }) => number));
  const here = new Set([...slices, ...leftOut.map(({ instance }) => instance)].map((image) => image.sopInstanceUid))
    .size;
  if (here >= expected) return [];
  return [{ code: 'INSTANCES_MISSING', text: `${here} of the ${expected} images that the header counts are here` }];
}

/** Writes a file; after an error the earlier one is unchanged. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeWhole(path, bytes);
  } catch (cause) {
    if (isDiskFull(cause))
      throw new ContourNodeError('DISK_FULL', `no space for ${path}`, { cause, remedy: 'free space on its disk' });
    const why = (cause as NodeJS.ErrnoException).code;
    throw new ContourNodeError('PATH_NOT_FOUND', `${path} cannot be written: ${why}`, { cause });
  }
}
