import type { Grid } from '../../volume/volume.ts';

/**
 * Centres and faces of the voxels along one axis, mm. A slice stands for the slab up to half the way to its neighbours, an
 * outermost slice for as much on its outer side; a lone one for 1 mm.
 */
export interface VoxelFaces {
  readonly centre: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export function voxelFaces(grid: Grid, axis: 0 | 1 | 2): VoxelFaces {
  if (axis !== 2) {
    const spacing = grid.spacing[axis];
    const centre = Float64Array.from({ length: grid.size[axis] }, (_, n) => grid.origin[axis] + n * spacing);
    return { centre, low: centre.map((x) => x - spacing / 2), high: centre.map((x) => x + spacing / 2) };
  }
  const { z } = grid;
  const last = z.length - 1;
  const gap = (k: number) => (last === 0 ? 1 : z[k + 1]! - z[k]!);
  return {
    centre: z,
    low: z.map((at, k) => at - gap(Math.max(0, k - 1)) / 2),
    high: z.map((at, k) => at + gap(Math.min(k, Math.max(0, last - 1))) / 2),
  };
}
