import type { SlicePolygons } from '../../../src/dicom/rtstruct/structure-set.ts';
import { slabContours } from '../../contours/roi-contours.ts';
import type { Grid } from '../../volume/volume.ts';
import { maskOf, type Part } from './part.ts';

/**
 * The polygons of a structure on the CT grid, by CT slice. The mask, averaged with its neighbours in the slice (binomial,
 * 3 by 3), is traced at its half level and stays on its side of every voxel's centre: the line leaves out the steps of the
 * pixels and moves by less than half of one.
 */
export function partContours(part: Part, ct: Grid): SlicePolygons[] {
  const mask = maskOf(part, ct);
  const [nx, ny, nz] = mask.grid.size;
  const found: SlicePolygons[] = [];
  const values = new Float32Array(nx * ny);
  // With an empty row before and one behind.
  const rows = new Float32Array(nx * (ny + 2));
  for (let k = 0; k < nz; k += 1) {
    const slice = mask.voxels.subarray(k * nx * ny, (k + 1) * nx * ny);
    if (!slice.includes(1)) continue;
    // Beyond the box there is nothing.
    for (let start = 0; start < slice.length; start += nx) {
      for (let v = start, before = 0; v < start + nx; v += 1) {
        const here = slice[v]!;
        rows[v + nx] = here / 2 + (before + (v + 1 < start + nx ? slice[v + 1]! : 0)) / 4;
        before = here;
      }
    }
    for (let v = 0; v < slice.length; v += 1) values[v] = rows[v + nx]! / 2 + (rows[v]! + rows[v + 2 * nx]!) / 4;
    for (const { slice: at, polygons } of slabContours({ first: k, values }, mask, 0.5))
      found.push({ slice: at + part.low[2], polygons });
  }
  return found;
}
