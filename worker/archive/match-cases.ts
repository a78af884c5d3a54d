import { createHash } from 'node:crypto';
import { dirname, relative, sep } from 'node:path';
import { sliceAt } from '../../src/dicom/rtstruct/contour-plane.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { IndexedImages } from './image-index.ts';
import type { ArchiveIndex, IndexedStructureSet } from './index-archive.ts';
import { pairedModalities, type PairedModality } from './modality-series.ts';
import { fits, type RoiPatterns } from './roi-patterns.ts';

/** A CT series of the archive with its structure set. */
export interface ArchiveCase {
  /** Stable name without patient data: a digest of the place within the archive. */
  readonly id: string;
  /** The structure set's folder, or its path where that holds several; relative to the archive. */
  readonly place: string;
  /** All cases of one patient have the same one. */
  readonly patient: string;
  readonly seriesInstanceUid: string;
  readonly ctFiles: readonly string[];
  /** MR series of the patient that a frame of reference or a registration leads to. */
  readonly modalities: readonly PairedModality[];
  readonly rtstruct: string;
  /** Digest of CT, structure set and MR with registration: it changes when one of them is replaced. */
  readonly content: string;
  /** ROIs of the structure set. */
  readonly roiNames: readonly string[];
}

/** Something in the archive that cannot be used as a case, and why. */
export interface LeftOut {
  readonly id: string;
  readonly place: string;
  readonly error: ContourNodeError;
}

/**
 * Finds the CT of every structure set: the series that it names, else the one of its frame of reference, and where
 * several have that, the one whose slices hold its contours. Of several structure sets of one CT it takes the one with the
 * most of the wanted ROIs, among equals the latest.
 * @param patients what identifies a patient: Patient ID, or the folder below the archive
 */
export function matchCases(
  archive: string,
  index: ArchiveIndex,
  rois: readonly RoiPatterns[],
  patients: 'id' | 'folder' = 'id',
): { cases: ArchiveCase[]; leftOut: LeftOut[] } {
  const { series, structureSets, unreadable, modalities, registrations } = index;
  const folders = Map.groupBy([...structureSets, ...unreadable], ({ path }) => dirname(path));
  const placeOf = (path: string): string => {
    const alone = folders.get(dirname(path))?.length === 1;
    return relative(archive, alone ? dirname(path) : path).replaceAll(sep, '/');
  };
  const leftOut: LeftOut[] = [];
  const leave = (path: string, error: ContourNodeError): void => {
    leftOut.push({ id: idOf(placeOf(path)), place: placeOf(path), error });
  };
  for (const { path, error } of unreadable) leave(path, error);

  const drawnOn = new Map<IndexedImages, IndexedStructureSet[]>();
  for (const structureSet of structureSets) {
    try {
      const ct = seriesOf(structureSet, series);
      drawnOn.set(ct, [...(drawnOn.get(ct) ?? []), structureSet]);
    } catch (error) {
      leave(structureSet.path, error as ContourNodeError);
    }
  }
  const cases: ArchiveCase[] = [];
  for (const [ct, sets] of drawnOn) {
    const [taken, ...others] = sets.toSorted(
      (a, b) => wanted(b, rois) - wanted(a, rois) || (a.written < b.written ? 1 : -1),
    ) as [IndexedStructureSet, ...IndexedStructureSet[]];
    for (const { path } of others) {
      const why = `another structure set of this CT, ${placeOf(taken.path)}, has more of the ROIs or is later`;
      leave(path, new ContourNodeError('TRAINING_DATA', why, { remedy: 'remove the one that should not be used' }));
    }
    const place = placeOf(taken.path);
    let paired: PairedModality[];
    try {
      paired = pairedModalities(ct, modalities, registrations);
    } catch (error) {
      leave(taken.path, error as ContourNodeError);
      continue;
    }
    const beside = paired.flatMap(({ series: one, fromCt }) => [one.seriesInstanceUid, one.files.length, ...fromCt]);
    const content = [taken.sha256, ct.seriesInstanceUid, ct.files.length, ...beside].join(' ');
    cases.push({
      id: idOf(place),
      place,
      patient: patients === 'id' ? ct.patient : (place.split('/')[0] ?? place),
      seriesInstanceUid: ct.seriesInstanceUid,
      ctFiles: ct.files,
      modalities: paired,
      rtstruct: taken.path,
      content: createHash('sha256').update(content).digest('hex').slice(0, 8),
      roiNames: taken.roiNames,
    });
  }
  return { cases: cases.toSorted((a, b) => (a.place < b.place ? -1 : 1)), leftOut };
}

/** A digest of the place, so that reports do not name the folder of a case. */
function idOf(place: string): string {
  return createHash('sha256').update(place).digest('hex').slice(0, 16);
}

function wanted({ roiNames }: IndexedStructureSet, rois: readonly RoiPatterns[]): number {
  return rois.filter((roi) => roiNames.some((name) => fits(name, roi))).length;
}

/** @throws ContourNodeError TRAINING_DATA no CT series fits, or several fit equally well */
function seriesOf(structureSet: IndexedStructureSet, series: readonly IndexedImages[]): IndexedImages {
  const named = series.find(({ seriesInstanceUid }) => seriesInstanceUid === structureSet.referencedSeriesUid);
  if (named !== undefined) return named;
  const frames = new Set(structureSet.framesOfReference);
  const sameFrame = series.filter(({ frameOfReferenceUid: frame }) => frame !== '' && frames.has(frame));
  const [first, ...more] = sameFrame;
  const noMatch = (why: string, remedy: string) => new ContourNodeError('TRAINING_DATA', why, { remedy });
  if (first === undefined)
    throw noMatch(
      'the archive holds neither the CT series that the structure set names nor another one in its frame of reference',
      'add the CT of this structure set to the archive',
    );
  if (more.length === 0) return first;
  const inside = (ct: IndexedImages): number => structureSet.planes.filter((z) => sliceAt(ct.z, z) >= 0).length;
  const [best, second] = sameFrame.map((ct) => ({ ct, inside: inside(ct) })).toSorted((a, b) => b.inside - a.inside);
  if (best!.inside === second!.inside)
    throw noMatch(
      `${sameFrame.length} CT series in the structure set's frame of reference fit equally well`,
      'remove the series that the structure set does not belong to',
    );
  return best!.ct;
}
