import { ContourNodeError, type ErrorCode } from '../errors.ts';
import type { Warning } from '../warning.ts';
import { type Affine, cross, dot, type Point } from './affine.ts';
import type { CtHeader } from './ct-header.ts';
import { checkExtent, type CheckedSeries } from './ct-series.ts';
import { figure } from './figures.ts';
import { namedKind } from './image-type.ts';
import { checkFrame, checkIdentity } from './series-identity.ts';
import { sliceFault } from './slice-header.ts';
import { checkSpacing } from './slice-spacing.ts';
import type { OtherKind, SeriesImage } from './sort-images.ts';
import { samePositionMm } from './stack-line.ts';

/** Where the voxels of an MR series lie: a stack of parallel slices, as they are stored, in any orientation. */
export interface MrGeometry {
  readonly columns: number;
  readonly rows: number;
  /** From the index (column, row, slice) of a voxel to its centre, mm, LPS, in the frame of reference of the series. */
  readonly toPatient: Affine;
  /** mm along the normal (row x column direction), ascending. */
  readonly z: readonly number[];
}

export interface CheckedMr<T extends CtHeader = CtHeader> extends Pick<
  CheckedSeries<T>,
  'slices' | 'leftOut' | 'identityFrom' | 'warnings'
> {
  readonly geometry: MrGeometry;
}

/** mm by which rounded positions may lie beside the line of the slices, or beside even steps. */
const besideMm = 0.2;

/**
 * Whether the images of an MR series make one volume: identity, frame of reference, one orientation and matrix, one image a
 * position, even steps. The orientation may be any; the values have no unit and are not judged.
 *
 * @throws SERIES_* with the reason in words, without patient data
 */
export function checkMrSeries<T extends SeriesImage>(
  instances: readonly T[],
  limits: { readonly minimumSlices?: number } = {},
): CheckedMr<T> {
  const leftOut: { instance: T; kind: OtherKind; reason: string }[] = [];
  const images = instances.filter((instance) => {
    const other = otherKind(instance);
    if (other !== undefined) leftOut.push({ instance, ...other });
    return other === undefined;
  });
  const [first] = images;
  if (first === undefined) return refuseAll(leftOut);
  const patient = checkIdentity(images);
  checkFrame(images);
  const fault = images.map(sliceFault).find((one) => one !== undefined);
  if (fault !== undefined) refuse('SERIES_HEADER', `a slice has ${fault.words.replace('CT numbers', 'grey levels')}`);
  checkGreyLevels(images);
  checkGrid(images, first);
  const { slices, repeats, z } = ordered(images, first);
  checkStack(slices, first, z);
  checkExtent(z, limits);
  leftOut.push(...repeats.map((instance) => ({ instance, kind: 'repeat' as const, reason: 'repeat' })));
  return {
    geometry: { columns: first.columns, rows: first.rows, toPatient: toPatient(slices), z },
    slices,
    leftOut,
    identityFrom: images[patient.fullest]!,
    warnings: warningsOf(slices, leftOut),
  };
}

function refuse(code: ErrorCode, what: string): never {
  throw new ContourNodeError(code, what);
}

/** Kinds of images among the slices that are none, by their names. */
function otherKind(image: SeriesImage): { kind: OtherKind; reason: string } | undefined {
  const named = namedKind(image.imageType);
  if (named !== undefined && named.kind !== 'reformat')
    return { kind: named.kind, reason: `Image Type ${named.value}` };
  return image.projection === undefined ? undefined : { kind: 'projection', reason: image.projection };
}

function refuseAll(others: readonly { readonly kind: OtherKind; readonly reason: string }[]): never {
  const kinds = new Set(others.map(({ kind }) => kind));
  if (kinds.has('projection')) refuse('SERIES_PROJECTION', `all images are projections (${others[0]!.reason})`);
  if (kinds.has('localiser')) refuse('SERIES_LOCALISER', 'nothing to contour: localiser');
  return refuse('SERIES_REPORT', 'nothing to contour: secondary capture or report');
}

/** What is dark has to be little signal, and what lies side by side in an image has to lie so in the patient. */
function checkGreyLevels(images: readonly CtHeader[]): void {
  if (images.some(({ photometric }) => photometric !== 'MONOCHROME2'))
    refuse('SERIES_HEADER', 'a slice is not MONOCHROME2: its low values are bright');
  if (images.some(({ imageType }) => imageType.some((value) => /\bMOSAIC\b/i.test(value))))
    refuse('SERIES_HEADER', 'a slice is a mosaic of several slices (Image Type MOSAIC)');
}

function checkGrid(images: readonly CtHeader[], first: CtHeader): void {
  for (const image of images) {
    const { rows, columns, pixelSpacing, imageOrientation } = image;
    if (rows !== first.rows || columns !== first.columns) {
      const [ours, theirs] = [first, image].map((one) => `${one.columns} x ${one.rows}`);
      refuse('SERIES_MIXED_SIZE', `slices of ${ours} and of ${theirs} pixels in one series`);
    }
    if (imageOrientation.some((cosine, i) => Math.abs(cosine - first.imageOrientation[i]!) > 2e-3))
      refuse('SERIES_MIXED_SIZE', 'slices of different orientation in one series');
    if (pixelSpacing.some((spacing, i) => Math.abs(spacing - first.pixelSpacing[i]!) * Math.max(rows, columns) > 0.1))
      refuse('SERIES_MIXED_SIZE', 'slices with pixels of different size in one series');
  }
}

/** Ascending along the normal, without images whose pixels lie at their position already. */
function ordered<T extends SeriesImage>(
  images: readonly T[],
  first: T,
): { slices: T[]; repeats: T[]; z: readonly number[] } {
  const { normal } = axesOf(first);
  const places = images
    .map((image, index) => ({ image, index, along: dot(positionOf(image), normal) }))
    .toSorted((a, b) => a.along - b.along || a.index - b.index);
  const slices: typeof places = [];
  const repeats: T[] = [];
  for (const place of places) {
    const last = slices.at(-1);
    if (last === undefined || place.along - last.along >= samePositionMm) slices.push(place);
    else if (place.image.pixelSha256 !== undefined && place.image.pixelSha256 === last.image.pixelSha256)
      repeats.push(place.image);
    else {
      refuse(
        'SERIES_DUPLICATE_POSITION',
        'several images at one position, as of several echoes, moments or b-values in one series',
      );
    }
  }
  return { slices: slices.map(({ image }) => image), repeats, z: slices.map(({ along }) => along) };
}

/** The slices lie one above the other along their normal, in even steps. */
function checkStack(slices: readonly CtHeader[], first: CtHeader, z: readonly number[]): void {
  const changes = checkSpacing(z, {}).find(({ code }) => code === 'SPACING_CHANGES');
  if (changes !== undefined) refuse('SERIES_SPACING', changes.text);
  const { row, column } = axesOf(first);
  const origin = positionOf(slices[0]!);
  const step = z.length < 2 ? 0 : (z.at(-1)! - z[0]!) / (z.length - 1);
  const beside = slices.map((slice, i) => {
    const [x, y, depth] = positionOf(slice);
    const from: Point = [x - origin[0], y - origin[1], depth - origin[2]];
    return Math.max(Math.abs(dot(from, row)), Math.abs(dot(from, column)), Math.abs(z[i]! - z[0]! - i * step));
  });
  const [most, allowed] = [Math.max(...beside), Math.max(besideMm, 0.1 * step)];
  if (most > allowed) refuse('SERIES_SPACING', `slices lie up to ${figure(most)} mm beside an even stack`);
}

interface Axes {
  readonly row: Point;
  readonly column: Point;
  readonly normal: Point;
}

function axesOf({ imageOrientation }: CtHeader): Axes {
  const [a, b, c, d, e, f] = imageOrientation as [number, number, number, number, number, number];
  return { row: [a, b, c], column: [d, e, f], normal: cross([a, b, c], [d, e, f]) };
}

function positionOf({ imagePosition }: CtHeader): Point {
  return imagePosition as unknown as Point;
}

/** PS3.3 C.7.6.2.1.1 with a third column: from slice to slice. */
function toPatient(slices: readonly CtHeader[]): Affine {
  const [first, last] = [slices[0]!, slices.at(-1)!];
  const { row, column, normal } = axesOf(first);
  const [rowSpacing, columnSpacing] = first.pixelSpacing as [number, number];
  const [origin, end] = [positionOf(first), positionOf(last)];
  const steps = slices.length - 1;
  return [
    ...[0, 1, 2].flatMap((axis) => [
      row[axis]! * columnSpacing,
      column[axis]! * rowSpacing,
      steps === 0 ? normal[axis]! : (end[axis]! - origin[axis]!) / steps,
      origin[axis]!,
    ]),
    0,
    0,
    0,
    1,
  ];
}

function warningsOf(
  slices: readonly CtHeader[],
  others: readonly { readonly kind: OtherKind; readonly reason: string }[],
): Warning[] {
  const named = others.filter(({ kind }) => kind !== 'repeat');
  const repeats = others.length - named.length;
  const lossy = slices.filter((slice) => slice.lossy).length;
  const warnings: (Warning | false)[] = [
    named.length > 0 && {
      code: 'LEFT_OUT',
      text: `${named.length} images are no slices of this scan and were left out: ${[...new Set(named.map(({ reason }) => reason))].join(', ')}`,
    },
    repeats > 0 && {
      code: 'REPEAT',
      text: `${repeats} images are repeats under other SOP Instance UIDs and were left out`,
    },
    lossy > 0 && { code: 'LOSSY', text: `${lossy} of ${slices.length} slices were lossy compressed` },
  ];
  return warnings.filter((warning) => warning !== false);
}
