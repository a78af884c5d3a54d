import { createHash } from 'node:crypto';
import { ContourNodeError } from '../../src/errors.ts';
import type { ArchiveCase } from '../archive/match-cases.ts';
import type { TrainingConfig } from './training-config.ts';

export type Side = 'training' | 'validation';

/** `test`: neither trained on nor validated with. */
type Part = Side | 'test';

type DicomData = Extract<TrainingConfig['data'], { source: 'dicom' }>;

/**
 * Splits the patients into those to train on and those set aside; all series of one patient are on the same side. Without
 * lists the patients with the smallest digests of seed and name are set aside, whatever else the archive holds; those with
 * the largest are for the test.
 * @returns the side of each case, undefined for a case that neither list names; cases in the order of the digests
 * @throws ContourNodeError TRAINING_DATA (one patient alone), CONFIG_INVALID (an entry without a patient, or a patient in both lists)
 */
export function split(
  cases: readonly ArchiveCase[],
  data: DicomData,
  seed: number,
): { case: ArchiveCase; side: Part | undefined }[] {
  const rank = ({ id }: ArchiveCase): string => createHash('sha256').update(`${seed}/${id}`).digest('hex');
  const ranked = cases.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  const patients = [...new Set(ranked.map(({ patient }) => patient))];
  if (patients.length < 2) {
    const remedy =
      data.patients === 'id' && cases.length > 1
        ? 'where an anonymised archive has one Patient ID for all, configure data.patients: folder'
        : 'add patients to the archive';
    throw new ContourNodeError('TRAINING_DATA', `${cases.length} CT series, all of one patient`, { remedy });
  }
  const sideOf = data.validation === undefined ? byShare(patients, data) : byLists(ranked, data);
  return ranked.map((one) => ({ case: one, side: sideOf(one) }));
}

function byShare(
  patients: readonly string[],
  { validationShare, testShare, fold }: Pick<DicomData, 'validationShare' | 'testShare' | 'fold'>,
): (one: ArchiveCase) => Part {
  const tested = Math.round(patients.length * testShare);
  const aside = Math.max(1, Math.round(patients.length * validationShare));
  // The last ones are for the test whatever the share or the fold is.
  const others = patients.slice(0, patients.length - tested);
  const test = new Set(patients.slice(others.length));
  const validation = new Set(
    fold === undefined ? others.slice(0, aside) : others.filter((_, n) => n % fold.of === fold.number - 1),
  );
  return ({ patient }) => (validation.has(patient) ? 'validation' : test.has(patient) ? 'test' : 'training');
}

function byLists(cases: readonly ArchiveCase[], data: DicomData): (one: ArchiveCase) => Side | undefined {
  const validation = patientsNamed(cases, data.validation ?? [], 'data.validation');
  const training = data.training && patientsNamed(cases, data.training, 'data.training');
  if (training !== undefined && !validation.isDisjointFrom(training)) {
    throw new ContourNodeError('CONFIG_INVALID', 'data.training and data.validation name the same patient', {
      remedy: 'name each patient in one of the two lists',
    });
  }
  return ({ patient }) => {
    if (validation.has(patient)) return 'validation';
    return training === undefined || training.has(patient) ? 'training' : undefined;
  };
}

/** Patients by their ID, their folder, or a folder above it. */
function patientsNamed(cases: readonly ArchiveCase[], names: readonly string[], key: string): Set<string> {
  const found = new Set<string>();
  for (const [index, name] of names.entries()) {
    const folder = name.replace(/\/+$/, '');
    const meant = cases.filter(
      ({ patient, place }) => patient === name || place === folder || place.startsWith(`${folder}/`),
    );
    // The name may be a Patient ID: the message says only where it stands.
    if (meant.length === 0)
      throw new ContourNodeError('CONFIG_INVALID', `${key}, entry ${index + 1}: the archive has no such patient`, {
        remedy: 'give Patient IDs, or folders relative to --data',
      });
    for (const { patient } of meant) found.add(patient);
  }
  return found;
}
