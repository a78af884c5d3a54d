import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ContourNodeError } from '../errors.ts';
import { checkCtSeries } from './ct-series.ts';
import type { CheckedSeries, SeriesLimits } from './ct-series.ts';
import { readCtInstance } from './ct-instance.ts';
import type { CtInstance } from './ct-instance.ts';

export interface CtFolder {
  readonly series: CheckedSeries<CtInstance>;
  /** Path of every image, those left out included, by SOP Instance UID. */
  readonly files: ReadonlyMap<string, string>;
  /** Files that are not DICOM, and DICOM files that are not CT images. */
  readonly ignored: { readonly notDicom: number; readonly notCt: number };
}

export interface ReadCtFolderOptions extends SeriesLimits {
  /** Called after each file. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * Reads one CT series from folders (with what lies below them) and files. What is not DICOM or not CT is counted and
 * ignored, as long as there is a CT series; a file found twice counts once.
 * @throws PATH_NOT_FOUND, NO_CT_IMAGES, DICOM_NOT_CT (DICOM, but no CT image), USAGE (several series)
 * @throws DICOM_UNREADABLE, PIXEL_DECODING naming the file; SERIES_* as checkCtSeries
 */
export async function readCtFolder(paths: readonly string[], options: ReadCtFolderOptions = {}): Promise<CtFolder> {
  const candidates = (await Promise.all(paths.map(filesBelow))).flat();
  const instances = new Map<string, CtInstance>();
  const files = new Map<string, string>();
  const ignored = { notDicom: 0, notCt: 0 };
  for (const [index, path] of candidates.entries()) {
    const instance = await readIfCt(path);
    if (typeof instance === 'string') ignored[instance]++;
    else if (!isRepeat(instances.get(instance.sopInstanceUid), instance, path)) {
      instances.set(instance.sopInstanceUid, instance);
      files.set(instance.sopInstanceUid, path);
    }
    options.onProgress?.(index + 1, candidates.length);
  }
  if (instances.size === 0) throw nothingFound(paths, ignored);
  const series = new Set([...instances.values()].map((instance) => instance.seriesInstanceUid)).size;
  if (series > 1) {
    throw new ContourNodeError('USAGE', `${series} CT series in ${paths.join(', ')}`, {
      remedy: 'give the folder of one series',
    });
  }
  return { series: checkCtSeries([...instances.values()], options), files, ignored };
}

/** Sorted, so that the same folder is read in the same order everywhere. */
async function filesBelow(path: string): Promise<string[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `no such file or folder: ${path}`, { cause });
  });
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function readIfCt(path: string): Promise<CtInstance | 'notDicom' | 'notCt'> {
  const bytes = await readFile(path);
  if (bytes.toString('latin1', 128, 132) !== 'DICM') return 'notDicom';
  try {
    return await readCtInstance(bytes);
  } catch (error) {
    if (!(error instanceof ContourNodeError)) throw error;
    if (error.code === 'DICOM_NOT_CT') return 'notCt';
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
