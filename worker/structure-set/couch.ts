import type { Volume } from '../volume/volume.ts';
import { nothing, type Part, placedOn, trimmed, wholeGrid } from './derived/part.ts';

/** Carbon fibre, plastic and dense foam lie above, air and light foam below. */
const solidHu = -600;
/** A table top shows as a row that is solid over this width. */
const widthMm = 150;
/** Half the width over which the lower end of the table is the median of its columns. */
const narrowMm = 30;

/**
 * The table, from the surface that the patient lies on to the lowest shell, as one piece in each slice; the foam within
 * is part of it. A table is the same in every slice: its section is found in the mean of all slices without the patient,
 * where noise and what lies on it here and there vanish. Nothing where no row is a flat top: a strongly curved one is not
 * found.
 * @param body the patient, as `external` finds it
 */
export function couch({ grid, hu }: Volume, body: Part): Part {
  const [nx, ny, nz] = grid.size;
  const area = nx * ny;
  const patient = placedOn(body, wholeGrid(grid)).voxels;
  const middle = (body.low[1] + body.high[1]) >> 1;
  const sum = new Int32Array(area);
  const count = new Int32Array(area);
  for (let k = 0; k < nz; k += 1) {
    for (let v = middle * nx, at = k * area + v; v < area; v += 1, at += 1) {
      if (patient[at] === 1) continue;
      const value = hu[at]!;
      sum[v] = sum[v]! + (value < -1024 ? -1024 : value);
      count[v] = count[v]! + 1;
    }
  }
  const isSolid = (v: number) => sum[v]! > solidHu * count[v]!;
  let top = middle;
  for (; top < ny; top += 1) {
    let solid = 0;
    for (let v = top * nx; v < (top + 1) * nx; v += 1) if (isSolid(v)) solid += 1;
    if (solid * grid.spacing[0] >= widthMm) break;
  }
  if (top === ny) return nothing;
  const columns = Array.from({ length: nx }, (_, i) => {
    let highest = top;
    while (highest < ny && !isSolid(highest * nx + i)) highest += 1;
    let lowest = ny - 1;
    while (lowest > highest && !isSolid(lowest * nx + i)) lowest -= 1;
    return { highest, lowest };
  });
  // What is narrow is no shell: the edge of the field of view, a cable.
  const reach = Math.round(narrowMm / grid.spacing[0]);
  const voxels = new Uint8Array(patient.length);
  for (const [i, { highest }] of columns.entries()) {
    if (highest === ny) continue;
    const beside = columns.slice(Math.max(0, i - reach), i + reach + 1).map(({ lowest }) => lowest);
    const lowest = beside.toSorted((a, b) => a - b)[beside.length >> 1]!;
    for (let j = highest; j <= lowest; j += 1) {
      for (let at = j * nx + i; at < voxels.length; at += area) voxels[at] = 1 - patient[at]!;
    }
  }
  return trimmed({ ...wholeGrid(grid), voxels });
}
