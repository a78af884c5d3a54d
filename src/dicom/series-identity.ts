import { ContourNodeError } from '../errors.ts';
import type { CtHeader } from './ct-header.ts';
import { twoPatients } from './refuse-images.ts';
import { samePatient, type SamePatient } from './same-patient.ts';

function differing<T>(instances: readonly T[], key: (instance: T) => unknown): boolean {
  return new Set(instances.map(key)).size > 1;
}

/**
 * @returns the one patient, study and series of the images
 * @throws SERIES_MIXED_IDENTITY, SERIES_DUPLICATE_POSITION
 */
export function checkIdentity(images: readonly CtHeader[]): SamePatient {
  const mixed = (what: string): never => {
    throw new ContourNodeError('SERIES_MIXED_IDENTITY', what);
  };
  const patient = samePatient(images.map(({ identity }) => identity));
  if (patient.differs !== undefined) throw twoPatients(patient.differs);
  if (differing(images, (image) => image.studyInstanceUid)) mixed('two studies in one series');
  if (differing(images, (image) => image.seriesInstanceUid)) mixed('images of two series');
  if (new Set(images.map((image) => image.sopInstanceUid + String(image.frameNumber ?? ''))).size < images.length) {
    throw new ContourNodeError('SERIES_DUPLICATE_POSITION', 'two images with one SOP Instance UID');
  }
  return patient;
}

/** @throws SERIES_MIXED_FRAME unless all images lie in one frame of reference */
export function checkFrame(images: readonly CtHeader[]): void {
  const absent = images.filter((image) => image.frameOfReferenceUid === '').length;
  if (absent > 0) {
    throw new ContourNodeError(
      'SERIES_MIXED_FRAME',
      `${absent} of ${images.length} slices have no Frame of Reference UID`,
    );
  }
  if (differing(images, (image) => image.frameOfReferenceUid)) {
    throw new ContourNodeError('SERIES_MIXED_FRAME', 'two frames of reference in one series');
  }
}
