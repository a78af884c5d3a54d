import type { Random } from './random.ts';
import type { Canvas, Pose } from './canvas.ts';
import { ellipsoid, tube, union, without, type Bounds, type Shape } from './shapes.ts';

/** Couch and head rest below the patient, in scanner coordinates. `back`: y of the most posterior skin, mm. */
export function paintCouch(
  canvas: Canvas,
  random: Random,
  back: { head: number; trunk: number },
  centreX: number,
): void {
  const world: Pose = { scale: [1, 1, 1], rotation: [0, 0, 0], position: [0, 0, 0] };
  const z = canvas.grid.z;
  const [low, high] = [(z[0] ?? 0) - 5, (z.at(-1) ?? 0) + 5];
  const top = Math.max(back.trunk, back.head + 15) + random.between(1, 4);
  const couch = box([centreX - 210, top, low], [centreX + 210, top + random.between(22, 40), high]);
  canvas.paint(
    couch,
    [
      { depth: 0, hu: -350 },
      { depth: random.between(2, 3.5), hu: -930 },
    ],
    world,
    0,
  );
  // A head cup of foam under its plastic shell.
  const neckZ = high - random.between(110, 150);
  const cup = without(
    box([centreX - 85, back.head - 45, Math.max(low, neckZ)], [centreX + 85, top, high]),
    tube([
      [centreX, back.head - 80, low - 50, 86],
      [centreX, back.head - 80, high + 50, 86],
    ]),
  );
  canvas.paint(
    union([cup, ellipsoid([centreX, top - 8, neckZ], [70, 8, 40])]),
    [
      { depth: 0, hu: -150 },
      { depth: 2, hu: -900 },
    ],
    world,
    0,
  );
}

function box(low: readonly [number, number, number], high: readonly [number, number, number]): Shape {
  const bounds: Bounds = { low, high };
  return {
    bounds,
    distance: (x, y, z) => Math.max(low[0] - x, x - high[0], low[1] - y, y - high[1], low[2] - z, z - high[2]),
  };
}

/** Streaks of a metal crown at `centre` (scanner mm) in its slices. */
export function addMetal(canvas: Canvas, random: Random, centre: readonly [number, number, number]): void {
  const { grid, hu } = canvas;
  const [nx, ny, nz] = grid.size;
  const phase = random.between(0, Math.PI);
  const strength = random.between(120, 320);
  for (let k = 0; k < nz; k++) {
    const off = Math.abs((grid.z[k] ?? 0) - centre[2]);
    if (off > 5) continue;
    const fade = strength * (1 - off / 6);
    for (let j = 0; j < ny; j++) {
      const y = grid.origin[1] + j * grid.spacing[1] - centre[1];
      for (let i = 0; i < nx; i++) {
        const x = grid.origin[0] + i * grid.spacing[0] - centre[0];
        const r = Math.sqrt(x * x + y * y);
        if (r > 150) continue;
        const at = (k * ny + j) * nx + i;
        if (r < 4) hu[at] = 3000;
        else hu[at] = (hu[at] ?? 0) + Math.round(fade * Math.exp(-r / 35) * Math.cos(7 * Math.atan2(y, x) + phase));
      }
    }
  }
}

/**
 * Noise of the scanner: Gaussian, correlated over neighbouring pixels, stronger where more tissue lies in the beam. One
 * tile of correlated noise a phantom, shifted at random from slice to slice: fast, and independent enough between slices.
 * @param sigma standard deviation in a head slice, HU
 */
export function addNoise(canvas: Canvas, random: Random, sigma: number): void {
  const { grid, hu } = canvas;
  const [nx, ny, nz] = grid.size;
  const side = nx > 256 ? 1024 : 256;
  const tile = correlatedNoise(random, side);
  const wrap = side - 1;
  for (let k = 0; k < nz; k++) {
    const slice = hu.subarray(k * nx * ny, (k + 1) * nx * ny);
    const amplitude = sigma * Math.sqrt(Math.max(0.7, bodyShare(slice) / 0.16));
    const shiftX = random.whole(0, wrap);
    const shiftY = random.whole(0, wrap);
    let at = 0;
    for (let j = 0; j < ny; j++) {
      const row = ((j + shiftY) & wrap) * side;
      for (let i = 0; i < nx; i++, at++) {
        const value = (slice[at] ?? 0) + amplitude * (tile[row + ((i + shiftX) & wrap)] ?? 0);
        slice[at] = value < -1024 ? -1024 : value > 3071 ? 3071 : Math.round(value);
      }
    }
  }
}

/** Share of the pixels that are not air, sampled. */
function bodyShare(slice: Int16Array): number {
  let tissue = 0;
  let seen = 0;
  for (let at = 0; at < slice.length; at += 13, seen++) if ((slice[at] ?? -1000) > -400) tissue++;
  return tissue / Math.max(1, seen);
}

/** A periodic square of noise with mean 0 and standard deviation 1, smoothed by [1 2 1] in rows and columns. */
function correlatedNoise(random: Random, side: number): Float32Array {
  const wrap = side - 1;
  const white = new Float32Array(side * side);
  // The sum of four uniform numbers is close to Gaussian (standard deviation sqrt(4 / 12)).
  for (let at = 0; at < white.length; at++)
    white[at] = (random.next() + random.next() + random.next() + random.next() - 2) * Math.sqrt(3);
  const smooth = (source: Float32Array, stepX: number, stepY: number): Float32Array => {
    const result = new Float32Array(source.length);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const before = source[((y - stepY) & wrap) * side + ((x - stepX) & wrap)] ?? 0;
        const after = source[((y + stepY) & wrap) * side + ((x + stepX) & wrap)] ?? 0;
        result[y * side + x] = (before + 2 * (source[y * side + x] ?? 0) + after) / Math.sqrt(6);
      }
    }
    return result;
  };
  return smooth(smooth(white, 1, 0), 0, 1);
}
