import { sliceTaps } from '../volume/taps.ts';
import type { Grid } from '../volume/volume.ts';
import { one, type Probabilities } from './infer.ts';

/**
 * The part of the CT grid where an ROI can be, a box of whole voxels: `grid` begins at the CT's column `column`, row
 * `row` and slice `slice`. Outside of it every probability is below the threshold; so are its outermost columns and rows,
 * unless they are the image's own.
 */
export interface RoiRegion {
  readonly grid: Grid;
  readonly column: number;
  readonly row: number;
  readonly slice: number;
  /** Writes slice k of the region: size[0] * size[1] probabilities. */
  write(k: number, target: Float32Array): void;
}

/**
 * Brings the probabilities of one ROI from the network's grid to the CT's, linearly along all three axes, slice by
 * slice. Beyond the edge of the network's field of view the probability is 0.
 * @returns undefined when no probability reaches the threshold
 */
export function roiRegion(from: Probabilities, roi: number, ct: Grid, threshold: number): RoiRegion | undefined {
  const values = from.rois[roi]!;
  const box = boxAbove(values, from.grid.size, threshold * one);
  if (box === undefined) return undefined;
  // Linear interpolation reaches the threshold only within one network voxel of a voxel that does.
  const slices = sliceTaps(from.grid.z, ct.z, 0);
  const [fromSlice, toSlice] = sliceRange(slices.first, slices.start, box.low[2], box.high[2], ct.size[2]);
  if (fromSlice > toSlice) return undefined;
  const columns = inPlaneRange(from.grid, ct, 0, box);
  const rows = inPlaneRange(from.grid, ct, 1, box);
  if (columns.first > columns.last || rows.first > rows.last) return undefined;
  const [nx] = from.grid.size;
  const area = nx * from.grid.size[1];
  const width = columns.last - columns.first + 1;
  const height = rows.last - rows.first + 1;
  const acrossColumns = linearTaps(from.grid, ct, 0, columns.first, width);
  const acrossRows = linearTaps(from.grid, ct, 1, rows.first, height);
  // One row of the network's grid, interpolated along z and y.
  const line = new Float32Array(nx);

  return {
    grid: {
      size: [width, height, toSlice - fromSlice + 1],
      spacing: ct.spacing,
      origin: [ct.origin[0] + columns.first * ct.spacing[0], ct.origin[1] + rows.first * ct.spacing[1]],
      z: ct.z.slice(fromSlice, toSlice + 1),
    },
    column: columns.first,
    row: rows.first,
    slice: fromSlice,
    write(k, target) {
      const slice = fromSlice + k;
      const firstTap = slices.start[slice]!;
      const taps = slices.start[slice + 1]! - firstTap;
      for (let y = 0; y < height; y += 1) {
        const out = y * width;
        const inside = acrossRows.inside[y]!;
        if (inside === 0) {
          target.fill(0, out, out + width);
          continue;
        }
        line.fill(0);
        for (let n = 0; n < taps; n += 1) {
          const weight = slices.weights[firstTap + n]! / one;
          if (weight === 0) continue;
          const upper = acrossRows.upper[y]! * weight;
          const lower = weight - upper;
          const a = (slices.first[slice]! + n) * area + acrossRows.below[y]! * nx;
          const b = a + acrossRows.step * nx;
          for (let x = box.low[0]; x <= box.high[0]; x += 1) {
            line[x] = line[x]! + lower * values[a + x]! + upper * values[b + x]!;
          }
        }
        for (let x = 0; x < width; x += 1) {
          const below = acrossColumns.below[x]!;
          const upper = acrossColumns.upper[x]!;
          target[out + x] =
            acrossColumns.inside[x] === 0 ? 0 : line[below]! * (1 - upper) + line[below + acrossColumns.step]! * upper;
        }
      }
    },
  };
}

type Triple = [number, number, number];

/** Box (one voxel of margin, clipped to the grid) of the values that reach `least`. */
function boxAbove(
  values: Uint16Array,
  [nx, ny, nz]: Grid['size'],
  least: number,
): { low: Triple; high: Triple } | undefined {
  let [left, right, front, back, bottom, top] = [nx, -1, ny, -1, nz, -1];
  for (let k = 0, v = 0; k < nz; k += 1) {
    for (let y = 0; y < ny; y += 1) {
      for (let x = 0; x < nx; x += 1, v += 1) {
        if (values[v]! < least) continue;
        if (x < left) left = x;
        if (x > right) right = x;
        if (y < front) front = y;
        if (y > back) back = y;
        if (k < bottom) bottom = k;
        top = k;
      }
    }
  }
  if (top < 0) return undefined;
  return {
    low: [Math.max(left - 1, 0), Math.max(front - 1, 0), Math.max(bottom - 1, 0)],
    high: [Math.min(right + 1, nx - 1), Math.min(back + 1, ny - 1), Math.min(top + 1, nz - 1)],
  };
}

/** CT slices whose interpolation takes part of the network slices low..high. */
function sliceRange(first: Int32Array, start: Int32Array, low: number, high: number, count: number): [number, number] {
  let from = count;
  let to = -1;
  for (let k = 0; k < count; k += 1) {
    const last = first[k]! + start[k + 1]! - start[k]! - 1;
    if (last < low || first[k]! > high) continue;
    from = Math.min(from, k);
    to = k;
  }
  return [from, to];
}

/** CT columns (rows) within the network columns (rows) of the box, and one more on each side where there is one. */
function inPlaneRange(from: Grid, ct: Grid, axis: 0 | 1, box: { low: Triple; high: Triple }) {
  const index = (position: number) => (position - ct.origin[axis]) / ct.spacing[axis];
  // Half a network pixel further: at the edge of the field of view the outermost pixel reaches that far.
  const low = index(from.origin[axis] + (box.low[axis] - 0.5) * from.spacing[axis]);
  const high = index(from.origin[axis] + (box.high[axis] + 0.5) * from.spacing[axis]);
  return {
    first: Math.max(0, Math.ceil(low) - 1),
    last: Math.min(ct.size[axis] - 1, Math.floor(high) + 1),
  };
}

/** Lower neighbour and weight of the upper one for CT columns (rows); `inside` is 0 beyond the field of view. */
function linearTaps(from: Grid, ct: Grid, axis: 0 | 1, first: number, count: number) {
  const size = from.size[axis];
  const below = new Int32Array(count);
  const upper = new Float32Array(count);
  const inside = new Uint8Array(count);
  for (let n = 0; n < count; n += 1) {
    const position = (ct.origin[axis] + (first + n) * ct.spacing[axis] - from.origin[axis]) / from.spacing[axis];
    if (position < -0.5 || position > size - 0.5) continue;
    inside[n] = 1;
    const clamped = Math.min(Math.max(position, 0), size - 1);
    below[n] = Math.min(Math.floor(clamped), Math.max(0, size - 2));
    upper[n] = clamped - below[n]!;
  }
  return { below, upper, inside, step: size > 1 ? 1 : 0 };
}
