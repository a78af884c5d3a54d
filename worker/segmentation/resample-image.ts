import type { VolumeSection } from '../../src/bundles/volume-section.ts';
import type { ImageGrid } from './image-grid.ts';
import { extremes } from './normalise.ts';
import type { Triple } from './model-view.ts';
import { resampleAxis } from './spline-axis.ts';

type Resampling = VolumeSection['resampling']['image'];

/**
 * The axis that is resampled by itself, or undefined: that of the largest spacing where it is more than `anisotropy`
 * times the smallest, in the image or else in the target (nnunetv2, determine_do_sep_z_and_axis).
 */
export function separateAxis(
  { separateZ, anisotropy }: Pick<Resampling, 'separateZ' | 'anisotropy'>,
  from: Triple,
  to: Triple,
): 0 | 1 | 2 | undefined {
  const anisotropic = (spacing: Triple) => Math.max(...spacing) / Math.min(...spacing) > anisotropy;
  const decisive = separateZ === true || anisotropic(from) ? from : to;
  if (separateZ === false || (separateZ === null && !anisotropic(decisive))) return undefined;
  const largest = Math.max(...decisive);
  const axes = ([0, 1, 2] as const).filter((axis) => decisive[axis] === largest);
  return axes.length === 1 ? axes[0] : undefined;
}

/**
 * Brings an image to another grid: with splines along all axes, the result held within the values of the image; or in
 * each plane by itself and then, with an order of its own, along the axis that is resampled separately.
 */
export function resampleImage(
  values: Float32Array,
  size: Triple,
  { size: target, inImage, same }: ImageGrid,
  separate: 0 | 1 | 2 | undefined,
  { order, orderZ }: Pick<Resampling, 'order' | 'orderZ'>,
): Float32Array {
  if (same.every((unchanged) => unchanged)) return values;
  const limits = separate === undefined ? [extremes(values)] : planeExtremes(values, size, separate);
  let current = values;
  const reached = [...size] as [number, number, number];
  const resample = (axis: 0 | 1 | 2, by: number) => {
    if (!same[axis])
      current = resampleAxis(current, reached, axis, { length: target[axis], place: inImage[axis]! }, by);
    reached[axis] = target[axis];
  };
  // The axis that shrinks most goes first: what follows has less to do.
  const axes = ([0, 1, 2] as const)
    .filter((axis) => axis !== separate)
    .toSorted((a, b) => target[a] / size[a] - target[b] / size[b]);
  for (const axis of axes) resample(axis, order);
  if (current !== values) clip(current, reached, separate, limits);
  if (separate !== undefined) resample(separate, orderZ);
  return current;
}

function planeExtremes(values: Float32Array, size: Triple, axis: 0 | 1 | 2) {
  const limits = Array.from({ length: size[axis] }, () => ({ low: Infinity, high: -Infinity }));
  forEachRun(size, axis, (plane, from, to) => {
    const { low, high } = extremes(values, from, to);
    const limit = limits[plane]!;
    limit.low = Math.min(limit.low, low);
    limit.high = Math.max(limit.high, high);
  });
  return limits;
}

/** A cubic spline overshoots at edges; skimage's resize clips to the values of the image, here of the plane. */
function clip(
  values: Float32Array,
  size: Triple,
  axis: 0 | 1 | 2 | undefined,
  limits: readonly { low: number; high: number }[],
): void {
  forEachRun(size, axis ?? 0, (plane, from, to) => {
    const { low, high } = limits[axis === undefined ? 0 : plane]!;
    for (let v = from; v < to; v += 1) values[v] = Math.min(Math.max(values[v]!, low), high);
  });
}

/** Every stretch of neighbouring elements that lies in one plane across the axis. */
function forEachRun(size: Triple, axis: 0 | 1 | 2, visit: (plane: number, from: number, to: number) => void): void {
  const inner = axis === 2 ? 1 : axis === 1 ? size[2] : size[1] * size[2];
  const runs = (size[0] * size[1] * size[2]) / inner;
  for (let run = 0; run < runs; run += 1) visit(run % size[axis], run * inner, (run + 1) * inner);
}
