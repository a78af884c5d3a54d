import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doubledArea } from '../../src/dicom/rtstruct/ring.ts';
import { rasterise } from '../../worker/contours/rasterise.ts';
import { maskContours, slabContours } from '../../worker/contours/roi-contours.ts';
import type { Mask } from '../../worker/volume/volume.ts';
import {
  contoursOf,
  differences,
  gridVoxels,
  noiseMask,
  randomGrid,
  randomNumbers,
  smoothProbabilities,
} from './random-masks.ts';
import { crossings } from './ring-crossings.ts';

const densities = [0.02, 0.2, 0.5, 0.8, 0.98, 1];

test('contours of random masks rasterise to the very same mask, with holes nested or keyholed', () => {
  for (const density of densities) {
    for (let seed = 0; seed < 25; seed++) {
      const mask = noiseMask(randomNumbers(seed), density);
      const slices = maskContours(mask);
      for (const [mode, combine] of [
        ['nested', 'xor'],
        ['keyhole', 'xor'],
        ['keyhole', 'union'],
      ] as const) {
        const back = rasterise(contoursOf(slices, mask.grid, mode), mask.grid, combine);
        assert.equal(differences(mask, back), 0, `${mode} read as ${combine}, density ${density}, seed ${seed}`);
      }
    }
  }
});

test('contours of random masks have three points or more, do not repeat the first, never cross, and turn one way', () => {
  for (const density of densities) {
    for (let seed = 0; seed < 10; seed++) {
      for (const { polygons } of maskContours(noiseMask(randomNumbers(seed), density))) {
        for (const { outer, holes } of polygons) {
          assert.ok(doubledArea(outer) > 0);
          assert.ok(holes.every((hole) => doubledArea(hole) < 0));
          for (const ring of [outer, ...holes]) {
            assert.ok(ring.length >= 6);
            assert.ok(ring[0] !== ring.at(-2) || ring[1] !== ring.at(-1));
          }
        }
        assert.equal(
          crossings(polygons.flatMap(({ outer, holes }) => [outer, ...holes])),
          0,
          `density ${density}, seed ${seed}`,
        );
      }
    }
  }
});

test('contours along a probability level rasterise to the voxels above it, up to those that the line nearly touches', () => {
  let voxels = 0;
  let wrong = 0;
  for (let seed = 0; seed < 60; seed++) {
    const random = randomNumbers(seed);
    const grid = randomGrid(random);
    const level = [0.5, 0.3, 0.7][seed % 3]!;
    const values = smoothProbabilities(random, grid);
    const mask: Mask = { grid, voxels: Uint8Array.from(values, (value) => (value >= level ? 1 : 0)) };
    const exact = slabContours({ first: 0, values }, mask, level, { toleranceMm: 0 });
    const slivers = rasterise(contoursOf(exact, grid, 'nested'), grid);
    const back = rasterise(contoursOf(slabContours({ first: 0, values }, mask, level), grid, 'keyhole'), grid);
    voxels += gridVoxels(grid);
    wrong += differences(mask, back);
    // Without simplification only rings of less than a tenth of a pixel may be missing.
    assert.ok(differences(mask, slivers) <= 2, `seed ${seed}: ${differences(mask, slivers)}`);
    for (const { polygons } of exact)
      assert.equal(crossings(polygons.flatMap(({ outer, holes }) => [outer, ...holes])), 0);
  }
  assert.ok(wrong / voxels < 0.005, `${wrong} of ${voxels} voxels`);
});

test('a mask of the whole image is closed along the image border', () => {
  const grid = { size: [5, 4, 1], spacing: [2, 3], origin: [10, 20], z: Float64Array.of(7) } as const;
  const slices = maskContours({ grid, voxels: new Uint8Array(20).fill(1) });
  const { outer, holes } = slices[0]!.polygons[0]!;
  assert.equal(holes.length, 0);
  const xs = outer.filter((_, p) => p % 2 === 0);
  const ys = outer.filter((_, p) => p % 2 === 1);
  // Half a pixel beyond the outermost centres.
  assert.deepEqual([Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)], [9, 19, 18.5, 30.5]);
});

test('the clean-up of a mask decides over its probabilities: what it removed has no contour, what it filled no hole', () => {
  const grid = { size: [12, 8, 1], spacing: [1, 1], origin: [0, 0], z: Float64Array.of(0) } as const;
  const values = new Float32Array(96);
  for (const [i, j] of [
    [2, 2],
    [3, 2],
    [4, 2],
    [2, 3],
    [4, 3],
    [2, 4],
    [3, 4],
    [4, 4],
    [9, 5],
    [10, 5],
  ] as const)
    values[j * 12 + i] = 0.9;
  const voxels = Uint8Array.from(values, (value) => (value > 0.5 ? 1 : 0));
  voxels[3 * 12 + 3] = 1;
  voxels[5 * 12 + 9] = 0;
  voxels[5 * 12 + 10] = 0;
  const slices = slabContours({ first: 0, values }, { grid, voxels }, 0.5);
  assert.equal(slices.length, 1);
  assert.deepEqual(
    slices[0]!.polygons.map(({ holes }) => holes.length),
    [0],
  );
  assert.equal(differences({ grid, voxels }, rasterise(contoursOf(slices, grid, 'nested'), grid)), 0);
});

test('a slab that begins above the first slice names the slices of the whole grid', () => {
  const grid = { size: [6, 6, 4], spacing: [1, 1], origin: [0, 0], z: Float64Array.of(0, 3, 6, 9) } as const;
  const values = new Float32Array(2 * 36).fill(0.1);
  const voxels = new Uint8Array(4 * 36);
  for (const at of [14, 15, 20, 21]) {
    values[36 + at] = 0.8;
    voxels[3 * 36 + at] = 1;
  }
  const slices = slabContours({ first: 2, values }, { grid, voxels }, 0.5);
  assert.deepEqual(
    slices.map(({ slice }) => slice),
    [3],
  );
  assert.equal(differences({ grid, voxels }, rasterise(contoursOf(slices, grid, 'nested'), grid)), 0);
});
