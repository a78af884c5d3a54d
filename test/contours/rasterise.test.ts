import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rasterise } from '../../worker/contours/rasterise.ts';

const grid = { size: [10, 8, 3], spacing: [2, 3], origin: [-4, 6], z: Float64Array.of(-5, -2.5, 2.5) } as const;

/** A rectangle with its sides on the given coordinates, mm. */
function rectangle(left: number, right: number, top: number, bottom: number, z: number) {
  return { points: Float64Array.of(left, top, z, right, top, z, right, bottom, z, left, bottom, z) };
}

function voxels(...contours: Parameters<typeof rasterise>[0][number][]): string[] {
  const { voxels } = rasterise(contours, grid);
  return [...voxels.keys()]
    .filter((at) => voxels[at] === 1)
    .map((at) => `${at % 10},${Math.floor(at / 10) % 8},${Math.floor(at / 80)}`);
}

test('voxels whose centre lies inside belong to the ROI', () => {
  assert.deepEqual(voxels(rectangle(-1, 3.5, 10, 14, -2.5)), ['2,2,1', '3,2,1']);
});

test('two areas that share an edge share no voxel and leave none out', () => {
  const left = rasterise([rectangle(-5, 2, 0, 50, -5)], grid).voxels;
  const right = rasterise([rectangle(2, 50, 0, 50, -5)], grid).voxels;
  assert.deepEqual(
    [...left.subarray(0, 80)].map((voxel, at) => voxel + right[at]!),
    Array.from({ length: 80 }, () => 1),
  );
});

test('a contour inside another one is a hole, or filled where contours are united', () => {
  const contours = [rectangle(-5, 15, 5, 30, -5), rectangle(-1, 9, 8, 22, -5)];
  const inner = rasterise(contours.slice(1), grid).voxels.reduce((sum, voxel) => sum + voxel, 0);
  const outer = rasterise(contours.slice(0, 1), grid).voxels.reduce((sum, voxel) => sum + voxel, 0);
  assert.ok(inner > 0);
  assert.equal(
    rasterise(contours, grid).voxels.reduce((sum, voxel) => sum + voxel, 0),
    outer - inner,
  );
  assert.equal(
    rasterise(contours, grid, 'union').voxels.reduce((sum, voxel) => sum + voxel, 0),
    outer,
  );
});

test('a contour belongs to the nearest slice, and to none where the CT does not reach', () => {
  const slice = (z: number): string[] => [
    ...new Set(voxels(rectangle(-1, 3.5, 10, 14, z)).map((voxel) => voxel.split(',')[2]!)),
  ];
  assert.deepEqual(slice(-2.6), ['1']);
  assert.deepEqual(slice(0.1), ['2']);
  assert.deepEqual(slice(-0.1), ['1']);
  assert.deepEqual(slice(-6.2), ['0']);
  assert.deepEqual(slice(-6.3), []);
  assert.deepEqual(slice(4.9), ['2']);
  assert.deepEqual(slice(5.1), []);
});

test('what lies outside of the image is cut off', () => {
  assert.equal(voxels(rectangle(-1000, 1000, -1000, 1000, -5)).length, 80);
  assert.deepEqual(voxels(rectangle(100, 200, 10, 14, -5)), []);
});

test('a contour of fewer than three points covers nothing', () => {
  assert.deepEqual(voxels({ points: Float64Array.of(0, 0, -5, 10, 20, -5) }), []);
});
