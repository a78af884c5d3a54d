import { type CtHeader, imagesIn } from '../../dicom/ct-instance.ts';
import { dicomDate } from '../../dicom/date-time.ts';
import { cornersOf } from '../../dicom/image-corners.ts';
import { type RegistrationSays, registrationSays } from '../../dicom/registration-says.ts';
import { samePatient } from '../../dicom/same-patient.ts';
import { pseudonym } from '../../pseudonym.ts';
import type { StoredImage } from '../../store/instances.ts';
import { isAssembling, type SeriesState, stateOf } from '../../store/series-state.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import { compareText } from '../../store/orders.ts';
import type { Store } from '../../store/store.ts';
import { manifestOfRevision } from '../complete/write-revision.ts';
import type { KnownInputs, KnownMr, PlacedSeries } from './pair-input.ts';

type Reader = Pick<Store, 'dataDirectory' | 'get' | 'image' | 'images' | 'anyImage' | 'ofModality' | 'findInstances'>;

/** Whether two series are of one patient: by a Patient ID, and nothing in any of their images that contradicts it. */
function areOfOnePatient(one: readonly CtHeader[], other: readonly CtHeader[]): boolean {
  const isNamed = (images: readonly CtHeader[]): boolean => images.some(({ identity }) => identity.patientId !== '');
  return isNamed(one) && isNamed(other) && mayBeOfOnePatient([...one, ...other]);
}

/** Whether nothing contradicts that images are of one patient. */
export function mayBeOfOnePatient(images: readonly CtHeader[]): boolean {
  return samePatient(images.map(({ identity }) => identity)).differs === undefined;
}

/** Frame of reference, corners, study and date of a series by its slices. */
export function placeOf(slices: readonly CtHeader[]): PlacedSeries {
  const [first] = slices as readonly [CtHeader, ...CtHeader[]];
  return {
    frameOfReferenceUid: first.frameOfReferenceUid,
    studyInstanceUid: first.studyInstanceUid,
    // A sender may have written any text there.
    date: dicomDate(first.study?.date ?? ''),
    corners: slices.flatMap(cornersOf),
  };
}

/**
 * Every MR series of the patient of a CT. Where one lies, and whose it is, say the slices that a worker reads.
 *
 * @param ct its slices
 * @throws what the disk throws
 */
export async function mrSeriesOf(store: Reader, ct: readonly CtHeader[]): Promise<KnownMr[]> {
  const known: KnownMr[] = [];
  for (const series of store.ofModality('MR')) {
    const [record, image] = [store.get(series), store.anyImage(series)?.image];
    if (record === undefined || image?.mr === undefined || !mayBeOfOnePatient([...ct, image])) continue;
    const { problem, state } = stateOf(record);
    const slices = isComplete(record) ? await slicesOf(store, record) : [];
    const [first] = slices;
    if (!areOfOnePatient(ct, first === undefined ? [image] : slices)) continue;
    known.push({
      ...(first === undefined ? { ...placeOf([image]), corners: [] } : placeOf(slices)),
      series,
      revision: first === undefined ? 0 : record.revision,
      mr: first?.mr ?? image.mr,
      isComing: state === 'receiving',
      ...(problem !== undefined && unusable.includes(state) && { problem }),
    });
  }
  return known;
}

const unusable: readonly SeriesState[] = ['rejected', 'failed', 'nothing to contour', 'incomplete'];

/** The slices of the newest revision. */
async function slicesOf(store: Reader, { key, revision }: SeriesRecord): Promise<CtHeader[]> {
  const written = await manifestOfRevision(store.dataDirectory, key, revision);
  const images = new Map(imagesIn(store.images(key)).map((image) => [image.sopInstanceUid, image]));
  return (written?.manifest.slices ?? []).flatMap(({ sopInstanceUid }) => images.get(sopInstanceUid) ?? []);
}

/**
 * What the registrations of a CT's patient say, the oldest first, and why some of them cannot be used.
 *
 * @param key of the pseudonyms
 * @param ct its slices
 */
export function registrationsOf(
  store: Reader,
  key: Uint8Array,
  ct: readonly CtHeader[],
): Pick<KnownInputs, 'links' | 'moves' | 'refused' | 'isComing'> {
  const ofPatient = store.ofModality('REG').flatMap((series) => {
    const [record, images] = [store.get(series), store.images(series)];
    return record !== undefined && areOfOnePatient(ct, imagesIn(images)) ? [{ record, images }] : [];
  });
  const records = ofPatient.map(({ record }) => record);
  const says = ofPatient
    .filter(({ record }) => !isAssembling(record))
    .flatMap(({ record, images }) => images.map((stored) => ({ record, stored })))
    .toSorted((a, b) => compareText(a.stored.receivedAt, b.stored.receivedAt))
    .map(({ record, stored }) => ({ record, ...saysOf(store, key, record.key, stored) }));
  return {
    links: says.filter(({ record }) => isComplete(record)).flatMap(({ links }) => links),
    moves: says.flatMap(({ moves }) =>
      moves.map(({ frameOfReferenceUid, images }) => ({
        frameOfReferenceUid,
        series: images.length === 0 ? undefined : seriesWith(store, key, images),
      })),
    ),
    refused: records.flatMap(({ outcome, problems }) => (outcome === 'rejected' ? problems : [])),
    isComing: records.some((record) => stateOf(record).state === 'receiving'),
  };
}

function isComplete(record: SeriesRecord): boolean {
  return record.outcome === 'complete' && !isAssembling(record);
}

function saysOf(store: Reader, key: Uint8Array, name: string, { image }: StoredImage): RegistrationSays {
  if (image.registration === undefined) return { links: [], moves: [] };
  const frames = (uid: string): string[] => {
    const instance = pseudonym(key, uid);
    return store
      .findInstances([instance])
      .map(({ series }) => store.image(series, instance)?.image.frameOfReferenceUid ?? '');
  };
  return registrationSays(image.registration, name, (uid) => frames(uid).find((frame) => frame !== ''));
}

/** Series that have one of these images. */
function seriesWith(store: Reader, key: Uint8Array, images: readonly string[]): readonly string[] {
  const places = store.findInstances(images.map((uid) => pseudonym(key, uid)));
  return [...new Set(places.map(({ series }) => series))];
}
