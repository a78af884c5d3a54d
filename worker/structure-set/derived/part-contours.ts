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
  const rows = new Float32Array(nx * ny);
  for (let k = 0; k < nz; k += 1) {
    const slice = mask.voxels.subarray(k * nx * ny, (k + 1) * nx * ny);
    if (!slice.includes(1)) continue;
    for (let v = 0; v < slice.length; v += 1) {
      const x = v % nx;
      rows[v] = slice[v]! / 2 + ((x > 0 ? slice[v - 1]! : 0) + (x < nx - 1 ? slice[v + 1]! : 0)) / 4;
    }
    for (let v = 0; v < slice.length; v += 1)
      values[v] = rows[v]! / 2 + ((rows[v - nx] ?? 0) + (rows[v + nx] ?? 0)) / 4;
    for (const { slice: at, polygons } of slabContours({ first: k, values }, mask, 0.5))
      found.push({ slice: at + part.low[2], polygons });
  }
  return found;
}
