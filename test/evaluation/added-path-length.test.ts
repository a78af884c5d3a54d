import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addedPathLength } from '../../worker/evaluation/added-path-length.ts';
import type { Grid, Mask } from '../../worker/volume/volume.ts';

const grid: Grid = { size: [20, 16, 3], spacing: [1, 1.5], origin: [0, 0], z: Float64Array.of(0, 3, 6) };

/** Boxes of pixels [left, top, right, bottom] (inclusive) in slices. */
function maskOf(...boxes: { slice: number; box: readonly [number, number, number, number] }[]): Mask {
  const [nx, ny, nz] = grid.size;
  const voxels = new Uint8Array(nx * ny * nz);
  for (const { slice, box } of boxes)
    for (let j = box[1]; j <= box[3]; j++) for (let i = box[0]; i <= box[2]; i++) voxels[(slice * ny + j) * nx + i] = 1;
  return { grid, voxels };
}

const square = { slice: 1, box: [4, 4, 9, 9] as const };

test('an unchanged contour has no added path', () => {
  assert.equal(addedPathLength(maskOf(square), maskOf(square)), 0);
});

test('a contour in a new slice is added as a whole: 20 pixels of 1.25 mm around a square of 6', () => {
  assert.equal(addedPathLength(maskOf(square), maskOf(square, { ...square, slice: 2 })), 20 * 1.25);
});

test('a side that was moved out counts by its own length, the sides that stay do not', () => {
  // Two columns more: the new right side of 6 pixels, and one more pixel each of the upper and the lower side.
  assert.equal(addedPathLength(maskOf(square), maskOf({ slice: 1, box: [4, 4, 11, 9] })), (6 + 1 + 1) * 1.25);
});

test('what is taken away adds only the new edge that it leaves', () => {
  assert.equal(addedPathLength(maskOf(square, { ...square, slice: 2 }), maskOf(square)), 0);
  // One column less: a new right side, of which the two corners lay on the contour before.
  assert.equal(addedPathLength(maskOf(square), maskOf({ slice: 1, box: [4, 4, 8, 9] })), 4 * 1.25);
});

test('masks of different grids are refused', () => {
  const other: Mask = { grid: { ...grid, size: [20, 16, 2] }, voxels: new Uint8Array(640) };
  assert.throws(() => addedPathLength(other, maskOf(square)), RangeError);
});
