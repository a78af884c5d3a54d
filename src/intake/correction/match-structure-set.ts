import { imagesIn } from '../../dicom/ct-instance.ts';
import { sliceAt } from '../../dicom/rtstruct/contour-plane.ts';
import type { ReceivedStructureSet } from '../../dicom/rtstruct/received-structure-set.ts';
import { pseudonym } from '../../pseudonym.ts';
import { contouredOrders } from '../../store/orders.ts';
import type { Store } from '../../store/store.ts';

/** Why a structure set belongs to no series here. */
export const unmatchedReasons = [
  'no series here has its images',
  'several series fit',
  'it names another patient than the series',
  'the series was not contoured',
] as const;
export type UnmatchedReason = (typeof unmatchedReasons)[number];

export type StructureSetMatch =
  | {
      readonly series: string;
      readonly matchedBy: 'images' | 'frame of reference';
      /** The orders whose structure sets it is compared with. */
      readonly orders: readonly string[];
    }
  | { readonly reason: UnmatchedReason };

/** mm; a contour lies in a slice when its plane is this near. The difference is one of rounding. */
const planeTolerance = 0.1;

/**
 * The one series that a structure set belongs to: by the images that its contours reference, else by those that it lists,
 * else, where it references none of this node, by frame of reference and planes. One that fits several series belongs to
 * none.
 *
 * @param key of the pseudonyms
 */
export function matchStructureSet(store: Store, key: Uint8Array, set: ReceivedStructureSet): StructureSetMatch {
  const byImages = [set.contourImages, set.listedImages]
    .map((images) => seriesOfImages(store, key, images))
    .find((found) => found.length > 0);
  const found = byImages ?? seriesByPlanes(store, set);
  const [series] = found;
  if (series === undefined) return { reason: 'no series here has its images' };
  if (found.length > 1) return { reason: 'several series fit' };
  if (store.images(series)[0]?.image.identity.patientId !== set.patientId)
    return { reason: 'it names another patient than the series' };
  const orders = contouredOrders(store.get(series)?.orders ?? []);
  if (orders.length === 0) return { reason: 'the series was not contoured' };
  return { series, matchedBy: byImages === undefined ? 'frame of reference' : 'images', orders };
}

function seriesOfImages(store: Store, key: Uint8Array, images: readonly string[]): string[] {
  const places = store.findInstances(images.map((uid) => pseudonym(key, uid)));
  return contourable(
    store,
    places.map(({ series }) => series),
  );
}

/** A structure set may list an MR that it was seen with: it belongs to the CT. */
function contourable(store: Store, series: Iterable<string>): string[] {
  return [...new Set(series)].filter((one) => store.get(one)?.modality === undefined);
}

function seriesByPlanes(store: Store, { frameOfReferenceUids, planes }: ReceivedStructureSet): string[] {
  if (planes.length === 0) return [];
  const inFrame = new Set(frameOfReferenceUids.flatMap((uid) => store.seriesInFrame(uid)));
  return contourable(store, inFrame).filter((series) => {
    const slices = imagesIn(store.images(series))
      .flatMap(({ imagePosition }) => imagePosition[2] ?? [])
      .toSorted((a, b) => a - b);
    return planes.every((z) => Math.abs((slices[sliceAt(slices, z)] ?? Number.NaN) - z) <= planeTolerance);
  });
}
