import type { ComparedRoi } from '../../src/work/correction.ts';
import { sliceAt } from '../../src/dicom/rtstruct/contour-plane.ts';
import { type PlanarContour, rasterise } from '../contours/rasterise.ts';
import { addedPathLength } from '../evaluation/added-path-length.ts';
import { compareMasks } from '../evaluation/compare-masks.ts';
import type { Grid } from '../volume/volume.ts';

/** Tolerance of the surface DSC, mm. */
export const surfaceToleranceMm = 2;

/** How far a corrected ROI is from the proposed one, on the part of the CT's grid that holds both. */
export function roiFigures(
  name: string,
  proposed: readonly PlanarContour[],
  corrected: readonly PlanarContour[],
  ct: Grid,
): ComparedRoi {
  const grid = partAround(ct, [...proposed, ...corrected]);
  const masks = [rasterise(proposed, grid), rasterise(corrected, grid)] as const;
  const found = compareMasks(...masks, surfaceToleranceMm);
  const volumes = { proposedCm3: rounded(found.referenceCm3, 3), correctedCm3: rounded(found.testCm3, 3) };
  if (found.status !== 'ok') {
    const state = found.status === 'reference-empty' ? 'only corrected' : 'only proposed';
    return { name, state, ...volumes };
  }
  return {
    name,
    state: 'compared',
    ...volumes,
    dsc: rounded(found.dsc!, 4),
    hd95: rounded(found.hd95, 2),
    surfaceDsc: rounded(found.surfaceDsc, 4),
    addedPathLengthMm: rounded(addedPathLength(...masks), 1),
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** The box of the contours, one voxel larger on each side: voxels outside of it change no figure. */
function partAround(grid: Grid, contours: readonly PlanarContour[]): Grid {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  const include = (axis: number, index: number): void => {
    low[axis] = Math.min(low[axis]!, index);
    high[axis] = Math.max(high[axis]!, index);
  };
  for (const { points } of contours) {
    const slice = sliceAt(grid.z, points[2]!);
    if (slice < 0) continue;
    include(2, slice);
    for (let at = 0; at < points.length; at += 3)
      for (const axis of [0, 1] as const) include(axis, (points[at + axis]! - grid.origin[axis]) / grid.spacing[axis]);
  }
  const from = low.map((index, axis) => clamped(Math.floor(index) - 1, grid.size[axis]!));
  const to = high.map((index, axis) => clamped(Math.ceil(index) + 1, grid.size[axis]!));
  const [x, y, z] = from as [number, number, number];
  return {
    size: [to[0]! - x + 1, to[1]! - y + 1, to[2]! - z + 1],
    spacing: grid.spacing,
    origin: [grid.origin[0] + x * grid.spacing[0], grid.origin[1] + y * grid.spacing[1]],
    z: grid.z.slice(z, to[2]! + 1),
  };
}

/** Contours may lie outside of the grid, or there may be none. */
function clamped(index: number, count: number): number {
  return Math.min(count - 1, Math.max(0, index));
}
