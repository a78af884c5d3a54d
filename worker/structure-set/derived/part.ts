import type { Grid, Mask } from '../../volume/volume.ts';

type Triple = readonly [number, number, number];

/** Voxels of the CT grid from `low` to before `high`, along i, j and k. */
export interface Box {
  readonly low: Triple;
  readonly high: Triple;
}

/** A structure on the CT grid: a mask of 0 and 1 on the box that holds it, `voxels[(k * ny + j) * nx + i]` from `low` on. */
export interface Part extends Box {
  readonly voxels: Uint8Array;
}

export const nothing: Part = { low: [0, 0, 0], high: [0, 0, 0], voxels: new Uint8Array(0) };

/** Columns, rows and slices of a box. */
export function sizeOf({ low, high }: Box): [number, number, number] {
  return [high[0] - low[0], high[1] - low[1], high[2] - low[2]];
}

export function isEmpty(box: Box): boolean {
  return box.low.some((low, axis) => box.high[axis]! <= low);
}

/** What two boxes share; it may be empty. */
export function overlap(a: Box, b: Box): Box {
  const low = a.low.map((from, axis) => Math.max(from, b.low[axis]!));
  const high = a.high.map((to, axis) => Math.max(low[axis]!, Math.min(to, b.high[axis]!)));
  return { low: triple(low), high: triple(high) };
}

/** The smallest box around two. */
export function around(a: Box, b: Box): Box {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  return {
    low: triple(a.low.map((from, axis) => Math.min(from, b.low[axis]!))),
    high: triple(a.high.map((to, axis) => Math.max(to, b.high[axis]!))),
  };
}

export function wholeGrid({ size }: Grid): Box {
  return { low: [0, 0, 0], high: size };
}

/** Calls `row` for each row that the box shares with the part: its first voxel in either, and its length. */
export function eachSharedRow(part: Box, box: Box, row: (inPart: number, inBox: number, length: number) => void): void {
  const shared = overlap(part, box);
  const [length, , depth] = sizeOf(shared);
  if (isEmpty(shared) || depth === 0) return;
  const index = ({ low, high }: Box, j: number, k: number) =>
    ((k - low[2]) * (high[1] - low[1]) + j - low[1]) * (high[0] - low[0]) + shared.low[0] - low[0];
  for (let k = shared.low[2]; k < shared.high[2]; k += 1) {
    for (let j = shared.low[1]; j < shared.high[1]; j += 1) row(index(part, j, k), index(box, j, k), length);
  }
}

/** The part's voxels on another box: what lies outside of that is left out. */
export function placedOn(part: Part, box: Box): Part {
  const [nx, ny, nz] = sizeOf(box);
  const voxels = new Uint8Array(nx * ny * nz);
  eachSharedRow(part, box, (from, to, length) => voxels.set(part.voxels.subarray(from, from + length), to));
  return { low: box.low, high: box.high, voxels };
}

/** The same structure on the smallest box that holds it; `nothing` where there is none. */
export function trimmed(part: Part): Part {
  const [nx, ny, nz] = sizeOf(part);
  let [left, right, front, back, bottom, top] = [nx, -1, ny, -1, nz, -1];
  for (let k = 0, start = 0; k < nz; k += 1) {
    for (let j = 0; j < ny; j += 1, start += nx) {
      const row = part.voxels.subarray(start, start + nx);
      const first = row.indexOf(1);
      if (first < 0) continue;
      left = Math.min(left, first);
      right = Math.max(right, row.lastIndexOf(1));
      front = Math.min(front, j);
      back = Math.max(back, j);
      bottom = Math.min(bottom, k);
      top = k;
    }
  }
  if (top < 0) return nothing;
  const [i, j, k] = part.low;
  const box: Box = { low: [i + left, j + front, k + bottom], high: [i + right + 1, j + back + 1, k + top + 1] };
  return sizeOf(box).every((length, axis) => length === sizeOf(part)[axis]) ? part : placedOn(part, box);
}

/** The part as a mask with a grid of its own, whose voxels are the part's, not a copy. */
export function maskOf({ low, high, voxels }: Part, ct: Grid): Mask {
  return {
    grid: {
      size: sizeOf({ low, high }),
      spacing: ct.spacing,
      origin: [ct.origin[0] + low[0] * ct.spacing[0], ct.origin[1] + low[1] * ct.spacing[1]],
      z: ct.z.slice(low[2], high[2]),
    },
    voxels,
  };
}

function triple(values: readonly number[]): Triple {
  return [values[0]!, values[1]!, values[2]!];
}
