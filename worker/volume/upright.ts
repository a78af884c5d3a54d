import type { SlicePlanes } from '../../src/dicom/ct-geometry.ts';
import type { Grid, Volume } from './volume.ts';

/** HU of air: what lies beyond the planes that were scanned, and the least that is interpolated. */
const airHu = -1024;

/** Where the planes of a stack lie, as lines in the (y, z) plane of the patient: x is the same in all of them. */
interface Lines {
  /** y and z (mm) of row 0 of every slice. */
  readonly starts: readonly (readonly [y: number, z: number])[];
  /** y and z of one mm along a column. */
  readonly column: readonly [y: number, z: number];
}

function linesOf({ origins, column }: SlicePlanes): Lines {
  return { starts: origins.map(([, y, z]) => [y, z] as const), column };
}

/** z of every plane above y, ascending. */
function heights({ starts, column: [cy, cz] }: Lines, y: number): number[] {
  return starts.map(([y0, z0]) => z0 + ((y - y0) * cz) / cy);
}

/**
 * The upright grid around a stack of tilted slices: columns as they are, rows at their distance along y, slices as far
 * apart along z as the tilted ones, and more of them at both ends until all that was scanned lies within.
 */
export function uprightGrid(stack: Grid, planes: SlicePlanes): Grid {
  const [columns, rows, slices] = stack.size;
  const [, spacing] = stack.spacing;
  const lines = linesOf(planes);
  const extent = (rows - 1) * spacing * lines.column[0];
  const front = Math.min(...lines.starts.map(([y]) => y));
  const back = Math.max(...lines.starts.map(([y]) => y + extent));
  const count = Math.ceil((back - front) / spacing) + 1;
  const middle = heights(lines, (front + back) / 2);
  const rise = ((back - front) / 2) * Math.abs(lines.column[1] / lines.column[0]);
  const [low, high] = slices > 1 ? [middle[1]! - middle[0]!, middle.at(-1)! - middle.at(-2)!] : [1, 1];
  const beyond = (step: number, sign: 1 | -1, from: number): number[] =>
    Array.from({ length: Math.ceil(rise / step) }, (_, n) => from + sign * (n + 1) * step);
  const z = [...beyond(low, -1, middle[0]!).toReversed(), ...middle, ...beyond(high, 1, middle.at(-1)!)];
  return {
    size: [columns, count, z.length],
    spacing: stack.spacing,
    origin: [stack.origin[0], front],
    z: Float64Array.from(z),
  };
}

/**
 * The HU of a stack of tilted slices on its upright grid: linear along z between the two planes above and below, and
 * along each of them between its rows. What was not scanned is air.
 */
export function uprightVolume({ grid, hu }: Volume, planes: SlicePlanes): Volume {
  const to = uprightGrid(grid, planes);
  const lines = linesOf(planes);
  const [nx, ny, nz] = to.size;
  const values = new Int16Array(nx * ny * nz).fill(airHu);
  const line = new Float32Array(nx);
  for (let j = 0; j < ny; j += 1) {
    const y = to.origin[1] + j * to.spacing[1];
    const above = heights(lines, y);
    for (let m = 0; m < nz; m += 1) {
      const at = between(above, to.z[m]!);
      if (at === undefined) continue;
      line.fill(0);
      let weight = 0;
      for (const [k, share] of [
        [at.index, 1 - at.upper],
        [at.index + 1, at.upper],
      ] as const) {
        if (share === 0) continue;
        const row = (y - lines.starts[k]![0]) / lines.column[0] / grid.spacing[1];
        weight += addRow(line, hu, grid, k, row, share);
      }
      if (weight < 0.5) continue;
      const out = (m * ny + j) * nx;
      for (let i = 0; i < nx; i += 1) values[out + i] = Math.round(line[i]! / weight);
    }
  }
  return { grid: to, hu: values };
}

/** Adds `share` of a row between rows of one slice; returns what was added, 0 beyond the image. */
function addRow(line: Float32Array, hu: Int16Array, grid: Grid, k: number, row: number, share: number): number {
  const [nx, ny] = grid.size;
  if (row < -0.5 || row > ny - 0.5) return 0;
  const clamped = Math.min(Math.max(row, 0), ny - 1);
  const first = Math.min(Math.floor(clamped), Math.max(0, ny - 2));
  const upper = clamped - first;
  const a = (k * ny + first) * nx;
  const b = ny > 1 ? a + nx : a;
  for (let i = 0; i < nx; i += 1) {
    const value = Math.max(hu[a + i]!, airHu) * (1 - upper) + Math.max(hu[b + i]!, airHu) * upper;
    line[i] = line[i]! + share * value;
  }
  return share;
}

/** The lower of the two ascending positions around `z`, and the weight of the upper; undefined beyond half a step. */
function between(positions: ArrayLike<number>, z: number): { index: number; upper: number } | undefined {
  const last = positions.length - 1;
  if (last < 1) return Math.abs(z - positions[0]!) <= 0.5 ? { index: 0, upper: 0 } : undefined;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (positions[middle]! <= z) low = middle;
    else high = middle;
  }
  const upper = (z - positions[low]!) / (positions[high]! - positions[low]!);
  if (upper < -0.5 || upper > 1.5) return undefined;
  return upper >= 1 && low === last - 1 ? { index: last - 1, upper: 1 } : { index: low, upper: Math.max(0, upper) };
}

/**
 * Values of an upright grid on the planes of a tilted stack: from there on everything (clean-up, contours) works within
 * those planes. The grid returned has the columns of `from`, its row distance, and the slices of the stack.
 * @param from upright grid of the values, x and y of which may be any part of the stack's
 * @param values one array a channel, in the order of Volume.hu
 */
export function onTiltedPlanes(
  { grid: from, rois }: { readonly grid: Grid; readonly rois: readonly Uint16Array[] },
  stack: Grid,
  planes: SlicePlanes,
): { grid: Grid; rois: Uint16Array[] } {
  const lines = linesOf(planes);
  const [cy, cz] = lines.column;
  const spacing = from.spacing[1];
  const [nx, ny] = from.size;
  const [front, back] = [from.origin[1], from.origin[1] + (ny - 1) * spacing];
  // Along the columns, from row 0 of each slice: the part that any slice has of the upright field of view.
  const starts = lines.starts.map(([y]) => (front - y) / cy);
  const ends = lines.starts.map(([y]) => (back - y) / cy);
  const first = Math.min(...starts);
  const rows = Math.ceil((Math.max(...ends) - first) / spacing) + 1;
  const slices = stack.size[2];
  const to: Grid = {
    size: [nx, rows, slices],
    spacing: from.spacing,
    origin: [from.origin[0], stack.origin[1] + first],
    z: stack.z,
  };
  const targets = rois.map(() => new Uint16Array(nx * rows * slices));
  for (let k = 0; k < slices; k += 1) {
    const [y0, z0] = lines.starts[k]!;
    for (let r = 0; r < rows; r += 1) {
      const along = first + r * spacing;
      const row = (y0 + along * cy - front) / spacing;
      const at = between(from.z, z0 + along * cz);
      if (at === undefined || row < -0.5 || row > ny - 0.5) continue;
      const clamped = Math.min(Math.max(row, 0), ny - 1);
      const j = Math.min(Math.floor(clamped), Math.max(0, ny - 2));
      const back1 = clamped - j;
      const corner = (at.index * ny + j) * nx;
      const nextRow = ny > 1 ? nx : 0;
      const nextSlice = from.z.length > 1 ? nx * ny : 0;
      const out = (k * rows + r) * nx;
      for (const [n, values] of rois.entries()) {
        const target = targets[n]!;
        for (let i = 0; i < nx; i += 1) {
          const a = corner + i;
          const lower = values[a]! * (1 - back1) + values[a + nextRow]! * back1;
          const upper = values[a + nextSlice]! * (1 - back1) + values[a + nextSlice + nextRow]! * back1;
          target[out + i] = lower * (1 - at.upper) + upper * at.upper + 0.5;
        }
      }
    }
  }
  return { grid: to, rois: targets };
}
