import { ContourNodeError } from '../../src/errors.ts';
import { percentile } from '../../src/charts/percentile.ts';
import type { Volume } from './volume.ts';

/** Where the patient is: the bounding box of the body over the whole series, mm. */
export interface Body {
  /** Outer faces along x, y, z. */
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
  /** Middle of the box in x and y. */
  readonly centre: readonly [number, number];
  /** The median over the slices of the middle of the body in the slice: a raised shoulder moves the box, not this. */
  readonly median: readonly [number, number];
  readonly volumeCm3: number;
}

/** Tissue lies above, air, foam and the inside of a table below. */
const tissueHu = -300;
/** Pixel of the coarse grid on which the body is looked for. */
const coarseMm = 4;
/** Objects thinner than twice this in plane are removed: table shell, headrest, mask, blanket, cables. */
const openingMm = 6;
/** Part of the body's volume that may lie beyond either face of the box: a nose, a knob of the mask holder. */
const trimmed = 0.001;
const smallestCm3 = 100;

/**
 * Finds the body: tissue on a coarse grid, opened in plane, then the largest 6-connected component of the series.
 * @throws ContourNodeError SERIES_NO_BODY
 */
export function findBody(volume: Volume): Body {
  const { tissue, core, size, step, rounds } = bodyCore(volume);
  const [width, height, nz] = size;
  const [sx, sy] = step;
  const [dx, dy] = volume.grid.spacing;
  const body = largestComponent(core, width, height, nz);
  for (let n = 0; n < rounds; n += 1) growInPlane(1, body, size, tissue);

  const profiles = [new Float64Array(width), new Float64Array(height), new Float64Array(nz)] as const;
  const thickness = sliceThickness(volume.grid.z);
  const middles: [x: number[], y: number[]] = [[], []];
  let volumeMm3 = 0;
  for (let k = 0, v = 0; k < nz; k += 1) {
    const voxel = sx * dx * sy * dy * thickness[k]!;
    let [west, east, north, south] = [width, -1, height, -1];
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1, v += 1) {
        if (body[v] === 0) continue;
        west = Math.min(west, x);
        east = Math.max(east, x);
        north = Math.min(north, y);
        south = y;
        profiles[0][x] = profiles[0][x]! + voxel;
        profiles[1][y] = profiles[1][y]! + voxel;
        profiles[2][k] = profiles[2][k]! + voxel;
        volumeMm3 += voxel;
      }
    }
    if (east < 0) continue;
    middles[0].push((west + east + 1) / 2);
    middles[1].push((north + south + 1) / 2);
  }
  if (volumeMm3 < smallestCm3 * 1000) {
    throw new ContourNodeError(
      'SERIES_NO_BODY',
      `no body in the images: ${(volumeMm3 / 1000).toFixed(0)} cm3 of tissue in the largest piece`,
    );
  }
  const [left, right] = extent(profiles[0], volumeMm3 * trimmed);
  const [front, back] = extent(profiles[1], volumeMm3 * trimmed);
  const [bottom, top] = extent(profiles[2], 0);
  // Faces of coarse pixels: half a fine pixel before the first voxel's centre.
  const faceX = (index: number) => volume.grid.origin[0] + (index * sx - 0.5) * dx;
  const faceY = (index: number) => volume.grid.origin[1] + (index * sy - 0.5) * dy;
  const low = [faceX(left), faceY(front), volume.grid.z[bottom]! - thickness[bottom]! / 2] as const;
  const high = [faceX(right + 1), faceY(back + 1), volume.grid.z[top]! + thickness[top]! / 2] as const;
  const centre = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2] as const;
  const median = [faceX(percentile(middles[0], 50)), faceY(percentile(middles[1], 50))] as const;
  return { low, high, centre, median, volumeCm3: volumeMm3 / 1000 };
}

/** The series on a coarse grid in plane, `mask[(k * height + y) * width + x]`. */
export interface BodyCore {
  /** Where the mean HU is tissue. */
  readonly tissue: Uint8Array;
  /** What of it is not thin: eroded in plane by so many steps. */
  readonly core: Uint8Array;
  readonly rounds: number;
  readonly size: readonly [width: number, height: number, depth: number];
  /** Columns and rows of the CT that a coarse pixel stands for; what is left over at the far edges is left out. */
  readonly step: readonly [number, number];
}

/** Tissue on a coarse grid, and what of it is thicker than a table's shell, a headrest or a mask. */
export function bodyCore(volume: Volume): BodyCore {
  const [nx, ny, nz] = volume.grid.size;
  const [dx, dy] = volume.grid.spacing;
  const sx = Math.max(1, Math.round(coarseMm / dx));
  const sy = Math.max(1, Math.round(coarseMm / dy));
  const width = Math.max(1, Math.floor(nx / sx));
  const height = Math.max(1, Math.floor(ny / sy));
  const tissue = coarseTissue(volume, sx, sy, width, height);
  const rounds = Math.max(1, Math.round(openingMm / (sx * dx)));
  const core = tissue.slice();
  const size = [width, height, nz] as const;
  for (let n = 0; n < rounds; n += 1) growInPlane(0, core, size);
  return { tissue, core, rounds, size, step: [sx, sy] };
}

/** How much of z each slice stands for: half the way to either neighbour, mm. A lone slice counts as 1 mm. */
export function sliceThickness(z: Float64Array): Float64Array {
  const last = z.length - 1;
  return z.map((_, k) =>
    last === 0 ? 1 : (z[Math.min(k + 1, last)]! - z[Math.max(k - 1, 0)]!) / (k === 0 || k === last ? 1 : 2),
  );
}

/**
 * 1 where the mean HU of a block of sx by sy voxels is tissue.
 * @param first column and row of the CT where the blocks begin
 */
export function coarseTissue(
  volume: Volume,
  sx: number,
  sy: number,
  width: number,
  height: number,
  first: readonly [number, number] = [0, 0],
): Uint8Array {
  const [nx, ny, nz] = volume.grid.size;
  const { hu } = volume;
  const tissue = new Uint8Array(width * height * nz);
  const sums = new Int32Array(width);
  const least = sx * sy * tissueHu;
  for (let k = 0; k < nz; k += 1) {
    for (let y = 0; y < height; y += 1) {
      sums.fill(0);
      for (let j = 0; j < sy; j += 1) {
        let v = (k * ny + first[1] + y * sy + j) * nx + first[0];
        for (let x = 0; x < width; x += 1) {
          let sum = 0;
          // Padding of -2000 and less must not lower the mean of skin beside it.
          for (const end = v + sx; v < end; v += 1) {
            const value = hu[v]!;
            sum += value < -1024 ? -1024 : value;
          }
          sums[x] = sums[x]! + sum;
        }
      }
      const out = (k * height + y) * width;
      for (let x = 0; x < width; x += 1) tissue[out + x] = sums[x]! > least ? 1 : 0;
    }
  }
  return tissue;
}

/**
 * The pixels with the value grow by one step of the 4-neighbourhood in each slice, only inside of `within`. Nothing grows
 * from outside of the image, so that a body that is cut there stays whole.
 */
export function growInPlane(
  value: 0 | 1,
  mask: Uint8Array,
  [width, height, depth]: readonly [number, number, number],
  within?: Uint8Array,
): void {
  // With a pixel around the image, so that none of it lacks a neighbour; what grows is 1.
  const stride = width + 2;
  const before = new Uint8Array(stride * (height + 2));
  const flip = 1 - value;
  for (let k = 0; k < depth; k += 1) {
    const slice = mask.subarray(k * width * height, (k + 1) * width * height);
    if (!slice.includes(value)) continue;
    const limit = within?.subarray(k * width * height, (k + 1) * width * height);
    for (let y = 0, v = 0, at = stride + 1; y < height; y += 1, at += 2)
      for (const end = v + width; v < end; v += 1, at += 1) before[at] = slice[v]! ^ flip;
    for (let y = 0, v = 0, at = stride + 1; y < height; y += 1, at += 2) {
      for (const end = v + width; v < end; v += 1, at += 1) {
        const beside = before[at - 1]! | before[at + 1]! | before[at - stride]! | before[at + stride]!;
        if (beside === 1 && (limit === undefined || limit[v] === 1)) slice[v] = value;
      }
    }
  }
}

/** The largest 6-connected component as a mask of its own; all 0 when `mask` is. Empties `mask`. */
function largestComponent(mask: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  const area = width * height;
  const stack = new Int32Array(mask.length);
  let best = new Int32Array(0);
  // The stack doubles as the list of members: entries below `next` are done, entries up to `end` wait.
  let end = 0;
  const take = (v: number): void => {
    if (mask[v] === 0) return;
    mask[v] = 0;
    stack[end] = v;
    end += 1;
  };
  for (let seed = 0; seed < mask.length; seed += 1) {
    if (mask[seed] === 0) continue;
    end = 0;
    take(seed);
    for (let next = 0; next < end; next += 1) {
      const v = stack[next]!;
      const x = v % width;
      const y = Math.trunc(v / width) % height;
      const k = Math.trunc(v / area);
      if (x > 0) take(v - 1);
      if (x < width - 1) take(v + 1);
      if (y > 0) take(v - width);
      if (y < height - 1) take(v + width);
      if (k > 0) take(v - area);
      if (k < depth - 1) take(v + area);
    }
    if (end > best.length) best = stack.slice(0, end);
  }
  const component = new Uint8Array(mask.length);
  for (const v of best) component[v] = 1;
  return component;
}

/** First and last index, leaving out at each end what adds up to at most `tolerated`. */
function extent(profile: Float64Array, tolerated: number): [number, number] {
  let first = 0;
  for (let sum = profile[0]!; sum <= tolerated && first < profile.length - 1; sum += profile[first]!) first += 1;
  let last = profile.length - 1;
  for (let sum = profile[last]!; sum <= tolerated && last > first; sum += profile[last]!) last -= 1;
  return [first, last];
}
