import { readFile } from 'node:fs/promises';
import { ContourNodeError } from '../errors.ts';
import { checkCtSeries } from './ct-series.ts';
import type { CheckedSeries, SeriesLimits } from './ct-series.ts';
import { ctImageStorage, ctInstancesOf, type CtInstance } from './ct-instance.ts';
import { enhancedCtImageStorage } from './enhanced-ct.ts';
import { filesBelow } from './files-below.ts';
import { nothingToContour } from './refuse-images.ts';
import type { SliceSource } from './slice-source.ts';
import { beginsAsDicom, parseDicom, storageClassOf } from './read-data-set.ts';
import { sortImages } from './sort-images.ts';

export interface CtFolder {
  readonly series: CheckedSeries<CtInstance>;
  /** Path of every image, those left out included, by SOP Instance UID. */
  readonly files: ReadonlyMap<string, string>;
  /** Where each slice of `series` is read from. */
  readonly sources: readonly SliceSource[];
  /** Files that are not DICOM, and DICOM files that are not CT images. */
  readonly ignored: { readonly notDicom: number; readonly notCt: number };
  /** Everything that was found and is no image of the series, in words. */
  readonly ignoredFiles: readonly IgnoredFiles[];
}

export interface IgnoredFiles {
  readonly reason: string;
  readonly files: number;
}

/** The reason for DICOM files of other kinds. */
export const notCtImages = 'DICOM, but no CT image';

export interface ReadCtFolderOptions extends SeriesLimits {
  /** Called after each file. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Reads one CT series from folders (with what lies below them, symbolic links followed) and files, with or without file
 * meta information. What is not DICOM or not CT is counted and ignored, as long as there is a CT series; a file found
 * twice counts once.
 * @throws PATH_NOT_FOUND, NO_CT_IMAGES, DICOM_NOT_CT (DICOM, but no CT image), USAGE (several series)
 * @throws DICOM_UNREADABLE, PIXEL_DECODING naming the file; SERIES_* as checkCtSeries
 */
export async function readCtFolder(paths: readonly string[], options: ReadCtFolderOptions = {}): Promise<CtFolder> {
  const found = await filesBelow(paths);
  const candidates = found.files;
  // By SOP Instance UID, and frame.
  const instances = new Map<string, CtInstance>();
  const files = new Map<string, string>();
  const ignored = { notDicom: 0, notCt: 0 };
  let copies = 0;
  for (const [index, path] of candidates.entries()) {
    const images = await readIfCt(path);
    if (typeof images === 'string') ignored[images]++;
    else {
      let known = 0;
      for (const image of images) {
        const key = `${image.sopInstanceUid} ${image.frameNumber ?? ''}`;
        if (isRepeat(instances.get(key), image, path)) known++;
        else instances.set(key, image);
      }
      if (known === images.length) copies++;
      else files.set(images[0]!.sopInstanceUid, path);
    }
    options.onProgress?.(index + 1, candidates.length);
  }
  if (instances.size === 0) throw nothingFound(paths, ignored);
  const { images, others } = oneSeries([...instances.values()]);
  if (images === undefined) {
    throw new ContourNodeError('USAGE', `${others} CT series in ${paths.join(', ')}`, {
      remedy: 'give the folder of one series',
    });
  }
  const ignoredFiles = [
    { reason: 'no DICOM', files: ignored.notDicom },
    { reason: notCtImages, files: ignored.notCt },
    { reason: 'copy of an image that was read', files: copies },
    { reason: 'localiser or report of another series', files: others },
    { reason: 'link that leads nowhere', files: found.brokenLinks },
    { reason: 'neither file nor folder', files: found.special },
  ].filter((one) => one.files > 0);
  const checked = checkCtSeries(images, options);
  const sources = checked.slices.map(({ sopInstanceUid, frameNumber }) => {
    const path = files.get(sopInstanceUid)!;
    return frameNumber === undefined ? path : { path, frame: frameNumber };
  });
  return { series: checked, files, sources, ignored, ignoredFiles };
}

/**
 * The images of the one series that can be contoured, and how many of others (scouts, dose reports) there are; without
 * images, how many series could be.
 */
function oneSeries(all: readonly CtInstance[]): { images: CtInstance[] | undefined; others: number } {
  const series = [...Map.groupBy(all, ({ seriesInstanceUid }) => seriesInstanceUid).values()];
  const hasSlices = (images: readonly CtInstance[]): boolean => nothingToContour(sortImages(images)) === undefined;
  const [images = series[0]!, ...more] = series.filter(hasSlices);
  if (more.length > 0) return { images: undefined, others: more.length + 1 };
  return { images, others: all.length - images.length };
}

const ctClasses: ReadonlySet<string> = new Set([ctImageStorage, enhancedCtImageStorage]);

async function readIfCt(path: string): Promise<CtInstance[] | 'notDicom' | 'notCt'> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `${path} cannot be read`, {
      remedy: 'check its owner and mode',
      cause,
    });
  });
  if (!beginsAsDicom(bytes)) return 'notDicom';
  try {
    return await ctInstancesOf(parseDicom(bytes));
  } catch (error) {
    if (!(error instanceof ContourNodeError)) throw error;
    const named = storageClassOf(bytes);
    if (error.code === 'DICOM_NOT_CT' || (named !== undefined && !ctClasses.has(named))) return 'notCt';
    throw new ContourNodeError(error.code, `${path}: ${error.message}`, { remedy: error.remedy, cause: error });
  }
}

function isRepeat(known: CtInstance | undefined, instance: CtInstance, path: string): boolean {
  if (known === undefined) return false;
  if (known.pixelSha256 !== instance.pixelSha256 || known.headerSha256 !== instance.headerSha256) {
    throw new ContourNodeError('SERIES_PIXELS_DIFFER', `${path}: another image with the same SOP Instance UID`);
  }
  return true;
}

function nothingFound(paths: readonly string[], ignored: { notDicom: number; notCt: number }): ContourNodeError {
  const where = paths.join(', ');
  if (ignored.notCt > 0)
    return new ContourNodeError('DICOM_NOT_CT', `no CT image, but ${ignored.notCt} other DICOM files in ${where}`);
  return new ContourNodeError('NO_CT_IMAGES', `no CT image in ${where} (${ignored.notDicom} files that are not DICOM)`);
}
