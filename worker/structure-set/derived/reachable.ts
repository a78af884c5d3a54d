import type { Grid } from '../../volume/volume.ts';
import type { Box } from './part.ts';
import type { Reach } from './reach.ts';
import { voxelFaces } from './voxel-faces.ts';

/** A margin in each direction of the patient, mm, all of them 0 or more. */
export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly anterior: number;
  readonly posterior: number;
  readonly superior: number;
  readonly inferior: number;
}

export function isotropic(mm: number): Margins {
  return { left: mm, right: mm, anterior: mm, posterior: mm, superior: mm, inferior: mm };
}

/** The same to the other side of each axis: from where a place can be reached. */
export function opposite(margins: Margins): Margins {
  const { left, right, anterior, posterior, superior, inferior } = margins;
  return {
    left: right,
    right: left,
    anterior: posterior,
    posterior: anterior,
    superior: inferior,
    inferior: superior,
  };
}

/** LPS: x grows to the left, y to the back, z to the head. */
export function reachOf(margins: Margins): readonly [Reach, Reach, Reach] {
  return [
    [margins.right, margins.left],
    [margins.anterior, margins.posterior],
    [margins.inferior, margins.superior],
  ];
}

/** The box of the voxels that a margin around a box can touch, clipped to the grid. */
export function reachable({ low, high }: Box, margins: Margins, grid: Grid): Box {
  const axes = [0, 1, 2] as const;
  const reach = reachOf(margins);
  const bounds = axes.map((axis) => {
    const faces = voxelFaces(grid, axis);
    const [down, up] = reach[axis];
    let from = low[axis];
    let to = high[axis] - 1;
    const [least, most] = [faces.low[from]! - down, faces.high[to]! + up];
    while (from > 0 && faces.high[from]! > least) from -= 1;
    while (to < grid.size[axis] - 1 && faces.low[to]! < most) to += 1;
    return [from, to + 1] as const;
  });
  const [x, y, z] = bounds as [readonly [number, number], readonly [number, number], readonly [number, number]];
  return { low: [x[0], y[0], z[0]], high: [x[1], y[1], z[1]] };
}
