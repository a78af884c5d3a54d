import { type Body, sliceThickness } from './body.ts';
import type { Mask } from './volume.ts';

/** Volume of a mask; a voxel counts as its area times half the way to either neighbouring slice. */
export function maskVolumeCm3(mask: Mask): number {
  const { spacing } = mask.grid;
  return (weigh(mask).millimetres * spacing[0] * spacing[1]) / 1000;
}

/**
 * The place of a mask: its centre of gravity from the middle of the body's bounding box along x (to the left) and y (to
 * the back), and its z in the CT, mm; NaN when empty.
 */
export function placeInBody(mask: Mask, body: Body): [number, number, number] {
  const { origin, spacing } = mask.grid;
  const { millimetres, columns, rows, z } = weigh(mask);
  return [
    origin[0] + (columns / millimetres) * spacing[0] - body.centre[0],
    origin[1] + (rows / millimetres) * spacing[1] - body.centre[1],
    z / millimetres,
  ];
}

/** x of a mask's centre of gravity, mm, to the left. */
export function maskCentreX(mask: Mask): number {
  const { millimetres, columns } = weigh(mask);
  return mask.grid.origin[0] + (columns / millimetres) * mask.grid.spacing[0];
}

/** Sums over the voxels, each weighted with the thickness of its slice: of 1, of column and row, and of z. */
function weigh({ grid, voxels }: Mask): { millimetres: number; columns: number; rows: number; z: number } {
  const [nx, ny, nz] = grid.size;
  const thickness = sliceThickness(grid.z);
  const sum = { millimetres: 0, columns: 0, rows: 0, z: 0 };
  for (let k = 0, v = 0; k < nz; k += 1) {
    let [count, columns, rows] = [0, 0, 0];
    for (let y = 0; y < ny; y += 1) {
      for (let x = 0; x < nx; x += 1, v += 1) {
        if (voxels[v] === 0) continue;
        count += 1;
        columns += x;
        rows += y;
      }
    }
    const own = thickness[k]!;
    sum.millimetres += count * own;
    sum.columns += columns * own;
    sum.rows += rows * own;
    sum.z += count * own * grid.z[k]!;
  }
  return sum;
}
