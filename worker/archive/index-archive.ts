import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ctImageStorage } from '../../src/dicom/ct-instance.ts';
import { type DicomFile } from '../../src/dicom/data-set.ts';
import { filesBelow } from '../../src/dicom/files-below.ts';
import { mrImageStorage } from '../../src/dicom/mr-image.ts';
import {
  checkRegistration,
  spatialRegistrationOf,
  spatialRegistrationStorage,
} from '../../src/dicom/spatial-registration.ts';
import { parseDicom, readHeader } from '../../src/dicom/read-data-set.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { rtStructureSetStorage } from '../../src/dicom/rtstruct/structure-set.ts';
import { tag } from '../../src/dicom/rtstruct/tags.ts';
import { asContourNodeError, type ContourNodeError } from '../../src/errors.ts';
import { frameOf, ImageIndex, type IndexedImages } from './image-index.ts';
import { type IndexedRegistration, indexedRegistration } from './modality-series.ts';

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
  /** CT series. */
  readonly series: readonly IndexedImages[];
  readonly structureSets: readonly IndexedStructureSet[];
  /** MR series. */
  readonly modalities: readonly IndexedImages[];
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
  const [ct, mr] = [new ImageIndex(), new ImageIndex()];
  /** By SOP Instance UID. */
  const images = new Map<string, { readonly series: string; readonly frame: string }>();
  const registrationFiles: { readonly file: DicomFile; readonly path: string }[] = [];
  const structureSets: IndexedStructureSet[] = [];
  const unreadable: { path: string; error: ContourNodeError }[] = [];
  const ignored = { notDicom: 0, otherKinds: 0 };
  for (const [done, path] of files.entries()) {
    const file = await readHeader(path).catch(() => undefined);
    if (file === undefined) ignored.notDicom += 1;
    else if ([ctImageStorage, mrImageStorage].includes(file.meta.sopClassUid)) {
      (file.meta.sopClassUid === ctImageStorage ? ct : mr).add(file, path);
      const series = file.string(tag.SeriesInstanceUID) ?? '';
      images.set(file.meta.sopInstanceUid, { series, frame: frameOf(file) });
    } else {
      try {
        if (file.meta.sopClassUid === rtStructureSetStorage) structureSets.push(await readStructureSet(path));
        else if (file.meta.sopClassUid === spatialRegistrationStorage) {
          registrationFiles.push({ file, path });
          checkRegistration(spatialRegistrationOf(file));
        } else ignored.otherKinds += 1;
      } catch (error) {
        unreadable.push({ path, error: asContourNodeError(error) });
      }
    }
    onFile?.(done + 1, files.length);
  }
  return {
    series: ct.all(),
    modalities: mr.all(),
    registrations: registrationFiles.map(({ file, path }) => indexedRegistration(file, path, images)),
    structureSets,
    unreadable,
    ignored,
  };
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
