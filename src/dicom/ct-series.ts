import { ContourNodeError } from '../errors.ts';
import type { Warning } from '../warning.ts';
import type { CtGeometry } from './ct-geometry.ts';
import type { CtHeader } from './ct-header.ts';
import { isAxialImage } from './image-type.ts';
import { planeOf } from './image-plane.ts';
import { checkSliceHeader } from './slice-header.ts';
import { checkSpacing } from './slice-spacing.ts';

export interface SeriesLimits {
  /** Fewer slices are refused; default 1. */
  minimumSlices?: number;
  /** Slice spacings in mm that the bundle takes, smallest and largest. */
  sliceSpacingMm?: readonly [number, number];
  /** Extent along z in mm that the bundle needs. */
  minimumCoverageMm?: number;
}

export interface CheckedSeries<T extends CtHeader = CtHeader> {
  readonly geometry: CtGeometry;
  /** In the order of `geometry.z`: ascending, from the feet to the head. Slice 1 of a message is the first. */
  readonly slices: readonly T[];
  readonly leftOut: readonly { instance: T; reason: string }[];
  readonly warnings: readonly Warning[];
}

/** In-plane shift (mm) between slices that is still no gantry tilt. */
const maximumShearMm = 0.1;

/**
 * Whether the images of one series make one volume: identity, frame of reference, orientation, size and positions
 * (DESIGN.md section 2, item 4). The order in which the instances come does not matter.
 * @throws SERIES_* with the reason in words, without patient data
 */
export function checkCtSeries<T extends CtHeader>(
  instances: readonly T[],
  limits: SeriesLimits = {},
): CheckedSeries<T> {
  checkIdentity(instances);
  const warnings: Warning[] = [];
  const images = instances.filter((instance) => isAxialImage(instance.imageType));
  const leftOut = instances
    .filter((instance) => !isAxialImage(instance.imageType))
    .map((instance) => ({ instance, reason: `Image Type ${instance.imageType[2]}` }));
  if (images.length === 0) {
    const types = new Set(leftOut.map(({ reason }) => reason));
    throw new ContourNodeError(
      'SERIES_NO_AXIAL_IMAGES',
      `no axial image in the series (${[...types].join(', ') || 'no image at all'})`,
    );
  }
  checkFrame(images);
  images.forEach(checkSliceHeader);
  const plane = planeOf(images[0]!);
  checkSameGrid(images);

  const slices = images.toSorted((a, b) => a.imagePosition[2]! - b.imagePosition[2]!);
  checkShear(slices);
  const z = slices.map((slice) => slice.imagePosition[2]!);
  warnings.push(...checkSpacing(z, limits), ...warningsOf(slices, leftOut.length, plane.warning));
  checkExtent(z, limits);

  const [first] = slices as [T];
  const [rowSpacing, columnSpacing] = first.pixelSpacing as [number, number];
  const [x, y] = first.imagePosition as [number, number, number];
  const geometry: CtGeometry = {
    columns: first.columns,
    rows: first.rows,
    columnSpacing,
    rowSpacing,
    originX: plane.reverseColumns ? x - (first.columns - 1) * columnSpacing : x,
    originY: plane.reverseRows ? y - (first.rows - 1) * rowSpacing : y,
    reverseColumns: plane.reverseColumns,
    reverseRows: plane.reverseRows,
    z,
  };
  return { geometry, slices, leftOut, warnings };
}

function differing<T>(instances: readonly T[], key: (instance: T) => unknown): boolean {
  return new Set(instances.map((instance) => JSON.stringify(key(instance)))).size > 1;
}

function checkIdentity(instances: readonly CtHeader[]): void {
  const mixed = (what: string): never => {
    throw new ContourNodeError('SERIES_MIXED_IDENTITY', `${what} in one series`);
  };
  if (
    differing(instances, ({ identity }) => [
      identity.patientId,
      identity.name,
      identity.birthDate,
      identity.sex,
      identity.characterSet,
    ])
  ) {
    mixed('two patients');
  }
  if (differing(instances, (instance) => instance.studyInstanceUid)) mixed('two studies');
  if (differing(instances, (instance) => instance.seriesInstanceUid)) {
    throw new ContourNodeError('SERIES_MIXED_IDENTITY', 'images of two series');
  }
  if (new Set(instances.map((instance) => instance.sopInstanceUid)).size < instances.length) {
    throw new ContourNodeError('SERIES_DUPLICATE_POSITION', 'two images with one SOP Instance UID');
  }
}

function checkFrame(images: readonly CtHeader[]): void {
  const absent = images.filter((image) => image.frameOfReferenceUid === '').length;
  if (absent > 0) {
    throw new ContourNodeError(
      'SERIES_MIXED_FRAME',
      `${absent} of ${images.length} slices have no Frame of Reference UID`,
    );
  }
  if (differing(images, (image) => image.frameOfReferenceUid)) {
    throw new ContourNodeError('SERIES_MIXED_FRAME', 'two frames of reference in one series');
  }
}

/** One matrix, spacing and orientation: differences that could move a contour by a hundredth of a pixel count. */
function checkSameGrid(images: readonly CtHeader[]): void {
  const [first] = images as [CtHeader];
  const refuse = (what: string): never => {
    throw new ContourNodeError('SERIES_MIXED_SIZE', what);
  };
  for (const image of images) {
    if (image.rows !== first.rows || image.columns !== first.columns) {
      refuse(`slices of ${first.columns} x ${first.rows} and of ${image.columns} x ${image.rows} pixels in one series`);
    }
    const pixels = Math.max(image.rows, image.columns);
    const stretch = image.pixelSpacing.map((spacing, axis) => Math.abs(spacing - first.pixelSpacing[axis]!) * pixels);
    if (Math.max(...stretch) > maximumShearMm) {
      refuse(`slices with pixels of ${first.pixelSpacing[0]} mm and of ${image.pixelSpacing[0]} mm in one series`);
    }
    if (planeOf(image).key !== planeOf(first).key) refuse('slices of different orientation in one series');
  }
}

/** Slices that lie one above the other within 0.1 mm; a steady shift is a gantry tilt. */
function checkShear(slices: readonly CtHeader[]): void {
  const [x0, y0, z0] = slices[0]!.imagePosition as [number, number, number];
  const [xn, yn, zn] = slices.at(-1)!.imagePosition as [number, number, number];
  const shifts = slices.map(({ imagePosition: [x, y] }) => Math.max(Math.abs(x! - x0), Math.abs(y! - y0)));
  const shift = Math.max(...shifts);
  if (shift <= maximumShearMm) return;
  const isSteady = slices.every(({ imagePosition: [x, y, z] }) => {
    const share = (z! - z0) / (zn - z0);
    return Math.hypot(x! - x0 - share * (xn - x0), y! - y0 - share * (yn - y0)) <= 2 * maximumShearMm;
  });
  if (!isSteady) {
    throw new ContourNodeError(
      'SERIES_MIXED_SIZE',
      `the slices lie up to ${shift.toFixed(1)} mm apart within their plane`,
    );
  }
  const angle = (Math.atan2(Math.hypot(xn - x0, yn - y0), zn - z0) * 180) / Math.PI;
  throw new ContourNodeError(
    'SERIES_GANTRY_TILT',
    `gantry tilt of ${angle.toFixed(1)} degrees: the slices shift by ${shift.toFixed(1)} mm`,
  );
}

function checkExtent(z: readonly number[], { minimumSlices = 1, minimumCoverageMm = 0 }: SeriesLimits): void {
  if (z.length < minimumSlices) {
    throw new ContourNodeError('SERIES_TOO_FEW_SLICES', `${z.length} slices, at least ${minimumSlices} are needed`);
  }
  const coverage = z.at(-1)! - z[0]!;
  if (coverage < minimumCoverageMm) {
    const text = `the slices cover ${coverage.toFixed(1)} mm, the bundle needs ${minimumCoverageMm.toFixed(1)} mm`;
    throw new ContourNodeError('SERIES_TOO_FEW_SLICES', text);
  }
}

function warningsOf(slices: readonly CtHeader[], leftOut: number, plane: string | undefined): Warning[] {
  const count = (test: (slice: CtHeader) => boolean): number => slices.filter(test).length;
  const derived = count((slice) => slice.imageType[0] === 'DERIVED');
  const lossy = count((slice) => slice.lossy);
  const tilt = slices.find((slice) => Math.abs(slice.gantryTilt) > 0.1)?.gantryTilt;
  const surplus = count((slice) => slice.surplusPixelBytes !== undefined);
  const padded = count(hasPaddingAmongTissue);
  const all = slices.length;
  const warnings: (Warning | false)[] = [
    leftOut > 0 && { code: 'LEFT_OUT', text: `${leftOut} images are no axial slices and were left out` },
    derived > 0 && { code: 'DERIVED', text: `${derived} of ${all} slices are derived images` },
    lossy > 0 && { code: 'LOSSY', text: `${lossy} of ${all} slices were lossy compressed` },
    surplus > 0 && {
      code: 'SURPLUS_PIXEL_BYTES',
      text: `bytes behind the pixels of ${surplus} of ${all} slices were cut off`,
    },
    plane !== undefined && { code: 'PATIENT_POSITION', text: plane },
    tilt !== undefined && {
      code: 'GANTRY_TILT',
      text: `the header says a gantry tilt of ${tilt.toFixed(1)} degrees, the positions of the slices say none`,
    },
    padded > 0 && { code: 'PADDING_VALUE', text: `the padding value of ${padded} of ${all} slices is that of tissue` },
  ];
  return warnings.filter((warning) => warning !== false);
}

/** Pixels of the padding value become air, as the header says; where tissue has that value, a person should look. */
function hasPaddingAmongTissue({ padding, slope, intercept }: CtHeader): boolean {
  return (
    padding !== undefined &&
    padding.some((value) => value * slope + intercept > -900 && value * slope + intercept < 2000)
  );
}
