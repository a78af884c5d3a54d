import { imagesIn } from '../../dicom/ct-instance.ts';
import { areOtherRun, sharedExtent } from '../../dicom/same-positions.ts';
import { asContourNodeError } from '../../errors.ts';
import type { StoredImage } from '../../store/instances.ts';
import { instanceInSeries } from '../../work/paths.ts';
import type { RevisionManifest } from '../../work/revision-manifest.ts';
import type { Check, CheckedImages } from './check-series.ts';

/** What images are that came after a revision and do not belong to its volume. */
export interface BesideRevision {
  readonly what: 'repeat' | 'second acquisition' | 'no slices';
  readonly added: readonly StoredImage[];
  /** Those of the revision. */
  readonly standing: readonly StoredImage[];
}

/**
 * Whether images that came after a revision lie beside it: repeats under other SOP Instance UIDs, images that are no
 * slices, images of another run of the scanner, or a volume of their own at the same place of the patient. Such images
 * change nothing of what was contoured and delivered. Undefined where there are none, or where they make another volume
 * of it, or none: late and corrected images.
 * @param unchecked instances that came since the last check: the others have been told of
 */
export function besideRevision(
  manifest: RevisionManifest,
  images: readonly StoredImage[],
  check: Check,
  unchecked: ReadonlySet<string>,
): BesideRevision | undefined {
  const standing = imagesOf(manifest, images);
  const ofRevision = new Set(standing);
  const added = images.filter((image) => !ofRevision.has(image));
  if (added.length === 0 || isChanged(manifest, standing)) return undefined;
  const since = added.filter(({ instance }) => unchecked.has(instance));
  const news = since.length > 0 ? since : added;
  try {
    const { slices, leftOut } = check([...standing, ...added]);
    const uids = new Set(slices.map(({ sopInstanceUid }) => sopInstanceUid));
    const isWhole = manifest.slices.every(({ sopInstanceUid }) => uids.has(sopInstanceUid));
    if (isWhole && uids.size > new Set(manifest.slices.map(({ sopInstanceUid }) => sopInstanceUid)).size)
      return undefined;
    if (isWhole) return { what: whatOf(news, leftOut), added: news, standing };
  } catch (error) {
    if (asContourNodeError(error).code === 'SERIES_MIXED_IDENTITY') return undefined;
  }
  const isOther = areOtherRun(imagesIn(standing), imagesIn(added)) || isAcquisition(standing, added, check);
  return isOther ? { what: 'second acquisition', added: news, standing } : undefined;
}

/** What images are that the check leaves out. */
function whatOf(added: readonly StoredImage[], leftOut: CheckedImages['leftOut']): BesideRevision['what'] {
  const images = new Set(imagesIn(added));
  const kinds = new Set(leftOut.filter(({ instance }) => images.has(instance)).map(({ kind }) => kind));
  if (kinds.has('acquisition')) return 'second acquisition';
  return kinds.has('repeat') ? 'repeat' : 'no slices';
}

/** The images that a revision was made of, its slices first and in their order. */
export function imagesOf(manifest: RevisionManifest, images: readonly StoredImage[]): StoredImage[] {
  const places = new Map(manifest.slices.map(({ sopInstanceUid }, index) => [sopInstanceUid, index]));
  const leftOut = new Set(manifest.leftOut.map(({ file }) => file));
  const placeOf = ({ image, file }: StoredImage): number =>
    places.get(image.sopInstanceUid) ?? (leftOut.has(instanceInSeries(file)) ? places.size : Infinity);
  return images.filter((image) => placeOf(image) < Infinity).toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** An image of the revision came again with another header. */
function isChanged(manifest: RevisionManifest, standing: readonly StoredImage[]): boolean {
  const files = new Set(manifest.slices.map(({ file }) => file));
  return standing.filter(({ file }) => files.has(instanceInSeries(file))).length < files.size;
}

/** Images that make a volume of their own where the first one lies, and not its continuation. */
function isAcquisition(first: readonly StoredImage[], second: readonly StoredImage[], check: Check): boolean {
  try {
    const [one, other] = [check(first), check(second)];
    const frames = new Set([...one.slices, ...other.slices].map(({ frameOfReferenceUid }) => frameOfReferenceUid));
    return frames.size > 1 || sharedExtent(one.geometry.z, other.geometry.z) > 0.5;
  } catch {
    return false;
  }
}
