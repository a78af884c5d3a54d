import type { CtHeader } from './ct-header.ts';
import { figures } from './figures.ts';
import { planeOf, viewWords } from './image-plane.ts';
import { namedKind } from './image-type.ts';
import { acquisitionsOf, type Acquisition, type PixelsOf, positionsOf, repeatsAmong } from './same-positions.ts';
import { sliceFault } from './slice-header.ts';
import { stackLine } from './stack-line.ts';

/** An image of a series, with the digest of its pixels where it is known. */
export type SeriesImage = CtHeader & { readonly pixelSha256?: string };

/**
 * Why an image is none of the slices. By its Image Type: `localiser`, `report`, `projection`, `reformat`. By what it is:
 * `no place` (no position, or a picture instead of CT numbers), `damaged` (a slice with numbers that cannot be true),
 * `orientation`, `matrix`, `place` (beside the others). By what is there already: `repeat` (the same pixels at the same
 * position), `acquisition` (of a second run of the scanner).
 */
export type OtherKind =
  | 'localiser'
  | 'report'
  | 'projection'
  | 'reformat'
  | 'no place'
  | 'damaged'
  | 'orientation'
  | 'matrix'
  | 'place'
  | 'repeat'
  | 'acquisition';

/** Images that are no slices for one reason: what the page offers to contour without. */
export interface OtherImages<T> {
  readonly kind: OtherKind;
  /** For a person: `Image Type LOCALIZER`, `sagittal`, `256 x 256 pixels`. */
  readonly reason: string;
  readonly images: readonly T[];
}

export interface SortedImages<T> {
  /** Of one orientation, matrix and place, in no order; whether they are without gap has not been looked at. */
  readonly slices: readonly T[];
  readonly others: readonly OtherImages<T>[];
  /**
   * Where slices lie at the same positions with other pixels, the runs of the scanner or the reconstructions that they
   * belong to, the largest first: "this acquisition only". Empty where there is one, or nothing tells them apart.
   */
  readonly acquisitions: readonly Acquisition<T>[];
}

/**
 * Which images of a series are its slices, and why each of the others is not. Nothing is judged here: ct-series.ts says
 * how many others there may be.
 * @param pixelsOf digest of the decoded pixels, where that of the image is of compressed ones
 */
export function sortImages<T extends SeriesImage>(images: readonly T[], pixelsOf?: PixelsOf<T>): SortedImages<T> {
  const reasons = new Map<T, Reason>();
  const rest = (): T[] => images.filter((image) => !reasons.has(image));
  const mark = (reasonOf: (image: T) => Reason | undefined): void => {
    for (const image of rest()) {
      const reason = reasonOf(image);
      if (reason !== undefined) reasons.set(image, reason);
    }
  };
  mark(ownReason);
  const stack = mainGrid(rest());
  const [grid] = stack;
  mark((image) => (stack.has(image) ? undefined : differentGrid(image, grid!)));
  const beside = placesBeside(rest());
  mark((image) => beside.get(image));
  const damaged = damagedAmong(rest());
  mark((image) => damaged.get(image));
  for (const [image, { kind, words }] of reasons) {
    // A page of another size was never a slice, whatever stands where its position should be.
    const isPage = kind === 'damaged' && grid !== undefined && differentSize(image, grid);
    if (isPage) reasons.set(image, { kind: 'no place', words });
  }
  const repeats = repeatsAmong(rest(), pixelsOf);
  mark((image) =>
    repeats.has(image) ? { kind: 'repeat', words: 'repeat under another SOP Instance UID' } : undefined,
  );
  const derived = derivedAmong(rest());
  mark((image) => derived.get(image));
  const acquisitions = acquisitionsOf(rest());
  const [largest, ...more] = acquisitions;
  const later = more.flatMap((acquisition) => acquisition.images.map((image) => [image, acquisition.name] as const));
  if (largest !== undefined && isSmallMinority(later.length, largest.images.length)) {
    for (const [image, name] of later) reasons.set(image, { kind: 'acquisition', words: name });
  }
  const groups = Map.groupBy(reasons, ([, { kind, words }]) => `${kind} ${words}`);
  return {
    slices: rest(),
    others: Array.from(groups.values(), (group) => ({
      kind: group[0]![1].kind,
      reason: group[0]![1].words,
      images: group.map(([image]) => image),
    })),
    acquisitions: reasons.size > 0 && later.some(([image]) => reasons.has(image)) ? [] : acquisitions,
  };
}

/** Few enough to be left out: what remains is the scan that was meant, and a gap in it would be found. */
export function isSmallMinority(others: number, slices: number): boolean {
  return others * 4 <= slices;
}

interface Reason {
  readonly kind: OtherKind;
  readonly words: string;
}

/** PS3.16 CID 7203: curved reformatting, volume and surface rendering, maximum and minimum intensity projection. */
const projectionCodes = new Set(['113073', '113074', '113075', '113078', '113079']);

function ownReason(image: SeriesImage): Reason | undefined {
  const named = namedKind(image.imageType);
  if (named !== undefined && named.kind !== 'reformat') return { kind: named.kind, words: `Image Type ${named.value}` };
  const code = image.derivation?.find((one) => projectionCodes.has(one));
  if (code !== undefined) return { kind: 'projection', words: `derivation code ${code}` };
  if (image.projection !== undefined) return { kind: 'projection', words: image.projection };
  const fault = sliceFault(image);
  if (fault === undefined || fault.kind === 'numbers') return undefined;
  if (named !== undefined) return { kind: 'reformat', words: `Image Type ${named.value}` };
  return { kind: fault.kind === 'place' ? 'damaged' : 'no place', words: fault.words };
}

/**
 * Images of the stack without usable CT numbers: a slice is missing, unless a good one lies at the same position. One
 * without pixels may be no image at all; between good ones, the gap is found where it was a slice.
 */
function damagedAmong<T extends SeriesImage>(images: readonly T[]): Map<T, Reason> {
  const faults = new Map(images.map((image) => [image, sliceFault(image)]));
  const positions = positionsOf(images);
  const isGood = (atOnePlace: readonly T[]): boolean => atOnePlace.some((image) => faults.get(image) === undefined);
  const [first, last] = [positions.findIndex(isGood), positions.findLastIndex(isGood)];
  return new Map(
    positions.flatMap((atOnePlace, index) => {
      const isCovered = isGood(atOnePlace);
      const isInside = index > first && index < last;
      return atOnePlace.flatMap((image): [T, Reason][] => {
        const fault = faults.get(image);
        if (fault === undefined) return [];
        const isHarmless = isCovered || (isInside && image.noPixels === true);
        return [[image, { kind: isHarmless ? 'no place' : 'damaged', words: fault.words }]];
      });
    }),
  );
}

/**
 * Derived images at the positions of original ones: key images, thick averages. Where there are many, nobody can say which
 * of two volumes is meant.
 */
function derivedAmong<T extends SeriesImage>(images: readonly T[]): Map<T, Reason> {
  const isDerived = ({ imageType: [first, second] }: T): boolean => first === 'DERIVED' || second === 'SECONDARY';
  const beside = positionsOf(images).flatMap((atOnePlace) => {
    const derived = atOnePlace.filter(isDerived);
    return derived.length === atOnePlace.length - 1 ? derived : [];
  });
  if (!isSmallMinority(beside.length, images.length - beside.length)) return new Map();
  const words = 'derived image at the position of an original one';
  return new Map(beside.map((image) => [image, { kind: 'reformat', words }]));
}

function differentSize(image: SeriesImage, from: SeriesImage): boolean {
  return image.rows !== from.rows || image.columns !== from.columns;
}

/** The images of the grid that most have; an axial one before others, and originals before reformats. */
function mainGrid<T extends SeriesImage>(images: readonly T[]): Set<T> {
  const grids: T[][] = [];
  for (const image of images) {
    const grid = grids.find(([first]) => differentGrid(image, first!) === undefined);
    if (grid === undefined) grids.push([image]);
    else grid.push(image);
  }
  const weight = (grid: readonly T[]): number => {
    const reformats = grid.filter(({ imageType }) => namedKind(imageType) !== undefined).length;
    return grid.length - 0.8 * reformats + (isUpright(grid[0]!) ? images.length : 0);
  };
  return new Set(grids.toSorted((a, b) => weight(b) - weight(a))[0] ?? []);
}

function isUpright(image: SeriesImage): boolean {
  return ['axial', 'tilted'].includes(planeOf(image).view);
}

/** mm by which a pixel may lie elsewhere in an image of the same grid: no contour moves by a hundredth of a pixel count. */
const stretchMm = 0.1;

function differentGrid(image: SeriesImage, from: SeriesImage): Reason | undefined {
  const turn = image.imageOrientation.map((cosine, i) => Math.abs(cosine - from.imageOrientation[i]!));
  if (Math.max(...turn) > 2e-3) {
    const named = namedKind(image.imageType);
    if (named !== undefined) return { kind: 'reformat', words: `Image Type ${named.value}` };
    const { view } = planeOf(image);
    return { kind: 'orientation', words: view === planeOf(from).view ? `${view}, another way round` : viewWords[view] };
  }
  if (differentSize(image, from)) {
    return { kind: 'matrix', words: `${image.columns} x ${image.rows} pixels` };
  }
  const pixels = Math.max(image.rows, image.columns);
  const stretch = image.pixelSpacing.map((spacing, axis) => Math.abs(spacing - from.pixelSpacing[axis]!) * pixels);
  return Math.max(...stretch) > stretchMm
    ? { kind: 'matrix', words: `pixels of ${image.pixelSpacing.join(' x ')} mm` }
    : undefined;
}

/** Images that lie half a pixel or more beside the line of the others. */
function placesBeside<T extends SeriesImage>(images: readonly T[]): Map<T, Reason> {
  const [first] = images;
  if (first === undefined || !isUpright(first)) return new Map();
  const [rowSpacing, columnSpacing] = first.pixelSpacing as [number, number];
  const { beside } = stackLine(images, planeOf(first));
  const far = new Map<T, number>();
  for (const [i, image] of images.entries()) {
    const [u, v] = beside[i]!.map(Math.abs) as [number, number];
    if (u > columnSpacing / 2 || v > rowSpacing / 2) far.set(image, Math.max(u, v));
  }
  const words = `up to ${figures(Math.max(...far.values()))[0]} mm beside the others`;
  return new Map(Array.from(far.keys(), (image) => [image, { kind: 'place', words }]));
}
