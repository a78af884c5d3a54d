import type { ContourNodeError } from '../errors.ts';
import type { CtHeader } from './ct-header.ts';
import { twoPatients } from './refuse-images.ts';
import { type Acquisition, numberedRuns, positionsOf } from './same-positions.ts';
import { samePatient } from './same-patient.ts';
import { type OtherImages, type OtherKind, type SeriesImage, sortImages } from './sort-images.ts';

type Group<T> = Pick<OtherImages<T>, 'reason' | 'images'>;

/** Some images of a series that may be a scan of their own, and the others with their reason. */
export interface ImageChoice<T> {
  /** `without`: the slices, without the images that are none; `only`: one group of several. */
  readonly kind: 'without' | 'only';
  /** Of what is kept, where it is one of several: `Acquisition Number 2`. */
  readonly name?: string;
  readonly kept: readonly T[];
  readonly leftOut: readonly Group<T>[];
  /** Why nobody may choose it: it is there to be looked at. */
  readonly refused?: ContourNodeError;
}

/** Images that may be a scan although most of the series is another one. */
const mayBeScan: ReadonlySet<OtherKind> = new Set(['orientation', 'matrix', 'place', 'acquisition']);

/**
 * What a person may choose of a series that is not usable as a whole: each acquisition, study or frame of reference of
 * several; one of two images at each position; or its slices, or another group of images. Whether what is kept makes a volume has not been looked at. Empty where every image is a
 * slice. Where the images may be of two patients no choice is safe, and one shows which images are of another one.
 */
export function imageChoices<T extends SeriesImage>(images: readonly T[]): ImageChoice<T>[] {
  if (samePatient(images.map(({ identity }) => identity)).differs !== undefined) return [patientsIn(images)];
  const { slices, others, acquisitions } = sortImages(images);
  const rest = others.map(({ reason, images: group }) => ({ reason, images: group }));
  const parts = partsOf(slices, acquisitions);
  if (parts.length > 0) return parts.map((part) => only(part, [...parts, ...rest]));
  const halves = halvesOf(slices);
  if (halves.length > 0)
    return halves.map((half) => ({
      kind: 'without',
      kept: slices.filter((slice) => !half.images.includes(slice)),
      leftOut: [half, ...rest],
    }));
  if (others.length === 0 || slices.length === 0) return [];
  const main = { reason: 'the other slices', images: slices };
  const scans = others.filter(({ kind }) => mayBeScan.has(kind)).map(({ reason }) => reason);
  return [
    { kind: 'without', kept: slices, leftOut: rest },
    ...rest.filter(({ reason }) => scans.includes(reason)).map((group) => only(group, [main, ...rest])),
  ];
}

/** The images of the patient that most are of, and those that contradict it. */
function patientsIn<T extends SeriesImage>(images: readonly T[]): ImageChoice<T> {
  const differs = (...some: T[]): string | undefined => samePatient(some.map(({ identity }) => identity)).differs;
  const patients: T[][] = [];
  for (const spelling of Map.groupBy(images, ({ identity }) => JSON.stringify(identity)).values()) {
    // What is empty contradicts nobody: every spelling of a patient has to agree.
    const patient = patients.find((one) => differs(...one, spelling[0]!) === undefined);
    if (patient === undefined) patients.push([...spelling]);
    else patient.push(...spelling);
  }
  const [kept = [], ...others] = patients.toSorted((a, b) => b.length - a.length);
  const leftOut = others.map((group) => ({ reason: `another ${differs(...kept, ...group)}`, images: group }));
  return { kind: 'without', kept, leftOut, refused: twoPatients(differs(...images)!) };
}

/** Slices of which one volume cannot be made, but perhaps one of each part. */
function partsOf<T extends SeriesImage>(slices: readonly T[], acquisitions: readonly Acquisition<T>[]): Group<T>[] {
  const runs = acquisitions.length > 0 ? acquisitions : numberedRuns(slices);
  if (runs.length > 0) return runs.map(({ name, images }) => ({ reason: name, images }));
  const by = (what: string, uid: (image: CtHeader) => string): Group<T>[] => {
    const groups = [...Map.groupBy(slices, uid)].toSorted(([, a], [, b]) => b.length - a.length);
    if (groups.length < 2) return [];
    return groups.map(([one, images], index) => ({
      reason: one === '' ? `no ${what}` : `${what} ${index + 1}`,
      images,
    }));
  };
  const studies = by('study', ({ studyInstanceUid }) => studyInstanceUid);
  return studies.length > 0 ? studies : by('frame of reference', ({ frameOfReferenceUid }) => frameOfReferenceUid);
}

/** Where pairs of slices lie at one position and nothing parts them, the second of each, and the first. */
function halvesOf<T extends SeriesImage>(slices: readonly T[]): Group<T>[] {
  const shared = positionsOf(slices).filter(({ length }) => length > 1);
  if (shared.length === 0 || shared.some(({ length }) => length > 2)) return [];
  const numberOf = ({ instanceNumber }: T): number => Number.parseInt(instanceNumber, 10) || 0;
  const pairs = shared.map((pair) => pair.toSorted((a, b) => numberOf(a) - numberOf(b)) as [T, T]);
  return [
    { reason: 'the second of two images at one position', images: pairs.map(([, second]) => second) },
    { reason: 'the first of two images at one position', images: pairs.map(([first]) => first) },
  ];
}

function only<T>(group: Group<T>, all: readonly Group<T>[]): ImageChoice<T> {
  const leftOut = all.filter(({ images }) => images !== group.images);
  return { kind: 'only', name: group.reason, kept: group.images, leftOut };
}
