import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareMasks, overlap } from '../../worker/evaluation/compare-masks.ts';
import { seededRandom } from '../../worker/phantom/random.ts';
import type { Grid, Mask } from '../../worker/volume/volume.ts';

type Inside = (i: number, j: number, k: number) => boolean;

function grid(size: readonly [number, number, number], spacing: readonly [number, number], z: readonly number[]): Grid {
  return { size, spacing, origin: [0, 0], z: Float64Array.from(z) };
}

function maskOf(on: Grid, inside: Inside): Mask {
  const [nx, ny, nz] = on.size;
  const voxels = new Uint8Array(nx * ny * nz);
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) for (let i = 0; i < nx; i++) if (inside(i, j, k)) voxels[(k * ny + j) * nx + i] = 1;
  return { grid: on, voxels };
}

const box =
  (low: readonly number[], high: readonly number[]): Inside =>
  (...index) =>
    index.every((value, axis) => value >= low[axis]! && value <= high[axis]!);

const regular = grid(
  [30, 30, 20],
  [1, 2],
  Array.from({ length: 20 }, (_, k) => k * 3),
);

/** Surface distances by trying every pair: slow and plain. */
function bruteForce(a: Mask, b: Mask): { asd: number; hd: number } {
  const surface = ({ grid: { size, spacing, z }, voxels }: Mask): number[][] => {
    const [nx, ny, nz] = size;
    const at = (i: number, j: number, k: number): number =>
      i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz ? 0 : voxels[(k * ny + j) * nx + i]!;
    const points: number[][] = [];
    for (let k = 0; k < nz; k++) {
      for (let j = 0; j < ny; j++) {
        for (let i = 0; i < nx; i++) {
          const around = [
            at(i - 1, j, k),
            at(i + 1, j, k),
            at(i, j - 1, k),
            at(i, j + 1, k),
            at(i, j, k - 1),
            at(i, j, k + 1),
          ];
          if (at(i, j, k) === 1 && around.includes(0)) points.push([i * spacing[0], j * spacing[1], z[k]!]);
        }
      }
    }
    return points;
  };
  const [p, q] = [surface(a), surface(b)];
  const directed = (from: number[][], to: number[][]): number[] =>
    from.map((x) => Math.min(...to.map((y) => Math.hypot(x[0]! - y[0]!, x[1]! - y[1]!, x[2]! - y[2]!))));
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [there, back] = [directed(p, q), directed(q, p)];
  return { asd: (mean(there) + mean(back)) / 2, hd: Math.max(...there, ...back) };
}

test('identical masks: DSC, JI and surface DSC 1, every distance 0', () => {
  const mask = maskOf(regular, box([5, 5, 5], [15, 12, 10]));
  const found = compareMasks(mask, mask);
  assert.ok(found.status === 'ok');
  const { dsc, ji, asd, hd, hd95, surfaceDsc } = found;
  assert.deepEqual({ dsc, ji, asd, hd, hd95, surfaceDsc }, { dsc: 1, ji: 1, asd: 0, hd: 0, hd95: 0, surfaceDsc: 1 });
  assert.ok(Math.abs(found.referenceCm3 - (11 * 8 * 6 * 1 * 2 * 3) / 1000) < 1e-12);
});

test('a box moved by three pixels along each axis has the distances that geometry says', () => {
  for (const [shift, distance] of [
    [[3, 0, 0], 3],
    [[0, 3, 0], 6],
    [[0, 0, 3], 9],
  ] as const) {
    const [a, b] = [
      maskOf(regular, box([5, 5, 5], [14, 14, 12])),
      maskOf(regular, box([5 + shift[0], 5 + shift[1], 5 + shift[2]], [14 + shift[0], 14 + shift[1], 12 + shift[2]])),
    ];
    const found = compareMasks(a, b);
    assert.ok(found.status === 'ok');
    assert.ok(Math.abs(found.hd - distance) < 1e-6, `${found.hd}`);
    const share = shift[2] > 0 ? 5 / 8 : 7 / 10;
    assert.ok(Math.abs(found.dsc! - share) < 1e-12);
    assert.ok(Math.abs(found.ji! - share / (2 - share)) < 1e-12);
  }
});

test('on random blobs, near and far, the fast distances are those of trying every pair', () => {
  const random = seededRandom(5);
  const uneven = grid([24, 20, 14], [0.9, 1.3], [0, 2, 4, 6, 9, 12, 15, 18, 20, 22, 24, 27, 30, 33]);
  const ball = (): Inside => {
    const [x, y, z, r] = [random.between(4, 20), random.between(4, 16), random.between(2, 12), random.between(1.5, 5)];
    return (i, j, k) => Math.hypot(i - x, j - y, k - z) <= r && random.chance(0.9);
  };
  for (let round = 0; round < 12; round++) {
    const [a, b] = [maskOf(uneven, ball()), maskOf(uneven, ball())];
    const found = compareMasks(a, b);
    assert.ok(found.status === 'ok');
    const expected = bruteForce(a, b);
    assert.ok(Math.abs(found.hd - expected.hd) < 1e-4, `HD ${found.hd} and ${expected.hd}`);
    assert.ok(Math.abs(found.asd - expected.asd) < 1e-4, `ASD ${found.asd} and ${expected.asd}`);
    assert.ok(found.hd95 <= found.hd);
  }
});

test('many surface voxels far from a small structure: the plane-wise transform gives the same distances', () => {
  const wide = grid([120, 120, 3], [1, 1], [0, 3, 6]);
  // Sparse dots: each is a surface voxel, none is near the corner.
  const a = maskOf(wide, (i, j, k) => k === 1 && (i + j) % 2 === 0 && i > 30);
  const b = maskOf(wide, (i, j, k) => k === 1 && i < 2 && (j < 2 || j > 117));
  const found = compareMasks(a, b);
  assert.ok(found.status === 'ok');
  const expected = bruteForce(a, b);
  assert.ok(Math.abs(found.hd - expected.hd) < 1e-4);
  assert.ok(Math.abs(found.asd - expected.asd) < 1e-4);
});

test('an empty structure is reported and gets no numbers', () => {
  const [full, empty] = [maskOf(regular, box([5, 5, 5], [9, 9, 9])), maskOf(regular, () => false)];
  assert.equal(compareMasks(empty, full).status, 'reference-empty');
  assert.equal(compareMasks(full, empty).status, 'test-empty');
  const both = compareMasks(empty, empty);
  assert.equal(both.status, 'both-empty');
  assert.equal(both.dsc, undefined);
  assert.ok(!('hd' in both));
  assert.equal(overlap(full, empty).ji, undefined);
});

test('surface DSC counts what lies within the tolerance', () => {
  const [a, b] = [maskOf(regular, box([5, 5, 5], [14, 14, 12])), maskOf(regular, box([7, 5, 5], [16, 14, 12]))];
  const at = (tolerance: number): number => {
    const found = compareMasks(a, b, tolerance);
    assert.ok(found.status === 'ok');
    return found.surfaceDsc;
  };
  assert.equal(at(2), 1);
  assert.ok(at(1) < 1 && at(1) > 0.5);
});

test('slices that are not equidistant count with their own height', () => {
  const uneven = grid([4, 4, 4], [10, 10], [0, 2, 4, 8]);
  const slice = (n: number): Mask => maskOf(uneven, (i, j, k) => k === n && i === 1 && j === 1);
  assert.deepEqual(
    [0, 1, 2, 3].map((n) => overlap(slice(n), slice(n)).referenceCm3),
    [0.2, 0.2, 0.3, 0.4],
  );
});

test('masks on different grids are refused', () => {
  const other = grid(
    [10, 10, 10],
    [1, 1],
    Array.from({ length: 10 }, (_, k) => k),
  );
  assert.throws(
    () =>
      overlap(
        maskOf(regular, () => true),
        maskOf(other, () => true),
      ),
    /different grids/,
  );
});
