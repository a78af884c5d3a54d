import { checkRegistration, itemMatrix } from '../../dicom/spatial-registration.ts';
import type { Point } from '../../dicom/affine.ts';
import { type CtHeader, imagesIn } from '../../dicom/ct-instance.ts';
import type { FrameLink } from '../../dicom/frame-ways.ts';
import { samePatient } from '../../dicom/same-patient.ts';
import { asContourNodeError } from '../../errors.ts';
import { pseudonym } from '../../pseudonym.ts';
import type { StoredImage } from '../../store/instances.ts';
import { isAssembling, stateOf } from '../../store/series-state.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import type { Store } from '../../store/store.ts';
import type { KnownInputs, KnownMr, PlacedSeries } from './pair-input.ts';

type Reader = Pick<Store, 'get' | 'images' | 'anyImage' | 'ofModality' | 'findInstances'>;

/** Whether two series are of one patient: by a Patient ID, and nothing that contradicts it. */
export function areOfOnePatient(one: CtHeader, other: CtHeader): boolean {
  return (
    one.identity.patientId !== '' &&
    samePatient([one.identity, other.identity]).differs === undefined &&
    other.identity.patientId !== ''
  );
}

/** Frame of reference, corners, study and date of a series by its slices. */
export function placeOf(slices: readonly CtHeader[]): PlacedSeries {
  const [first] = slices as readonly [CtHeader, ...CtHeader[]];
  return {
    frameOfReferenceUid: first.frameOfReferenceUid,
    studyInstanceUid: first.studyInstanceUid,
    date: first.study?.date ?? '',
    corners: slices.flatMap(cornersOf),
  };
}

function cornersOf({ imagePosition, imageOrientation, pixelSpacing, rows, columns }: CtHeader): Point[] {
  const [rowSpacing = 0, columnSpacing = 0] = pixelSpacing;
  return [0, columns - 1].flatMap((i) =>
    [0, rows - 1].map(
      (j) =>
        [0, 1, 2].map(
          (axis) =>
            imagePosition[axis]! +
            i * columnSpacing * imageOrientation[axis]! +
            j * rowSpacing * imageOrientation[axis + 3]!,
        ) as unknown as Point,
    ),
  );
}

/** Every MR series of the patient of a CT. */
export function mrSeriesOf(store: Reader, ct: CtHeader): KnownMr[] {
  return store.ofModality('MR').flatMap((series): KnownMr[] => {
    const [record, image] = [store.get(series), store.anyImage(series)?.image];
    if (record === undefined || image?.mr === undefined || !areOfOnePatient(ct, image)) return [];
    const { problem } = stateOf(record);
    const isUsable = record.outcome === 'complete' && !isAssembling(record);
    const place = isUsable ? placeOf(imagesIn(store.images(series))) : { ...placeOf([image]), corners: [] };
    return [
      {
        ...place,
        series,
        revision: isUsable ? record.revision : 0,
        mr: image.mr,
        isComing: isArriving(record),
        ...(record.outcome === 'rejected' && problem !== undefined && { problem }),
      },
    ];
  });
}

/**
 * What the registrations of a CT's patient say, and why some of them cannot be used. An Item that names images alone
 * stands for their frame of reference.
 *
 * @param key of the pseudonyms
 */
export function registrationsOf(
  store: Reader,
  key: Uint8Array,
  ct: CtHeader,
): Pick<KnownInputs, 'links' | 'refused' | 'isComing'> {
  const ofPatient = store.ofModality('REG').filter((series) => {
    const image = store.anyImage(series)?.image;
    return image !== undefined && areOfOnePatient(ct, image);
  });
  const records = ofPatient.flatMap((series) => store.get(series) ?? []);
  const refused = records.flatMap(({ outcome, problems }) => (outcome === 'rejected' ? problems : []));
  const links = records
    .filter(isComplete)
    .flatMap(({ key: series }) => store.images(series).flatMap((stored) => linksOf(store, key, series, stored)));
  return { links, refused, isComing: records.some(isArriving) };
}

function isArriving(record: SeriesRecord): boolean {
  return stateOf(record).state === 'receiving';
}

function isComplete(record: SeriesRecord): boolean {
  return record.outcome === 'complete' && !isAssembling(record);
}

function linksOf(store: Reader, key: Uint8Array, series: string, { image }: StoredImage): FrameLink[] {
  const { registration } = image;
  if (registration === undefined) return [];
  try {
    checkRegistration(registration);
  } catch (error) {
    if (asContourNodeError(error).code === 'SERIES_REGISTRATION') return [];
    throw error;
  }
  return registration.items.flatMap((item) => {
    const from = item.frameOfReferenceUid || frameOfImages(store, key, item.images);
    if (from === undefined || from === registration.frameOfReferenceUid) return [];
    return [{ registration: series, from, to: registration.frameOfReferenceUid, matrix: itemMatrix(item) }];
  });
}

/** The one frame of reference of these images; undefined where they are not here, or lie in several. */
function frameOfImages(store: Reader, key: Uint8Array, images: readonly string[]): string | undefined {
  const places = store.findInstances(images.map((uid) => pseudonym(key, uid)));
  const frames = new Set(
    [...new Set(places.map(({ series }) => series))].map((series) => store.anyImage(series)?.image.frameOfReferenceUid),
  );
  return frames.size === 1 ? [...frames][0] : undefined;
}
