import { type ErrorCode, ContourNodeError } from '../errors.ts';
import type { CtHeader } from './ct-header.ts';
import { planeOf, type View, viewWords } from './image-plane.ts';
import { samePatient } from './same-patient.ts';
import { sliceFault } from './slice-header.ts';
import { isSmallMinority, type OtherImages, type OtherKind, type SortedImages } from './sort-images.ts';

/** Kinds of which there may be any number: their Image Type names them, or they are there twice. */
const welcome: ReadonlySet<OtherKind> = new Set(['localiser', 'report', 'reformat', 'repeat', 'acquisition']);

/**
 * Whether what is left after sorting is the scan that was meant: slices, few images that cannot be slices, no damaged
 * one, one acquisition.
 * @throws SERIES_LOCALISER, SERIES_REPORT nothing but these; SERIES_NO_AXIAL_IMAGES, SERIES_PROJECTION, SERIES_HEADER,
 *   SERIES_MIXED_SIZE, SERIES_MIXED_IDENTITY, SERIES_NOT_AXIAL, SERIES_TWO_ACQUISITIONS
 */
export function refuseUnusable<T extends CtHeader>({ slices, others, acquisitions }: SortedImages<T>): void {
  const refuse = (code: ErrorCode, what: string): never => {
    throw new ContourNodeError(code, what);
  };
  const of = (kind: OtherKind): OtherImages<T>[] => others.filter((group) => group.kind === kind);
  const all = slices.length + count(others);
  const quiet = nothingToContour({ slices, others });
  if (quiet !== undefined) refuse(quiet, nothingWords[quiet]);
  if (slices.length === 0) refuseEmpty(others, refuse);

  const projections = of('projection');
  if (count(projections) > slices.length) {
    refuse('SERIES_PROJECTION', `${count(projections)} of ${all} images are projections (${reasons(projections)})`);
  }
  const [damaged] = of('damaged');
  if (damaged !== undefined) refuse('SERIES_HEADER', `a slice has ${damaged.reason}`);
  const foreign = others.filter(({ kind }) => !welcome.has(kind) && kind !== 'projection');
  if (!isSmallMinority(count(foreign), slices.length)) refuseForeign(slices, foreign, all, refuse);

  const { view } = planeOf(slices[0]!);
  if (view !== 'axial' && view !== 'tilted') {
    const which = slices.length === all ? 'the images' : `${slices.length} of ${all} images`;
    refuse('SERIES_NOT_AXIAL', `${which} are ${viewWords[view]}`);
  }
  if (acquisitions.length > 0) {
    const words = acquisitions.map(({ name, images }) => `${name}: ${images.length} images`).join(', ');
    refuse(
      'SERIES_TWO_ACQUISITIONS',
      `slices of ${acquisitions.length} acquisitions of the same part of the patient (${words})`,
    );
  }
}

/** @param attribute what differs */
export function twoPatients(attribute: string): ContourNodeError {
  return new ContourNodeError('SERIES_MIXED_IDENTITY', 'two patients in one series', {
    remedy: `${attribute} differs from slice to slice: correct it at the source, or send each patient's images alone`,
  });
}

type Refuse = (code: ErrorCode, what: string) => never;

const nothingWords = {
  SERIES_LOCALISER: 'nothing to contour: localiser',
  SERIES_REPORT: 'nothing to contour: secondary capture or dose report',
} as const;

/** So many images of a series may be views from the front and the side, or pictures, without being called so. */
const mostUnnamed = 4;

/**
 * Whether nobody meant the images of a series to be contoured: scouts, and pages of reports. Undefined where one of them
 * may be a slice.
 */
export function nothingToContour<T extends CtHeader>({
  slices,
  others,
}: Pick<SortedImages<T>, 'slices' | 'others'>): keyof typeof nothingWords | undefined {
  const all = [
    ...slices.map((image) => ({ image, kind: undefined })),
    ...others.flatMap(({ kind, images }) => images.map((image) => ({ image, kind }))),
  ];
  const areFew = all.length <= mostUnnamed;
  const isOfFew = (view: View | undefined): boolean =>
    view !== undefined &&
    scoutViews.includes(view) &&
    all.filter(({ image }) => viewOf(image) === view).length <= mostOfView;
  const what = all.map(({ image, kind }) => {
    if (kind === 'localiser' || kind === 'report') return kind;
    if (kind === 'projection') return undefined;
    if (isPage(image, areFew)) return 'report';
    return areFew && isOfFew(viewOf(image)) ? 'localiser' : undefined;
  });
  if (what.length === 0 || what.includes(undefined)) return undefined;
  return what.includes('localiser') ? 'SERIES_LOCALISER' : 'SERIES_REPORT';
}

/** From the front and from the side, as a scan is planned on them; each perhaps twice. */
const scoutViews: readonly View[] = ['sagittal', 'coronal'];
const mostOfView = 2;

function viewOf(image: CtHeader): View | undefined {
  return sliceFault(image) === undefined ? planeOf(image).view : undefined;
}

/** A picture whatever it is called: colours, or without a position where it has 8 bits or is a secondary capture. */
function isPage(image: CtHeader, areFew: boolean): boolean {
  const isSecondary = image.imageType[1]?.toUpperCase() === 'SECONDARY';
  const is8Bit = image.bitsAllocated === 8;
  if (image.imagePosition.every((value) => value === 0)) return image.samplesPerPixel !== 1 || is8Bit || isSecondary;
  return image.samplesPerPixel !== 1 || (areFew && is8Bit && isSecondary);
}

function refuseEmpty(others: readonly OtherImages<CtHeader>[], refuse: Refuse): never {
  const kinds = new Set(others.map(({ kind }) => kind));
  const only = (...these: OtherKind[]): boolean => kinds.size > 0 && [...kinds].every((kind) => these.includes(kind));
  if (only('projection')) refuse('SERIES_PROJECTION', `all images are projections (${reasons(others)})`);
  if (only('damaged', 'no place')) refuse('SERIES_HEADER', `a slice has ${others[0]!.reason}`);
  return refuse('SERIES_NO_AXIAL_IMAGES', `no axial image in the series (${reasons(others) || 'no image at all'})`);
}

/** Too many that are no slices: which of them are meant is for a person to say. */
function refuseForeign<T extends CtHeader>(
  slices: readonly T[],
  foreign: readonly OtherImages<T>[],
  all: number,
  refuse: Refuse,
): never {
  const [first] = slices as readonly [T];
  const [largest] = foreign.toSorted((a, b) => b.images.length - a.images.length) as [OtherImages<T>];
  const [other] = largest.images as readonly [T];
  const counted = `${largest.images.length} of ${all} images`;
  // Two patients explain more than two matrices do.
  const { differs } = samePatient([first, ...foreign.flatMap(({ images }) => images)].map(({ identity }) => identity));
  if (differs !== undefined) throw twoPatients(differs);
  switch (largest.kind) {
    case 'orientation': {
      const { view } = planeOf(other);
      const isMost = largest.images.length > slices.length && view !== 'axial' && view !== 'tilted';
      if (isMost) refuse('SERIES_NOT_AXIAL', `${counted} are ${viewWords[view]}`);
      return refuse(
        'SERIES_MIXED_SIZE',
        `slices of different orientation in one series (${counted} ${largest.reason})`,
      );
    }
    case 'matrix': {
      if (first.rows !== other.rows || first.columns !== other.columns) {
        const [ours, theirs] = [first, other].map(({ columns, rows }) => `${columns} x ${rows}`);
        return refuse('SERIES_MIXED_SIZE', `slices of ${ours} and of ${theirs} pixels in one series`);
      }
      const axis = first.pixelSpacing[0] === other.pixelSpacing[0] ? 1 : 0;
      const [ours, theirs] = [first, other].map(({ pixelSpacing }) => pixelSpacing[axis]);
      return refuse('SERIES_MIXED_SIZE', `slices with pixels of ${ours} mm and of ${theirs} mm in one series`);
    }
    case 'place':
      return refuse('SERIES_MIXED_SIZE', `${counted} lie ${largest.reason} within their plane`);
    default:
      return refuse('SERIES_HEADER', `a slice has ${largest.reason}`);
  }
}

function count(groups: readonly OtherImages<unknown>[]): number {
  return groups.reduce((sum, { images }) => sum + images.length, 0);
}

function reasons(groups: readonly OtherImages<unknown>[]): string {
  return [...new Set(groups.map(({ reason }) => reason))].join(', ');
}
