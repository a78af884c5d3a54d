import type { Grid } from '../../volume/volume.ts';
import { type Box, isEmpty, nothing, type Part, placedOn, sizeOf, trimmed } from './part.ts';
import { isotropic, reachable } from './reachable.ts';
import { voxelFaces } from './voxel-faces.ts';

/** Of a Gaussian, what lies farther away than this many standard deviations is left out. */
const tails = 3;

/**
 * A structure without bumps and dents: Gaussian in 3-D on physical distances, then the half level, which leaves flat
 * surfaces where they are. What is thinner than about the standard deviation vanishes. At the edges of the image and at
 * the ends of the scan the structure counts as if it went on.
 * @param mm standard deviation
 */
export function smoothed(part: Part, mm: number, grid: Grid): Part {
  if (isEmpty(part)) return nothing;
  const box = reachable(part, isotropic(tails * mm), grid);
  let from = new Float32Array(placedOn(part, box).voxels);
  const size = sizeOf(box);
  const steps = [1, size[0], size[0] * size[1]] as const;
  for (const axis of [0, 1, 2] as const) {
    const { start, first, weights } = kernel(grid, box, axis, mm);
    const to = new Float32Array(from.length);
    const step = steps[axis];
    for (let v = 0; v < to.length; v += 1) {
      const at = Math.trunc(v / step) % size[axis];
      let sum = 0;
      let near = v + (first[at]! - at) * step;
      for (let n = start[at]!; n < start[at + 1]!; n += 1, near += step) sum += weights[n]! * from[near]!;
      to[v] = sum;
    }
    from = to;
  }
  // Rounding: the exact half belongs to the structure.
  return trimmed({ ...box, voxels: Uint8Array.from(from, (value) => (value >= 0.5 - 1e-6 ? 1 : 0)) });
}

/** For each voxel of an axis the first one that it takes part of, and the parts, which add up to 1. */
function kernel(grid: Grid, box: Box, axis: 0 | 1 | 2, mm: number) {
  const { centre, low, high } = voxelFaces(grid, axis);
  const [from, to] = [box.low[axis], box.high[axis]];
  const first: number[] = [];
  const start: number[] = [0];
  const weights: number[] = [];
  for (let at = from; at < to; at += 1) {
    const near: number[] = [];
    for (let n = from; n < to; n += 1) {
      const distance = centre[n]! - centre[at]!;
      if (Math.abs(distance) > tails * mm && n !== at) continue;
      if (near.length === 0) first.push(n - from);
      near.push(Math.exp(-0.5 * (distance / mm) ** 2) * (high[n]! - low[n]!));
    }
    const sum = near.reduce((a, b) => a + b, 0);
    for (const weight of near) weights.push(weight / sum);
    start.push(weights.length);
  }
  return { first, start, weights };
}
