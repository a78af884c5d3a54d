import type { Point } from '../../src/dicom/affine.ts';
import { type PatientIdentity, patientIdentity } from '../../src/dicom/ct-header.ts';
import type { DicomFile } from '../../src/dicom/data-set.ts';
import { cornersOf } from '../../src/dicom/image-corners.ts';
import { namedKind } from '../../src/dicom/image-type.ts';
import { tag } from '../../src/dicom/rtstruct/tags.ts';

/** The images of one series, in whatever folders. */
export interface IndexedImages {
  readonly seriesInstanceUid: string;
  /** Of its slices; '' where they have none. */
  readonly frameOfReferenceUid: string;
  /** Patient ID, or the study's UID where there is none. */
  readonly patient: string;
  /** Every spelling of it that its images have. */
  readonly identities: readonly PatientIdentity[];
  readonly files: readonly string[];
  /** z of every image, mm, ascending. */
  readonly z: readonly number[];
  /** Of its lowest and its highest image, mm. */
  readonly corners: readonly Point[];
}

interface Series {
  frame: string;
  readonly patient: string;
  readonly identities: Map<string, PatientIdentity>;
  readonly images: { readonly path: string; readonly z: number; readonly corners: readonly Point[] }[];
}

/** Collects the headers of images by their series. */
export class ImageIndex {
  readonly #series = new Map<string, Series>();

  add(file: DicomFile, path: string): void {
    const uid = file.string(tag.SeriesInstanceUID) ?? '';
    const known = this.#series.get(uid);
    const series: Series = known ?? { frame: '', patient: patientOf(file), identities: new Map(), images: [] };
    if (known === undefined) this.#series.set(uid, series);
    const identity = patientIdentity(file);
    series.identities.set(JSON.stringify(identity), identity);
    // A localiser may lie in a frame of its own.
    if (series.frame === '' && !isLocaliser(file)) series.frame = frameOf(file);
    const z = file.numbers('00200032')[2] ?? Number.NaN;
    series.images.push({ path, z, corners: isLocaliser(file) ? [] : finite(cornersOf(placeOf(file))) });
  }

  all(): IndexedImages[] {
    return Array.from(this.#series, ([seriesInstanceUid, { frame, patient, identities, images }]) => {
      const sorted = images.toSorted((a, b) => a.z - b.z);
      const placed = sorted.filter(({ corners }) => corners.length > 0);
      return {
        seriesInstanceUid,
        frameOfReferenceUid: frame,
        patient,
        identities: [...identities.values()],
        files: images.map(({ path }) => path),
        z: sorted.map(({ z }) => z),
        corners: [placed[0], placed.at(-1)].flatMap((image) => image?.corners ?? []),
      };
    });
  }
}

/** Patient ID, or the study's UID where there is none. */
export function patientOf(file: DicomFile): string {
  const patient = file.texts(tag.PatientID)[0]?.trim() ?? '';
  return patient === '' ? `study ${file.string(tag.StudyInstanceUID) ?? ''}` : patient;
}

export function frameOf(file: DicomFile): string {
  return file.string(tag.FrameOfReferenceUID)?.trim() ?? '';
}

function isLocaliser(file: DicomFile): boolean {
  return namedKind(file.strings('00080008'))?.kind === 'localiser';
}

function placeOf(file: DicomFile): Parameters<typeof cornersOf>[0] {
  return {
    imagePosition: file.numbers('00200032'),
    imageOrientation: file.numbers('00200037'),
    pixelSpacing: file.numbers('00280030'),
    rows: file.numbers('00280010')[0] ?? Number.NaN,
    columns: file.numbers('00280011')[0] ?? Number.NaN,
  };
}

function finite(points: readonly Point[]): Point[] {
  return points.filter((point) => point.every(Number.isFinite));
}
