import { sliceTaps } from '../volume/taps.ts';
import type { Volume } from '../volume/volume.ts';

/** Direction that an axis of an array grows to: the patient's Left, Right, Anterior, Posterior, Superior or Inferior. */
export type Direction = 'L' | 'R' | 'A' | 'P' | 'S' | 'I';
export type Triple = readonly [number, number, number];

/**
 * A CT as a network's reader sees it: three axes in the network's order. Element (i, j, k) is
 * `hu[offset + i * strides[0] + j * strides[1] + k * strides[2]]`.
 */
export interface ModelView {
  readonly size: Triple;
  /** mm */
  readonly spacing: Triple;
  readonly offset: number;
  readonly strides: Triple;
  /** Axis of the CT (0: x, 1: y, 2: z) that each axis runs along, and whether against it. */
  readonly along: readonly { readonly axis: 0 | 1 | 2; readonly backwards: boolean }[];
}

const ctAxis: Readonly<Record<Direction, 0 | 1 | 2>> = { L: 0, R: 0, P: 1, A: 1, S: 2, I: 2 };

/**
 * @param volume with slices at equal distances (`regularSlices`)
 * @param axes where slices, rows and columns of the reader's array grow to
 * @param transpose which of them is the network's first, second and third axis
 */
export function modelView({ grid }: Volume, axes: readonly Direction[], transpose: readonly number[]): ModelView {
  const [nx, ny, nz] = grid.size;
  const strides = [1, nx, nx * ny];
  const spacing = [...grid.spacing, sliceDistance(grid.z)];
  const along = transpose.map((place) => {
    const direction = axes[place]!;
    return { axis: ctAxis[direction], backwards: direction === 'R' || direction === 'A' || direction === 'I' };
  });
  const triple = (value: (axis: 0 | 1 | 2, backwards: boolean) => number) =>
    along.map(({ axis, backwards }) => value(axis, backwards)) as unknown as Triple;
  const size = [nx, ny, nz];
  return {
    size: triple((axis) => size[axis]!),
    spacing: triple((axis) => spacing[axis]!),
    strides: triple((axis, backwards) => (backwards ? -strides[axis]! : strides[axis]!)),
    offset: along.reduce((sum, { axis, backwards }) => sum + (backwards ? (size[axis]! - 1) * strides[axis]! : 0), 0),
    along,
  };
}

/** Distance of slices at (nearly) equal distances, mm; 1 for a lone slice. */
export function sliceDistance(z: Float64Array): number {
  return z.length < 2 ? 1 : (z.at(-1)! - z[0]!) / (z.length - 1);
}

/** Slices whose distances differ by less than this part count as regular: they do where Image Position was rounded. */
const tolerance = 0.01;

/**
 * A CT whose slices lie at equal distances: itself, or where the distance changes along the scan, slices between the
 * CT's at the smallest of its distances, by linear interpolation. nnU-Net knows one distance only.
 */
export function regularSlices(volume: Volume): Volume {
  const { grid, hu } = volume;
  const gaps = Array.from(grid.z.subarray(1), (z, k) => z - grid.z[k]!);
  const [least, most] = [Math.min(...gaps), Math.max(...gaps)];
  if (gaps.length === 0 || most - least <= tolerance * most) return volume;
  const count = Math.round((grid.z.at(-1)! - grid.z[0]!) / least) + 1;
  const z = Float64Array.from(
    { length: count },
    (_, k) => grid.z[0]! + (k * (grid.z.at(-1)! - grid.z[0]!)) / (count - 1),
  );
  const taps = sliceTaps(grid.z, z, 0);
  const area = grid.size[0] * grid.size[1];
  const between = new Int16Array(area * count);
  for (let k = 0; k < count; k += 1) {
    const lower = taps.first[k]! * area;
    const weight = taps.weights[taps.start[k]! + 1] ?? 0;
    for (let v = 0; v < area; v += 1) {
      const value = hu[lower + v]!;
      between[k * area + v] = weight === 0 ? value : Math.round(value + weight * (hu[lower + area + v]! - value));
    }
  }
  return { grid: { ...grid, size: [grid.size[0], grid.size[1], count], z }, hu: between };
}

/** Half-open ranges of indices along three axes. */
export interface Box {
  readonly low: Triple;
  readonly high: Triple;
}

export function boxSize({ low, high }: Box): Triple {
  return [high[0] - low[0], high[1] - low[1], high[2] - low[2]];
}

/** The smallest box that holds every value that is not 0; the whole view where all are. */
export function nonzeroBox(hu: ArrayLike<number>, { size, offset, strides }: ModelView): Box {
  const low = [...size] as [number, number, number];
  const high: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < size[0]; i += 1) {
    for (let j = 0; j < size[1]; j += 1) {
      const row = offset + i * strides[0] + j * strides[1];
      let first = 0;
      while (first < size[2] && hu[row + first * strides[2]] === 0) first += 1;
      if (first === size[2]) continue;
      let last = size[2] - 1;
      while (hu[row + last * strides[2]] === 0) last -= 1;
      low[0] = Math.min(low[0], i);
      high[0] = i + 1;
      low[1] = Math.min(low[1], j);
      high[1] = Math.max(high[1], j + 1);
      low[2] = Math.min(low[2], first);
      high[2] = Math.max(high[2], last + 1);
    }
  }
  return high[0] === 0 ? { low: [0, 0, 0], high: size } : { low, high };
}

/** The smallest box that holds both. */
export function joinedBox(a: Box, b: Box): Box {
  const along = (pick: (x: number, y: number) => number, edge: 'low' | 'high') =>
    [0, 1, 2].map((axis) => pick(a[edge][axis]!, b[edge][axis]!)) as unknown as Triple;
  return { low: along(Math.min, 'low'), high: along(Math.max, 'high') };
}

/** The values of a box of the view, in the network's order of axes. */
export function valuesOf(hu: ArrayLike<number>, { offset, strides }: ModelView, box: Box): Float32Array {
  const [n0, n1, n2] = boxSize(box);
  const values = new Float32Array(n0 * n1 * n2);
  let out = 0;
  for (let i = 0; i < n0; i += 1) {
    for (let j = 0; j < n1; j += 1) {
      let at = offset + (box.low[0] + i) * strides[0] + (box.low[1] + j) * strides[1] + box.low[2] * strides[2];
      for (let k = 0; k < n2; k += 1, at += strides[2], out += 1) values[out] = hu[at]!;
    }
  }
  return values;
}
