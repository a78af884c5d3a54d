import type { VolumeSection } from '../../src/bundles/volume-section.ts';
import type { Triple } from './model-view.ts';

/** How the voxels of the network's image lie among those of the image that it is made of, along each axis. */
export interface ImageGrid {
  /** Voxels of the network's image. */
  readonly size: Triple;
  /** Where a voxel of the network's image lies in the image, in voxels. */
  readonly inImage: readonly ((index: number) => number)[];
  /** Where a voxel of the image, or a place between two, lies in the network's image. */
  readonly inNetwork: readonly ((index: number) => number)[];
  /** Whether both have the same voxels. */
  readonly same: readonly boolean[];
}

/**
 * The grid of the network for an image of `size`.
 * @param from spacing of the image, mm
 * @param to spacing of the network, mm
 */
export function imageGrid(
  size: Triple,
  from: Triple,
  to: Triple,
  keeps: VolumeSection['resampling']['keeps'],
): ImageGrid {
  return keeps === 'edges' ? edgesKept(size, resampledSize(size, from, to)) : firstVoxelKept(size, from, to);
}

/** Voxels of an image of `size` on another spacing, its outer edges kept; rounds halves to even, as Python does. */
export function resampledSize(size: Triple, from: Triple, to: Triple): [number, number, number] {
  return along((axis) => Math.max(1, roundHalfToEven((from[axis] / to[axis]) * size[axis])));
}

export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** Voxels are areas: sample i of n stands at (i + 1/2) / n of the length. */
export function edgesKept(size: Triple, target: Triple): ImageGrid {
  const between = (length: number, other: number) => {
    const scale = other / length;
    return (index: number) => (index + 0.5) * scale - 0.5;
  };
  return {
    size: target,
    inImage: along((axis) => between(target[axis], size[axis])),
    inNetwork: along((axis) => between(size[axis], target[axis])),
    same: along((axis) => size[axis] === target[axis]),
  };
}

/** mm; MONAI leaves an image that is so near to the spacing as it is (AFFINE_TOL). */
const spacingTolerance = 1e-3;

/**
 * Voxels are points: the first one stays, the others follow at exactly the network's spacing, as in MONAI's Spacing
 * (monai.data.utils.compute_shape_offset).
 */
function firstVoxelKept(size: Triple, from: Triple, to: Triple): ImageGrid {
  const same = along((axis) => Math.abs(from[axis] - to[axis]) <= spacingTolerance);
  const ratio = along((axis) => (same[axis] ? 1 : to[axis] / from[axis]));
  return {
    size: along((axis) => roundHalfToEven((size[axis] - 1) / ratio[axis] + 1)),
    inImage: ratio.map((one) => (index: number) => index * one),
    inNetwork: ratio.map((one) => (index: number) => index / one),
    same,
  };
}

function along<T>(value: (axis: 0 | 1 | 2) => T): [T, T, T] {
  return [value(0), value(1), value(2)];
}
