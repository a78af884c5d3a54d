import { createHash } from 'node:crypto';
import type { Affine } from '../../src/dicom/affine.ts';
import { type PatientIdentity, patientIdentity } from '../../src/dicom/ct-header.ts';
import type { DicomFile } from '../../src/dicom/data-set.ts';
import { figure } from '../../src/dicom/figures.ts';
import {
  agreeingMm,
  disagreement,
  type FrameLink,
  type FrameWay,
  mostWays,
  waysBetween,
} from '../../src/dicom/frame-ways.ts';
import { isMoved, registrationSays, type SeriesMove } from '../../src/dicom/registration-says.ts';
import { samePatient } from '../../src/dicom/same-patient.ts';
import { spatialRegistrationOf } from '../../src/dicom/spatial-registration.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { GivenModality } from '../inference/modality-inputs.ts';
import { loadModality } from '../volume/load-modality.ts';
import { type IndexedImages, patientOf } from './image-index.ts';

/** What the registrations of a patient say. */
export interface IndexedRegistration {
  readonly patient: string;
  readonly identity: PatientIdentity;
  readonly links: readonly FrameLink[];
  /** Frames of reference that it moves something within: all that lies there, or these series. */
  readonly moves: readonly SeriesMove[];
}

/** An MR series of a CT's patient, with the way to it. */
export interface PairedModality {
  readonly series: IndexedImages;
  /** From the CT's frame of reference to that of the series. */
  readonly fromCt: Affine;
  readonly how: 'frame-of-reference' | 'registration';
  /** Files of the registrations that the way takes. */
  readonly registrations: readonly string[];
}

/**
 * What a Spatial Registration says of frames of reference; nothing leads anywhere where it cannot be used.
 *
 * @param path of the file, which names it
 * @param images of the archive, by SOP Instance UID
 */
export function indexedRegistration(
  file: DicomFile,
  path: string,
  images: ReadonlyMap<string, { readonly series: string; readonly frame: string }>,
): IndexedRegistration {
  const frameOf = (uid: string): string | undefined => images.get(uid)?.frame || undefined;
  const { links, moves } = registrationSays(spatialRegistrationOf(file), path, frameOf);
  return {
    patient: patientOf(file),
    identity: patientIdentity(file),
    links,
    moves: moves.map(({ frameOfReferenceUid, images: named }) => ({
      frameOfReferenceUid,
      series: named.length === 0 ? undefined : named.flatMap((uid) => images.get(uid)?.series ?? []),
    })),
  };
}

/**
 * The MR series of a CT's patient that the same frame of reference or a registration leads to.
 *
 * @throws ContourNodeError SERIES_REGISTRATION two ways to one of them disagree, or it lies elsewhere in its own frame;
 *   SERIES_MIXED_IDENTITY one has the Patient ID of the CT, and another name, birth date or sex
 */
export function pairedModalities(
  ct: IndexedImages,
  modalities: readonly IndexedImages[],
  registrations: readonly IndexedRegistration[],
): PairedModality[] {
  const ofPatient = registrations.filter(
    ({ patient, identity }) =>
      patient === ct.patient && samePatient([...ct.identities, identity]).differs === undefined,
  );
  const links = ofPatient.flatMap((one) => one.links);
  const moves = ofPatient.flatMap((one) => one.moves);
  return modalities
    .filter(({ patient, frameOfReferenceUid }) => patient === ct.patient && frameOfReferenceUid !== '')
    .flatMap((series): PairedModality[] => {
      const ways = waysBetween(links, ct.frameOfReferenceUid, series.frameOfReferenceUid);
      const [first] = ways;
      if (first === undefined) return [];
      checkPair(ct, series, ways, moves);
      const how = first.registrations.length === 0 ? 'frame-of-reference' : 'registration';
      return [{ series, fromCt: first.matrix, how, registrations: first.registrations }];
    });
}

/** @throws ContourNodeError as pairedModalities */
function checkPair(
  ct: IndexedImages,
  mr: IndexedImages,
  ways: readonly FrameWay[],
  moves: IndexedRegistration['moves'],
): void {
  const { differs } = samePatient([...ct.identities, ...mr.identities]);
  if (differs !== undefined) {
    throw new ContourNodeError('SERIES_MIXED_IDENTITY', `CT and MR have one Patient ID and differ in ${differs}`, {
      remedy: 'correct it at the source, or remove what belongs to somebody else',
    });
  }
  const remedy = 'remove the registration that is not meant';
  if ([ct, mr].some((one) => isMoved(one.seriesInstanceUid, one.frameOfReferenceUid, moves)))
    throw new ContourNodeError(
      'SERIES_REGISTRATION',
      'a registration moves CT or MR within its own frame of reference',
      {
        remedy,
      },
    );
  const apart = disagreement(ways, ct.corners);
  if (apart > agreeingMm) {
    const words =
      apart === Infinity
        ? `more than ${mostWays} ways lead to the MR`
        : `registrations of the MR differ by ${figure(apart)} mm`;
    throw new ContourNodeError('SERIES_REGISTRATION', words, { remedy });
  }
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
 * @throws ContourNodeError USAGE several series could be meant; SERIES_MIXED_FRAME; as loadModality
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
  if (slices[0]!.frameOfReferenceUid !== one.series.frameOfReferenceUid)
    throw new ContourNodeError(
      'SERIES_MIXED_FRAME',
      'the MR and what stands beside it in its series lie in two frames',
      {
        remedy: 'remove from the series what is no slice of it',
      },
    );
  const content = createHash('sha256').update(JSON.stringify(one.fromCt));
  for (const { pixelSha256, headerSha256 } of slices) content.update(`${headerSha256} ${pixelSha256}\n`);
  const files = [...one.series.files, ...one.registrations];
  return [{ name, image, fromCt: one.fromCt, how: one.how, files, content: content.digest('hex') }];
}
