import type { SlicePolygons } from '../../src/dicom/rtstruct/structure-set.ts';
import { ringsOf } from '../../src/dicom/rtstruct/hole-mode.ts';
import type { HoleMode } from '../../src/dicom/rtstruct/hole-mode.ts';
import type { PlanarContour } from '../../worker/contours/rasterise.ts';
import type { Grid, Mask } from '../../worker/volume/volume.ts';

/** Numbers in [0, 1) that are the same in every run (Mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A small grid with odd sizes, spacings and origins. */
export function randomGrid(random: () => number, slices = 2): Grid {
  const between = (low: number, high: number): number => low + random() * (high - low);
  return {
    size: [Math.floor(between(4, 40)), Math.floor(between(4, 40)), slices],
    spacing: [between(0.4, 4), between(0.4, 4)],
    origin: [between(-400, 100), between(-400, 100)],
    z: Float64Array.from({ length: slices }, (_, k) => -1000.5 + 2.5 * k),
  };
}

export function gridVoxels({ size }: Grid): number {
  return size[0] * size[1] * size[2];
}

/** Independent voxels: every kind of touching corner, hole, island and image border there is. */
export function noiseMask(random: () => number, density: number): Mask {
  const grid = randomGrid(random);
  return { grid, voxels: Uint8Array.from({ length: gridVoxels(grid) }, () => (random() < density ? 1 : 0)) };
}

/** Smooth probabilities in [0, 1] on a grid: a sum of a few waves. */
export function smoothProbabilities(random: () => number, grid: Grid): Float32Array {
  const waves = Array.from(
    { length: 6 },
    () => [(random() - 0.5) * 1.2, (random() - 0.5) * 1.2, random() * 7, random() * 2] as const,
  );
  const [nx, ny, nz] = grid.size;
  const values = new Float32Array(nx * ny * nz);
  for (let at = 0; at < values.length; at++) {
    const i = at % nx;
    const j = Math.floor(at / nx) % ny;
    const k = Math.floor(at / (nx * ny));
    const sum = waves.reduce((total, [u, v, phase, weight]) => total + weight * Math.sin(u * i + v * j + phase + k), 0);
    values[at] = 1 / (1 + Math.exp(-1.5 * sum));
  }
  return values;
}

/** The contours that a structure set would hold. */
export function contoursOf(slices: readonly SlicePolygons[], grid: Grid, mode: HoleMode): PlanarContour[] {
  return slices.flatMap(({ slice, polygons }) =>
    ringsOf(polygons, mode).map((ring) => {
      const points = new Float64Array((ring.length / 2) * 3);
      for (let p = 0; p < ring.length / 2; p++) points.set([ring[2 * p]!, ring[2 * p + 1]!, grid.z[slice]!], 3 * p);
      return { points };
    }),
  );
}

export function differences(a: Mask, b: Mask): number {
  return a.voxels.reduce((count, voxel, at) => count + (voxel === b.voxels[at] ? 0 : 1), 0);
}
