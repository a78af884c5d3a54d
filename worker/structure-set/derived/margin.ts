import type { Grid } from '../../volume/volume.ts';
import { around, type Box, isEmpty, nothing, overlap, type Part, placedOn, trimmed, wholeGrid } from './part.ts';
import { reached } from './reach.ts';
import { type Margins, opposite, reachable, reachOf } from './reachable.ts';
import { voxelFaces, type VoxelFaces } from './voxel-faces.ts';

/**
 * A structure and what lies within a margin of it, in 3-D, exact to half a voxel; ellipsoidal between directions with
 * different margins. A margin that goes beyond the image or the first or last slice is cut there.
 * @param within only this part of the result is wanted
 */
export function grown(part: Part, margins: Margins, grid: Grid, within: Box = wholeGrid(grid)): Part {
  if (isEmpty(part)) return nothing;
  const far = reachable(part, margins, grid);
  const target = overlap(far, within);
  if (isEmpty(target)) return nothing;
  // What the target can be reached from.
  const sites = placedOn(part, overlap(far, around(target, reachable(target, opposite(margins), grid))));
  const voxels = reached(sites.voxels, facesOf(sites, grid), reachOf(margins));
  return trimmed(placedOn({ ...sites, voxels }, target));
}

/**
 * A structure without what lies within a margin of its surface. At the edges of the image and in the first and the last
 * slice a structure may go on beyond: nothing is taken off from there.
 * @param within only this part of the result is wanted
 */
export function shrunk(part: Part, margins: Margins, grid: Grid, within: Box = wholeGrid(grid)): Part {
  const target = overlap(part, within);
  if (isEmpty(target)) return nothing;
  const domain = reachable(target, margins, grid);
  const outside = placedOn(part, domain);
  for (let v = 0; v < outside.voxels.length; v += 1) outside.voxels[v] = 1 - outside.voxels[v]!;
  // What is taken off on the left is what the outside reaches to the right.
  const voxels = reached(outside.voxels, facesOf(domain, grid), reachOf(opposite(margins)));
  for (let v = 0; v < voxels.length; v += 1) voxels[v] = 1 - voxels[v]!;
  return trimmed(placedOn({ ...domain, voxels }, target));
}

function facesOf(box: Box, grid: Grid): readonly [VoxelFaces, VoxelFaces, VoxelFaces] {
  const along = (axis: 0 | 1 | 2): VoxelFaces => {
    const { centre, low, high } = voxelFaces(grid, axis);
    const [from, to] = [box.low[axis], box.high[axis]];
    return { centre: centre.slice(from, to), low: low.slice(from, to), high: high.slice(from, to) };
  };
  return [along(0), along(1), along(2)];
}
