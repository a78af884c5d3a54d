import { ContourNodeError } from '../errors.ts';
import type { Warning } from '../warning.ts';
import type { CtGeometry } from './ct-geometry.ts';
import type { CtHeader } from './ct-header.ts';
import { figures } from './figures.ts';
import { planeOf } from './image-plane.ts';
import { refuseUnusable } from './refuse-images.ts';
import { checkFrame, checkIdentity } from './series-identity.ts';
import { seriesWarnings } from './series-warnings.ts';
import { checkSpacing } from './slice-spacing.ts';
import type { PixelsOf } from './same-positions.ts';
import { type OtherImages, type OtherKind, type SeriesImage, sortImages } from './sort-images.ts';
import { stackGeometry } from './stack-geometry.ts';

export interface SeriesLimits {
  /** Fewer slices are refused; default 1. */
  minimumSlices?: number;
  /** Slice spacings in mm that the bundle takes, smallest and largest. */
  sliceSpacingMm?: readonly [number, number];
  /** Extent along z in mm that the bundle needs. */
  minimumCoverageMm?: number;
  /** What becomes of a series that was scanned with a tilted gantry; default refuse. */
  tilt?: 'refuse' | 'resolve';
}

export interface CheckedSeries<T extends CtHeader = CtHeader> {
  readonly geometry: CtGeometry;
  /** In the order of `geometry.z`: ascending, from the feet to the head. Slice 1 of a message is the first. */
  readonly slices: readonly T[];
  readonly leftOut: readonly { instance: T; kind: OtherKind; reason: string }[];
  /** The slice from which patient and study are copied, with its own character set. */
  readonly identityFrom: T;
  readonly warnings: readonly Warning[];
}

/**
 * Whether the images of one series make one volume: identity, frame of reference, orientation, size and positions
 * (DESIGN.md section 2, item 4). The order in which the instances come does not matter, but for repeats: the first counts.
 * @param pixelsOf as sortImages
 * @throws SERIES_* with the reason in words, without patient data
 */
export function checkCtSeries<T extends SeriesImage>(
  instances: readonly T[],
  limits: SeriesLimits = {},
  pixelsOf?: PixelsOf<T>,
): CheckedSeries<T> {
  const sorted = sortImages(instances, pixelsOf);
  const { slices: images, others } = sorted;
  try {
    refuseUnusable(sorted);
    const patient = checkIdentity(images);
    checkFrame(images);
    const plane = planeOf(images[0]!);
    const stack = stackGeometry(images, plane, limits.tilt ?? 'refuse');
    const { geometry, slices } = stack;
    const spacing = checkSpacing(geometry.z, limits);
    checkExtent(geometry.z, limits);
    return {
      geometry,
      slices,
      leftOut: others.flatMap(({ kind, reason, images: group }) =>
        group.map((instance) => ({ instance, kind, reason })),
      ),
      identityFrom: images[patient.fullest]!,
      warnings: [...spacing, ...stack.warnings, ...seriesWarnings(slices, others, plane, patient)],
    };
  } catch (error) {
    throw error instanceof ContourNodeError && images.length > 0 ? withLeftOut(error, others) : error;
  }
}

/** What was left out may be what is missing. */
function withLeftOut(error: ContourNodeError, others: readonly OtherImages<unknown>[]): ContourNodeError {
  const isCause = /^SERIES_(MISSING_SLICE|SPACING|TOO_FEW)/.test(error.code);
  if (!isCause || others.length === 0) return error;
  const words = others.map(({ images, reason }) => `${images.length} ${reason}`).join(', ');
  return new ContourNodeError(error.code, `${error.message}; left out: ${words}`, {
    remedy: error.remedy,
    cause: error,
  });
}

export function checkExtent(z: readonly number[], { minimumSlices = 1, minimumCoverageMm = 0 }: SeriesLimits): void {
  if (z.length < minimumSlices) {
    throw new ContourNodeError('SERIES_TOO_FEW_SLICES', `${z.length} slices, at least ${minimumSlices} are needed`);
  }
  const coverage = z.at(-1)! - z[0]!;
  if (coverage < minimumCoverageMm) {
    const [covered, needed] = figures(coverage, minimumCoverageMm);
    const text = `the slices cover ${covered} mm, the bundle needs ${needed} mm`;
    throw new ContourNodeError('SERIES_TOO_FEW_SLICES', text);
  }
}
