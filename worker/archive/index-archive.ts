import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ctImageStorage } from '../../src/dicom/ct-instance.ts';
import { type DicomFile } from '../../src/dicom/data-set.ts';
import { filesBelow } from '../../src/dicom/files-below.ts';
import { mrImageStorage } from '../../src/dicom/mr-image.ts';
import { spatialRegistrationStorage } from '../../src/dicom/spatial-registration.ts';
import { parseDicom, readHeader } from '../../src/dicom/read-data-set.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { rtStructureSetStorage } from '../../src/dicom/rtstruct/structure-set.ts';
import { tag } from '../../src/dicom/rtstruct/tags.ts';
import { asContourNodeError, type ContourNodeError } from '../../src/errors.ts';

import { type IndexedModality, type IndexedRegistration, registrationLinks } from './modality-series.ts';

/** The CT instances of one series, in whatever folders. */
export interface IndexedSeries {
  readonly seriesInstanceUid: string;
  readonly frameOfReferenceUid: string;
  /** Patient ID, or the study's UID where there is none. */
  readonly patient: string;
  readonly files: readonly string[];
  /** z of every instance, mm, ascending. */
  readonly z: readonly number[];
}

export interface IndexedStructureSet {
  readonly path: string;
  /** The CT series, where the file names exactly one. */
  readonly referencedSeriesUid: string | undefined;
  readonly framesOfReference: readonly string[];
  /** ROIs that have contours. */
  readonly roiNames: readonly string[];
  /** z of every contour, mm. */
  readonly planes: readonly number[];
  /** DICOM DA and TM of the structure set as one text, '' where absent; texts sort by time. */
  readonly written: string;
  readonly sha256: string;
}

/** The contents of an archive, whatever its folders. */
export interface ArchiveIndex {
  readonly series: readonly IndexedSeries[];
  readonly structureSets: readonly IndexedStructureSet[];
  /** MR series. */
  readonly modalities: readonly IndexedModality[];
  readonly registrations: readonly IndexedRegistration[];
  /** Structure sets and registrations that cannot be read. */
  readonly unreadable: readonly { readonly path: string; readonly error: ContourNodeError }[];
  /** Files that are not DICOM or truncated, and DICOM files of other kinds. */
  readonly ignored: { readonly notDicom: number; readonly otherKinds: number };
}

/**
 * Reads the header of every file below folders.
 * @throws ContourNodeError PATH_NOT_FOUND
 */
export async function indexArchive(
  paths: readonly string[],
  onFile?: (done: number, total: number) => void,
): Promise<ArchiveIndex> {
  const { files } = await filesBelow(paths);
  const series = new Map<string, { frame: string; patient: string; images: { path: string; z: number }[] }>();
  const modalities: typeof series = new Map();
  const registrations: IndexedRegistration[] = [];
  const structureSets: IndexedStructureSet[] = [];
  const unreadable: { path: string; error: ContourNodeError }[] = [];
  const ignored = { notDicom: 0, otherKinds: 0 };
  for (const [done, path] of files.entries()) {
    const file = await readHeader(path).catch(() => undefined);
    if (file === undefined) ignored.notDicom += 1;
    else if (file.meta.sopClassUid === ctImageStorage) addImage(series, file, path);
    else if (file.meta.sopClassUid === mrImageStorage) addImage(modalities, file, path);
    else {
      try {
        if (file.meta.sopClassUid === rtStructureSetStorage) structureSets.push(await readStructureSet(path));
        else if (file.meta.sopClassUid === spatialRegistrationStorage)
          registrations.push({ patient: patientOf(file), links: registrationLinks(file, path) });
        else ignored.otherKinds += 1;
      } catch (error) {
        unreadable.push({ path, error: asContourNodeError(error) });
      }
    }
    onFile?.(done + 1, files.length);
  }
  const indexed = (all: typeof series) =>
    Array.from(all, ([seriesInstanceUid, { frame, patient, images }]) => ({
      seriesInstanceUid,
      frameOfReferenceUid: frame,
      patient,
      files: images.map(({ path }) => path),
      z: images.map(({ z }) => z).toSorted((a, b) => a - b),
    }));
  return {
    series: indexed(series),
    modalities: indexed(modalities),
    registrations,
    structureSets,
    unreadable,
    ignored,
  };
}

function addImage(
  series: Map<string, { frame: string; patient: string; images: { path: string; z: number }[] }>,
  file: DicomFile,
  path: string,
): void {
  const uid = file.string(tag.SeriesInstanceUID) ?? '';
  const image = { path, z: file.numbers('00200032')[2] ?? Number.NaN };
  const known = series.get(uid);
  if (known !== undefined) {
    known.images.push(image);
    return;
  }
  series.set(uid, { frame: file.string(tag.FrameOfReferenceUID) ?? '', patient: patientOf(file), images: [image] });
}

/** Patient ID, or the study's UID where there is none. */
function patientOf(file: DicomFile): string {
  const patient = file.texts(tag.PatientID)[0]?.trim() ?? '';
  return patient === '' ? `study ${file.string(tag.StudyInstanceUID) ?? ''}` : patient;
}

async function readStructureSet(path: string): Promise<IndexedStructureSet> {
  const bytes = await readFile(path);
  const file = parseDicom(bytes);
  const { referencedSeriesUid, frameOfReferenceUid, rois } = readRtstruct(bytes);
  return {
    path,
    referencedSeriesUid,
    framesOfReference: [frameOfReferenceUid, ...rois.map((roi) => roi.frameOfReferenceUid ?? frameOfReferenceUid)],
    roiNames: rois.filter(({ contours }) => contours.length > 0).map(({ name }) => name),
    planes: rois.flatMap(({ contours }) => contours.map(({ points }) => points[2]!)),
    written: `${file.string(tag.StructureSetDate) ?? ''}${file.string(tag.StructureSetTime) ?? ''}`,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}
