import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { grown, shrunk } from '../../../worker/structure-set/derived/margin.ts';
import { nothing, type Part, placedOn, trimmed, wholeGrid } from '../../../worker/structure-set/derived/part.ts';
import { isotropic, type Margins } from '../../../worker/structure-set/derived/reachable.ts';
import { smoothed } from '../../../worker/structure-set/derived/smooth.ts';
import type { Grid } from '../../../worker/volume/volume.ts';
import { noSimpleItk, python } from '../../interop/pynetdicom.ts';
import { randomNumbers } from '../../contours/random-masks.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/threshold-bundle.ts';

/** Slices 3 mm apart, then 5, then 2. */
const uneven: Grid = {
  size: [50, 44, 20],
  spacing: [1, 1.25],
  origin: [-20, -30],
  z: Float64Array.of(0, 3, 6, 9, 12, 15, 20, 25, 30, 35, 40, 42, 44, 46, 48, 50, 52, 54, 56, 58),
};

type Inside = (x: number, y: number, z: number) => boolean;

function structure(grid: Grid, inside: Inside): Part {
  const [nx, ny, nz] = grid.size;
  const voxels = new Uint8Array(nx * ny * nz);
  for (let k = 0, v = 0; k < nz; k += 1)
    for (let j = 0; j < ny; j += 1)
      for (let i = 0; i < nx; i += 1, v += 1)
        voxels[v] = inside(grid.origin[0] + i * grid.spacing[0], grid.origin[1] + j * grid.spacing[1], grid.z[k]!)
          ? 1
          : 0;
  return trimmed({ ...wholeGrid(grid), voxels });
}

const ball = (x: number, y: number, z: number, radius: number): Inside => {
  return (a, b, c) => (a - x) ** 2 + (b - y) ** 2 + (c - z) ** 2 < radius ** 2;
};

/** Solid, with a hollow, thin in each direction, in pieces, a single voxel, and one that two spacings meet in. */
const shapes: Record<string, Inside> = {
  'a ball': ball(4, -3, 30, 9),
  'a shell around a hollow': (x, y, z) => ball(4, -3, 30, 13)(x, y, z) && !ball(4, -3, 30, 9)(x, y, z),
  'a sheet one slice thick': (x, y, z) => z === 25 && Math.abs(x) < 9 && Math.abs(y + 5) < 7,
  'a wall one column thick': (x, y, z) => x === 3 && Math.abs(y + 5) < 9 && Math.abs(z - 30) < 12,
  'two nodes': (x, y, z) => ball(-9, -14, 20, 4)(x, y, z) || ball(14, 8, 44, 5)(x, y, z),
  'a single voxel': (x, y, z) => x === 5 && Math.abs(y) < 0.5 && z === 40,
};

test(
  'margins outwards and inwards are those of SimpleITK, uneven slices included',
  { skip: noSimpleItk },
  async (t) => {
    const folder = await temporaryFolder(t);
    const fine = 0.25;
    // SimpleITK measures from the centre of the nearest fine voxel, and to the one that holds the CT voxel's centre.
    const rounding = fine * Math.sqrt(3);
    /** Of the smallest side of a voxel. */
    const half = 0.5;
    for (const [name, inside] of Object.entries(shapes)) {
      const part = structure(uneven, inside);
      const whole = placedOn(part, wholeGrid(uneven));
      const [mask, distances] = [join(folder, 'mask.raw'), join(folder, 'distances.raw')];
      await writeFile(mask, whole.voxels);
      const { size, spacing } = uneven;
      const task = { size, spacing, z: [...uneven.z], fine, mask, distances };
      const script = fileURLToPath(new URL('./simpleitk-distances.py', import.meta.url));
      const { code, stderr } = await runProgram(python, [script, JSON.stringify(task)]);
      assert.equal(code, 0, stderr);
      const bytes = await readFile(distances);
      const mm = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      for (const margin of [1, 3, 5, 7.5, 10, -1, -2, -4]) {
        const result = margin > 0 ? grown(part, isotropic(margin), uneven) : shrunk(part, isotropic(-margin), uneven);
        const voxels = placedOn(result, wholeGrid(uneven)).voxels;
        let [most, least] = [-Infinity, Infinity];
        voxels.forEach((value, v) => {
          if (value === 1) most = Math.max(most, mm[v]!);
          else least = Math.min(least, mm[v]!);
        });
        const words = `${name}, ${margin} mm: ${most.toFixed(2)} mm is in, ${least.toFixed(2)} mm is out`;
        assert.ok(most <= margin + half + rounding && least >= margin - half - rounding, words);
      }
    }
  },
);

/** Every voxel against every voxel: the definition. */
function byDefinition(part: Part, margins: Margins, grid: Grid): Uint8Array {
  const [nx, ny] = grid.size;
  const sites = placedOn(part, wholeGrid(grid)).voxels;
  const faces = (k: number, side: -1 | 1) => {
    const other = grid.z[k + side];
    return grid.z[k]! + (other === undefined ? grid.z[k]! - grid.z[k - side]! : other - grid.z[k]!) / 2;
  };
  /** Distances along the three axes of a voxel from a site that extends to its faces along one of them. */
  const level = (v: readonly number[], s: readonly number[], extended: number) => {
    const [i, j, k] = v as [number, number, number];
    const [a, b, c] = s as [number, number, number];
    const half = (axis: number) => (axis === extended && axis < 2 ? grid.spacing[axis as 0 | 1] / 2 : 0);
    const part = (gap: number, axis: number, up: number, down: number) =>
      Math.max(0, Math.abs(gap) - half(axis)) / (gap > 0 ? up : down);
    const x = part((i - a) * grid.spacing[0], 0, margins.left, margins.right);
    const y = part((j - b) * grid.spacing[1], 1, margins.posterior, margins.anterior);
    const [top, bottom] = extended === 2 ? [faces(c, 1), faces(c, -1)] : [grid.z[c]!, grid.z[c]!];
    const z =
      k > c ? Math.max(0, grid.z[k]! - top) / margins.superior : Math.max(0, bottom - grid.z[k]!) / margins.inferior;
    return x ** 2 + y ** 2 + (k === c ? 0 : z) ** 2;
  };
  const places = Array.from(sites, (_, v) => [v % nx, Math.trunc(v / nx) % ny, Math.trunc(v / nx / ny)]);
  const ones = places.filter((_, v) => sites[v] === 1);
  return Uint8Array.from(places, (v) =>
    ones.some((s) => [0, 1, 2].some((axis) => level(v, s, axis) <= 1 + 1e-5)) ? 1 : 0,
  );
}

test('margins by direction are octants of ellipsoids, for scattered voxels at uneven slices', () => {
  const grid: Grid = {
    size: [17, 15, 9],
    spacing: [1, 1.5],
    origin: [0, 0],
    z: Float64Array.of(0, 3, 6, 10, 14, 16, 18, 20, 25),
  };
  const random = randomNumbers(7);
  for (let round = 0; round < 20; round += 1) {
    const voxels = Uint8Array.from({ length: 17 * 15 * 9 }, () => (random() < 0.004 ? 1 : 0));
    const part = trimmed({ ...wholeGrid(grid), voxels });
    const side = () => (random() < 0.2 ? 0.001 : 8 * random());
    const margins = {
      left: side(),
      right: side(),
      anterior: side(),
      posterior: side(),
      superior: side(),
      inferior: side(),
    };
    const expected = byDefinition(part, margins, grid);
    assert.deepEqual(placedOn(grown(part, margins, grid), wholeGrid(grid)).voxels, expected, JSON.stringify(margins));
    const box = { low: [4, 3, 2], high: [12, 9, 7] } as const;
    assert.deepEqual(
      placedOn(grown(part, margins, grid, box), box).voxels,
      placedOn({ ...wholeGrid(grid), voxels: expected }, box).voxels,
      'only the part that is wanted',
    );
  }
});

test('a margin to the left only goes to the patient’s left, upwards only to the head', () => {
  const part = structure(uneven, (x, y, z) => x === 0 && Math.abs(y) < 0.5 && z === 20);
  const none = isotropic(0);
  const [left, up] = [grown(part, { ...none, left: 4 }, uneven), grown(part, { ...none, superior: 12 }, uneven)];
  // From the face at x = 0.5 up to 4.5: the centre of column 4 lies within, that of column 5 does not.
  assert.deepEqual([left.low, left.high], [part.low, [part.high[0] + 4, part.high[1], part.high[2]]]);
  // From the face at z = 22.5 up to 34.5: slices 25 and 30.
  assert.deepEqual([up.low, up.high], [part.low, [part.high[0], part.high[1], part.high[2] + 2]]);
});

test('a margin is cut where the scan ends, and nothing is taken off from there', () => {
  const column = structure(uneven, (x, y) => Math.hypot(x, y + 5) < 8);
  const larger = grown(column, isotropic(6), uneven);
  assert.deepEqual([larger.low[2], larger.high[2]], [0, 20]);
  const smaller = shrunk(column, isotropic(6), uneven);
  assert.deepEqual([smaller.low[2], smaller.high[2]], [0, 20], 'the neck goes on beyond the first slice');
  const inside = structure(uneven, (x, y, z) => Math.hypot(x, y + 5) < 8 && z > 5 && z < 50);
  const shorter = shrunk(inside, isotropic(2.5), uneven);
  assert.deepEqual([uneven.z[shorter.low[2]], uneven.z[shorter.high[2] - 1]], [9, 46]);
  assert.deepEqual(grown(nothing, isotropic(5), uneven), nothing);
  assert.deepEqual(shrunk(structure(uneven, ball(4, -3, 30, 4)), isotropic(9), uneven), nothing);
});

test('smoothing leaves a flat surface where it is, takes off a spike and fills a dent', () => {
  const half: Inside = (x) => x < 5;
  const flat = structure(uneven, half);
  assert.deepEqual(smoothed(flat, 2, uneven), flat);
  const spiked = structure(uneven, (x, y, z) => {
    if (z === 30 && Math.abs(y + 5) < 1) return x < 12;
    if (z === 44 && Math.abs(y + 5) < 1) return x < 2;
    return half(x, y, z);
  });
  // One column at the foot of the spike and of the dent may stay.
  const smooth = smoothed(spiked, 2, uneven);
  const differing = placedOn(smooth, wholeGrid(uneven)).voxels.reduce(
    (count, value, v) => count + (value === (v % 50 < 25 ? 1 : 0) ? 0 : 1),
    0,
  );
  assert.ok(differing <= 4 && smooth.high[0] <= flat.high[0] + 1, `${differing} voxels differ`);
});
