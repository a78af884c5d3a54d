import { createHash } from 'node:crypto';
import type { Affine, Point } from '../../src/dicom/affine.ts';
import type { DicomFile } from '../../src/dicom/data-set.ts';
import { disagreement, type FrameLink, waysBetween } from '../../src/dicom/frame-ways.ts';
import { checkRegistration, itemMatrix, spatialRegistrationOf } from '../../src/dicom/spatial-registration.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { GivenModality } from '../inference/modality-inputs.ts';
import { loadModality } from '../volume/load-modality.ts';

/** The MR images of one series, in whatever folders. */
export interface IndexedModality {
  readonly seriesInstanceUid: string;
  readonly frameOfReferenceUid: string;
  /** As that of a CT. */
  readonly patient: string;
  readonly files: readonly string[];
}

/** What the registrations of a patient say. */
export interface IndexedRegistration {
  readonly patient: string;
  readonly links: readonly FrameLink[];
}

/** An MR series of a CT's patient, with the way to it. */
export interface PairedModality {
  readonly series: IndexedModality;
  /** From the CT's frame of reference to that of the series. */
  readonly fromCt: Affine;
  readonly how: 'frame-of-reference' | 'registration';
  /** Files of the registrations that the way takes. */
  readonly registrations: readonly string[];
}

/** Two ways to an MR may differ by so much within a head, mm. */
const sameWayMm = 2;
/** Points around a CT's origin, at which ways are compared. */
const around: readonly Point[] = [-150, 150].flatMap((x) =>
  [-150, 150].flatMap((y) => [-150, 150].map((z): Point => [x, y, z])),
);

/**
 * What a Spatial Registration says of frames of reference. Items that name images alone say nothing of frames.
 * @param path of the file, which names it
 * @throws ContourNodeError SERIES_REGISTRATION a matrix that is not what its type says
 */
export function registrationLinks(file: DicomFile, path: string): FrameLink[] {
  const registration = spatialRegistrationOf(file);
  checkRegistration(registration);
  return registration.items.flatMap((item) => {
    const { frameOfReferenceUid: from } = item;
    const link = { registration: path, from, to: registration.frameOfReferenceUid };
    return from === '' ? [] : [{ ...link, matrix: itemMatrix(item) }];
  });
}

/**
 * The MR series of a CT's patient that the same frame of reference or a registration leads to.
 * @throws ContourNodeError SERIES_REGISTRATION two ways to one of them disagree
 */
export function pairedModalities(
  ct: { readonly patient: string; readonly frameOfReferenceUid: string },
  modalities: readonly IndexedModality[],
  registrations: readonly IndexedRegistration[],
): PairedModality[] {
  const links = registrations.filter(({ patient }) => patient === ct.patient).flatMap((one) => one.links);
  return modalities
    .filter(({ patient }) => patient === ct.patient)
    .flatMap((series): PairedModality[] => {
      const ways = waysBetween(links, ct.frameOfReferenceUid, series.frameOfReferenceUid);
      const [first] = ways;
      if (first === undefined) return [];
      const apart = disagreement(ways, around);
      if (apart > sameWayMm) {
        throw new ContourNodeError('SERIES_REGISTRATION', `registrations of the MR differ by ${apart.toFixed(1)} mm`, {
          remedy: 'remove the registration that is not meant',
        });
      }
      const how = first.registrations.length === 0 ? 'frame-of-reference' : 'registration';
      return [{ series, fromCt: first.matrix, how, registrations: first.registrations }];
    });
}

/** An image beside a CT, and what it was read from. */
export interface ReadModality extends GivenModality {
  /** Images and registrations. */
  readonly files: readonly string[];
  /** Digest of its pixels and of the way to it. */
  readonly content: string;
}

/**
 * Reads the images that a network sees beside the CT.
 * @param wanted names of the inputs
 * @param paired those of the CT's patient
 * @throws ContourNodeError USAGE several series could be meant; as loadModality
 */
export async function readModalities(
  wanted: ReadonlySet<string>,
  paired: readonly PairedModality[],
): Promise<ReadModality[]> {
  const [name, ...others] = wanted;
  const [one, ...more] = paired;
  if (name === undefined || one === undefined) return [];
  if (more.length > 0 || others.length > 0) {
    const what = `${paired.length} MR series for ${[name, ...others].join(' and ')}`;
    throw new ContourNodeError('USAGE', `${what}: which is meant is not known`, {
      remedy: 'leave one MR series with the CT',
    });
  }
  const { image, slices } = await loadModality(one.series.files);
  const content = createHash('sha256').update(JSON.stringify(one.fromCt));
  for (const { pixelSha256, headerSha256 } of slices) content.update(`${headerSha256} ${pixelSha256}\n`);
  const files = [...one.series.files, ...one.registrations];
  return [{ name, image, fromCt: one.fromCt, how: one.how, files, content: content.digest('hex') }];
}
