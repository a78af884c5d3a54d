import type { Mask } from '../volume/volume.ts';

/**
 * Added path length (Vaassen et al. 2020, Physics and Imaging in Radiation Oncology 13:1-6): how much of the corrected
 * contour was drawn again. Slice by slice, the pixels on the corrected contour that are not on the proposed one, each
 * as long as a pixel (the mean of both spacings), mm. A pixel is on the contour when it shares an edge in its slice with
 * one outside. Removed parts add no path, except along the new edge that they leave.
 *
 * @throws RangeError where the masks lie on different grids
 */
export function addedPathLength(proposed: Mask, corrected: Mask): number {
  const { size, spacing } = corrected.grid;
  if (proposed.grid.size.some((count, axis) => count !== size[axis])) throw new RangeError('masks on different grids');
  let pixels = 0;
  for (let at = 0; at < corrected.voxels.length; at++)
    if (isOnContour(corrected, at) && !isOnContour(proposed, at)) pixels++;
  return (pixels * (spacing[0] + spacing[1])) / 2;
}

function isOnContour({ grid, voxels }: Mask, at: number): boolean {
  if (voxels[at] === 0) return false;
  const [nx, ny] = grid.size;
  const i = at % nx;
  const j = Math.floor(at / nx) % ny;
  if (i === 0 || i === nx - 1 || j === 0 || j === ny - 1) return true;
  return (voxels[at - 1]! & voxels[at + 1]! & voxels[at - nx]! & voxels[at + nx]!) === 0;
}
