import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanUp as cleanUpSchema } from '../../src/bundles/manifest.ts';
import { cleanUp } from '../../worker/inference/clean-up.ts';
import { components } from '../../worker/inference/components.ts';
import type { Mask } from '../../worker/volume/volume.ts';
import { grid } from '../support/synthetic-ct.ts';

/** A mask of slices drawn with #; voxels of 10 × 10 × 10 mm, so 1 cm³ each. */
function mask(...slices: string[][]): Mask {
  const [nx, ny] = [slices[0]![0]!.length, slices[0]!.length];
  return {
    grid: grid([nx, ny, slices.length], [10, 10, 10]),
    voxels: Uint8Array.from(
      slices.flat().flatMap((row) => Array.from({ length: row.length }, (_, x) => (row[x] === '#' ? 1 : 0))),
    ),
  };
}

function drawn({
  grid: {
    size: [nx, ny, nz],
  },
  voxels,
}: Mask): string[][] {
  return Array.from({ length: nz }, (_, k) =>
    Array.from({ length: ny }, (_row, y) =>
      [...voxels.subarray((k * ny + y) * nx, (k * ny + y + 1) * nx)].map((value) => (value === 1 ? '#' : '.')).join(''),
    ),
  );
}

test('voxels that touch by a corner, within a slice or across two, are one piece', () => {
  const corner = mask(['#...', '....', '....'], ['.#..', '....', '...#'], ['....', '..#.', '....']);
  assert.equal(components(corner.voxels, corner.grid.size).count, 1);
  const apart = mask(['#...', '....', '....'], ['....', '....', '....'], ['#...', '....', '...#']);
  assert.equal(components(apart.voxels, apart.grid.size).count, 3);
  // The end of one row and the start of the next are no neighbours.
  const rows = mask(['...#', '#...', '....']);
  assert.equal(components(rows.voxels, rows.grid.size).count, 2);
});

test('components agree with a flood fill on random masks', () => {
  let state = 1;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (const density of [0.05, 0.15, 0.4]) {
    const size = [17, 13, 9] as const;
    const voxels = Uint8Array.from({ length: 17 * 13 * 9 }, () => (random() < density ? 1 : 0));
    assert.equal(components(voxels, size).count, floodFillCount(voxels, size), `density ${density}`);
  }
});

function floodFillCount(voxels: Uint8Array, [nx, ny, nz]: readonly [number, number, number]): number {
  const left = voxels.slice();
  let count = 0;
  for (let seed = 0; seed < left.length; seed += 1) {
    if (left[seed] === 0) continue;
    count += 1;
    const stack = [seed];
    left[seed] = 0;
    for (let v = stack.pop(); v !== undefined; v = stack.pop()) {
      const [x, y, z] = [v % nx, Math.trunc(v / nx) % ny, Math.trunc(v / nx / ny)];
      for (let k = Math.max(0, z - 1); k <= Math.min(nz - 1, z + 1); k += 1)
        for (let j = Math.max(0, y - 1); j <= Math.min(ny - 1, y + 1); j += 1)
          for (let i = Math.max(0, x - 1); i <= Math.min(nx - 1, x + 1); i += 1) {
            const n = (k * ny + j) * nx + i;
            if (left[n] !== 1) continue;
            left[n] = 0;
            stack.push(n);
          }
    }
  }
  return count;
}

test('only the largest pieces stay, and no small ones', () => {
  const before = [
    ['##..#', '##...', '....#', '#....'],
    ['##...', '.....', '....#', '.....'],
  ];
  const two = mask(...before);
  assert.deepEqual(cleanUp(two, cleanUpSchema.parse({ largestComponents: 2 })), { volumeCm3: 8, components: 2 });
  assert.deepEqual(drawn(two), [
    ['##...', '##...', '....#', '.....'],
    ['##...', '.....', '....#', '.....'],
  ]);
  const large = mask(...before);
  assert.deepEqual(cleanUp(large, cleanUpSchema.parse({ minimumComponentCm3: 2 })), { volumeCm3: 8, components: 2 });
  const all = mask(...before);
  assert.deepEqual(cleanUp(all, cleanUpSchema.parse({})), { volumeCm3: 10, components: 4 });
  assert.deepEqual(drawn(all), before);
});

test('holes are filled within each slice; a bay that is open to one side stays', () => {
  const ring = mask(['.####.', '.#..#.', '.####.', '......'], ['.####.', '.#..#.', '.#..#.', '......']);
  assert.deepEqual(cleanUp(ring, cleanUpSchema.parse({ fillHoles: true })), { volumeCm3: 20, components: 1 });
  assert.deepEqual(drawn(ring), [
    ['.####.', '.####.', '.####.', '......'],
    ['.####.', '.#..#.', '.#..#.', '......'],
  ]);
});

test('what is smaller than the least volume is not found at all', () => {
  const small = mask(['##', '..']);
  assert.deepEqual(cleanUp(small, cleanUpSchema.parse({ minimumVolumeCm3: 2.5 })), { volumeCm3: 0, components: 0 });
  assert.ok(small.voxels.every((value) => value === 0));
});

test('volumes count what each slice stands for where the spacing changes', () => {
  const changing: Mask = {
    grid: { ...grid([1, 1, 4], [10, 10, 1]), z: Float64Array.of(0, 10, 20, 40) },
    voxels: Uint8Array.of(0, 1, 1, 0),
  };
  assert.equal(cleanUp(changing, cleanUpSchema.parse({})).volumeCm3, 2.5);
});
