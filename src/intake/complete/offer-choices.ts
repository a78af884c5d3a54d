import { createHash } from 'node:crypto';
import type { Config } from '../../config/schema.ts';
import { type CtInstance, imagesIn } from '../../dicom/ct-instance.ts';
import { type ImageChoice, imageChoices } from '../../dicom/image-choices.ts';
import { problemFrom } from '../../problem.ts';
import type { StoredImage } from '../../store/instances.ts';
import { compareText } from '../../store/orders.ts';
import type { OfferedChoice } from '../../store/series.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import type { Store } from '../../store/store.ts';
import { isAssembling } from '../../store/series-state.ts';
import { type Check, checkOf } from './check-series.ts';

/** A choice with the files that it leaves out. */
export interface Choice {
  readonly offered: OfferedChoice;
  readonly files: readonly string[];
}

/**
 * The choices of a series that was rejected by its check, best first; those that cannot be contoured either say why.
 *
 * @throws what the disk throws
 */
export async function choicesOf(
  store: Pick<Store, 'get' | 'images' | 'dataDirectory'>,
  config: Config,
  series: string,
): Promise<Choice[]> {
  const record = store.get(series);
  if (record === undefined || record.outcome !== 'rejected' || isAssembling(record)) return [];
  if (record.modality !== undefined) return [];
  // Of a repeat the first counts.
  const kept = store.images(series).toSorted((a, b) => compareText(a.receivedAt, b.receivedAt));
  const fileOf = new Map(kept.flatMap((stored) => imagesIn([stored]).map((image) => [image, stored] as const)));
  const choices = imageChoices([...fileOf.keys()]);
  if (choices.length === 0) return [];
  const check = await checkOf(store.dataDirectory, config, record, kept);
  return choices.flatMap((choice) => {
    const images = storedOf(choice.kept, fileOf);
    const leftOut = storedOf(
      choice.leftOut.flatMap((group) => group.images),
      fileOf,
    );
    // A multi-frame instance is taken or left as a whole.
    if (leftOut.some((image) => images.includes(image))) return [];
    const offered = offeredChoice(choice, images, leftOut, { check, fileOf });
    // That a sagittal reformat alone is no scan goes without saying.
    if (choice.kind === 'only' && offered.problem !== undefined) return [];
    return [{ offered, files: leftOut.map(({ file }) => file) }];
  });
}

/** The images of a series that are to be checked: without those that an operator left out. */
export function chosenOf({ chosen }: SeriesRecord, images: readonly StoredImage[]): readonly StoredImage[] {
  const leftOut = new Set(chosen?.leftOut);
  return images.filter(({ file }) => !leftOut.has(file));
}

/** What was chosen, for history, warning and audit trail. */
export function choiceWords({ name, images, leftOut }: OfferedChoice): string {
  const left = leftOut.map((group) => `${group.images} (${group.reason})`).join(', ');
  return `${name === undefined ? '' : `${name} only, `}${images} images; left out: ${left}`;
}

function keyOf(...sets: (readonly StoredImage[])[]): string {
  const text = JSON.stringify(sets.map((images) => images.map(({ file }) => file).toSorted()));
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function storedOf(images: readonly CtInstance[], fileOf: ReadonlyMap<CtInstance, StoredImage>): StoredImage[] {
  return [...new Set(images.map((image) => fileOf.get(image)!))];
}

function offeredChoice(
  { kind, name, kept, leftOut: groups, refused }: ImageChoice<CtInstance>,
  images: readonly StoredImage[],
  leftOut: readonly StoredImage[],
  { check, fileOf }: { readonly check: Check; readonly fileOf: ReadonlyMap<CtInstance, StoredImage> },
): OfferedChoice {
  const picturesOf = (of: readonly CtInstance[]): string[] =>
    someOf(of).map((image) => {
      const name = fileOf.get(image)!.file.replace(/\.dcm$/, '');
      return image.frameNumber === undefined ? name : `${name}-${image.frameNumber}`;
    });
  const common = {
    choice: keyOf(images, leftOut),
    kind,
    ...(name !== undefined && { name }),
    images: kept.length,
    pictures: picturesOf(kept),
    leftOut: groups.map(({ images: group, reason }) => ({
      images: group.length,
      reason,
      pictures: picturesOf(group),
    })),
    missingMm: missingMm(
      kept,
      groups.flatMap((group) => group.images),
    ),
  };
  if (refused !== undefined) return { ...common, warnings: [], problem: problemFrom(refused) };
  try {
    return { ...common, warnings: check(images).warnings };
  } catch (error) {
    return { ...common, warnings: [], problem: problemFrom(error) };
  }
}

/** Of many, those at a quarter, the half and three quarters of the way from the feet to the head. */
function someOf(images: readonly CtInstance[]): CtInstance[] {
  if (images.length <= 3) return [...images];
  const order = images.toSorted((a, b) => (a.imagePosition[2] ?? 0) - (b.imagePosition[2] ?? 0));
  return [1, 2, 3].map((quarter) => order[Math.floor((quarter * order.length) / 4)]!);
}

/** mm of z that only images of the same orientation cover that are left out. */
function missingMm(kept: readonly CtInstance[], leftOut: readonly CtInstance[]): { feet: number; head: number } {
  const [first] = kept as readonly [CtInstance];
  const isParallel = ({ imageOrientation, imagePosition }: CtInstance): boolean =>
    imagePosition.length === 3 &&
    imagePosition.every(Number.isFinite) &&
    imageOrientation.length === 6 &&
    imageOrientation.every((cosine, i) => Math.abs(cosine - first.imageOrientation[i]!) < 2e-3);
  const heights = (images: readonly CtInstance[]): number[] => images.map(({ imagePosition }) => imagePosition[2]!);
  const [ours, theirs] = [heights(kept), heights(leftOut.filter(isParallel))];
  return {
    feet: Math.max(0, Math.min(...ours) - Math.min(...ours, ...theirs)),
    head: Math.max(0, Math.max(...ours, ...theirs) - Math.max(...ours)),
  };
}
