import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { readHeader } from '../../src/dicom/data-set.ts';
import { matchToCt } from '../../src/dicom/rtstruct/match-to-ct.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { rtStructureSetStorage } from '../../src/dicom/rtstruct/structure-set.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { rasterise } from '../contours/rasterise.ts';
import { loadVolume } from '../volume/load-volume.ts';
import type { Grid, Mask } from '../volume/volume.ts';
import type { RawCase } from './prepare-case.ts';

/** A folder of the archive that holds a structure set, and what lies beside and below it. */
export interface PatientFolder {
  /** Stable name without patient data: a digest of the path within the archive. */
  readonly id: string;
  readonly directory: string;
  readonly rtstruct: string;
}

/** An ROI of the bundle and the names that it has in the archive. */
export interface RoiPatterns {
  readonly name: string;
  readonly patterns?: readonly string[] | undefined;
}

/**
 * Every folder below `archive` that holds exactly one RTSTRUCT file beside its CT, sorted by path.
 * @throws ContourNodeError PATH_NOT_FOUND; TRAINING_DATA (no RTSTRUCT, or two in one folder)
 */
export async function findPatients(archive: string): Promise<PatientFolder[]> {
  const entries = await readdir(archive, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `no such folder: ${archive}`, { cause });
  });
  const found = new Map<string, string>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if (!(await isRtstruct(path))) continue;
    if (found.has(entry.parentPath))
      throw new ContourNodeError('TRAINING_DATA', `two structure sets in ${entry.parentPath}`);
    found.set(entry.parentPath, path);
  }
  if (found.size === 0) throw new ContourNodeError('TRAINING_DATA', `no structure set below ${archive}`);
  const patients = Array.from(found, ([directory, rtstruct]) => {
    const place = relative(archive, directory);
    return { place, id: createHash('sha256').update(place).digest('hex').slice(0, 16), directory, rtstruct };
  });
  return patients
    .toSorted((a, b) => (a.place < b.place ? -1 : 1))
    .map(({ id, directory, rtstruct }) => ({ id, directory, rtstruct }));
}

async function isRtstruct(path: string): Promise<boolean> {
  try {
    return (await readHeader(path)).meta.sopClassUid === rtStructureSetStorage;
  } catch {
    // Not DICOM: an archive may hold notes and exports of all kinds.
    return false;
  }
}

/**
 * CT and ROIs of one patient.
 * @throws ContourNodeError TRAINING_DATA where two ROIs of the patient fit one of the bundle, and what reading CT and
 *   structure set throws
 */
export async function dicomCase(
  { id, directory, rtstruct }: PatientFolder,
  rois: readonly RoiPatterns[],
): Promise<RawCase> {
  const { series, files } = await readCtFolder([directory]);
  const paths = series.slices.map((slice) => files.get(slice.sopInstanceUid) ?? '');
  const volume = await loadVolume(paths, series.geometry);
  const matched = matchToCt(readRtstruct(await readFile(rtstruct)), {
    frameOfReferenceUid: series.slices[0]?.frameOfReferenceUid ?? '',
    slices: series.slices.map(({ sopInstanceUid }, k) => ({ sopInstanceUid, z: series.geometry.z[k] ?? 0 })),
  });
  const drawn = matched.rois.filter((roi) => roi.contours.length > 0);
  const masks = rois.map((roi) => {
    const fitting = drawn.filter(({ name }) => fits(name, roi));
    if (fitting.length > 1) {
      throw new ContourNodeError(
        'TRAINING_DATA',
        `${directory}: ${fitting.map(({ name }) => name).join(' and ')} both fit ${roi.name}`,
        {
          remedy: 'narrow the patterns of the ROI in the training configuration',
        },
      );
    }
    const contours = fitting[0]?.contours;
    return contours && ((grid: Grid): Mask => rasterise(contours, grid));
  });
  return { id, volume, rois: masks };
}

function fits(name: string, { name: own, patterns = [own] }: RoiPatterns): boolean {
  return patterns.some((pattern) => new RegExp(`^(?:${pattern})$`, 'i').test(name.trim()));
}
