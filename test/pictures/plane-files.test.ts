import { test } from 'node:test';
import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { pictureIndexSchema, type PictureAxis } from '../../src/work/picture-files.ts';
import { blended } from '../../src/http/assets/plane-blend.js';
import { outlineAcross } from '../../src/http/assets/contour-lines.js';
import { greyLevels, greyOf } from '../../worker/pictures/grey-levels.ts';
import { planeFiles } from '../../worker/pictures/plane-files.ts';
import type { Volume } from '../../worker/volume/volume.ts';

const size = [40, 30, 20] as const;
/** Each voxel says where it is: 10 HU a pixel to the left, 3 a pixel to the back, 7 a slice up. */
const volume: Volume = {
  grid: { size, spacing: [2, 2], origin: [-10, 5], z: Float64Array.from({ length: 20 }, (_, k) => 100 + 3 * k) },
  hu: Int16Array.from({ length: 40 * 30 * 20 }, (_, v) => {
    const [i, j, k] = [v % 40, Math.floor(v / 40) % 30, Math.floor(v / 1200)];
    return -190 + 10 * i + 3 * j + 7 * k;
  }),
};
const body = { low: [4, 19, 100], high: [50, 49, 157], centre: [27, 34], median: [27, 34], volumeCm3: 1 } as const;

test('a plane shows each voxel where it lies, in all three directions', async () => {
  const { index, planes } = await planeFiles(volume, body, []);
  assert.deepEqual(pictureIndexSchema.parse(index), index);
  const huAt = (axis: PictureAxis, plane: number, column: number, row: number): number => {
    const { width, height, planesPerChunk, chunks } = index.planes[axis];
    const [offset, length] = chunks[Math.floor(plane / planesPerChunk)]!;
    const bytes = gunzipSync(planes[axis].subarray(offset, offset + length));
    return index.levels[bytes[((plane % planesPerChunk) * height + row) * width + column]!]!;
  };
  const truth = (x: number, y: number, z: number): number =>
    -190 + 10 * ((x + 10) / 2) + 3 * ((y - 5) / 2) + 7 * ((z - 100) / 3);
  let compared = 0;
  for (const [axis, across, down] of [
    ['axial', 0, 1],
    ['coronal', 0, 2],
    ['sagittal', 1, 2],
  ] as const) {
    const { positions, width, height } = index.planes[axis];
    for (const [plane, position] of positions.entries()) {
      for (let row = 0; row < height; row += 7) {
        for (let column = 0; column < width; column += 5) {
          const at = [0, 0, 0];
          at[axis === 'axial' ? 2 : axis === 'coronal' ? 1 : 0] = position;
          at[across] = index.origin[across] + column * index.pixelMm;
          at[down] = down === 2 ? volume.grid.z[row]! : index.origin[1] + row * index.pixelMm;
          const wanted = truth(at[0]!, at[1]!, at[2]!);
          assert.ok(Math.abs(huAt(axis, plane, column, row) - wanted) <= 10, `${axis} ${at.join(' ')}`);
          compared += 1;
        }
      }
    }
  }
  assert.ok(compared > 500);
  assert.deepEqual(index.planes.axial.positions, [...volume.grid.z]);
});

test('what lies beyond body and contours is left out, and contours beyond the body are not', async () => {
  const alone = (await planeFiles(volume, body, [])).index;
  assert.ok(alone.origin[0] >= -11 && alone.planes.axial.width * alone.pixelMm < 80);
  const ring = Float64Array.from([50, 20, 66, 20, 66, 30]);
  const roi = { slices: [{ slice: 3, polygons: [{ outer: ring, holes: [] }] }] };
  const { index } = await planeFiles(volume, body, [roi]);
  assert.ok(index.origin[0] + (index.planes.axial.width - 1) * index.pixelMm >= 66);
  assert.deepEqual(index.start, [58, 25, 109]);
});

test('an image beside the CT lies on the same pixels, from its darkest to its brightest value, and nowhere else', async () => {
  // A sphere of bright values in a gradient to the head; nothing to the left of x = 40.
  const centre = [20, 30, 130] as const;
  const valueAt = (x: number, y: number, z: number): number => {
    if (x > 40) return Number.NaN;
    return Math.hypot(x - centre[0], y - centre[1], z - centre[2]) < 8 ? 900 : 100 + (z - 100) * 5;
  };
  const outside = { name: 'T2', valueAt: () => Number.NaN };
  const { index, overlays } = await planeFiles(volume, body, [], [{ name: 'MR', valueAt }, outside]);
  assert.deepEqual(pictureIndexSchema.parse(index), index);
  assert.deepEqual(
    overlays.map(({ name }) => name),
    ['MR'],
  );
  const greyAt = (axis: PictureAxis, [x, y, z]: readonly [number, number, number]): number => {
    const { width, height, positions, planesPerChunk } = index.planes[axis];
    const [normal, column, row] = { axial: [z, x, y], coronal: [y, x, z], sagittal: [x, y, z] }[axis] as [
      number,
      number,
      number,
    ];
    const plane = positions.findIndex((at) => Math.abs(at - normal) <= 1.5);
    const origin = axis === 'sagittal' ? index.origin[1] : index.origin[0];
    const i = Math.round((column - origin) / index.pixelMm);
    const j = axis === 'axial' ? Math.round((row - index.origin[1]) / index.pixelMm) : Math.round((row - 100) / 3);
    const [offset, length] = index.overlays![0]!.chunks[axis][Math.floor(plane / planesPerChunk)]!;
    const bytes = gunzipSync(overlays[0]!.planes[axis].subarray(offset, offset + length));
    return bytes[((plane % planesPerChunk) * height + j) * width + i]!;
  };
  for (const axis of ['axial', 'coronal', 'sagittal'] as const) {
    assert.equal(greyAt(axis, centre), 255, axis);
    assert.equal(greyAt(axis, [46, 30, 130]), 0, `${axis}, beyond the image`);
    const [low, high] = [greyAt(axis, [4, 40, 103]), greyAt(axis, [4, 40, 154])];
    assert.ok(low >= 1 && low < high && high < 255, `${axis}: ${low} ${high}`);
  }
});

test('blended pictures show both images by their share, or one after the other in squares', () => {
  const at = (mode: 'blend' | 'checkerboard' | 'off', column: number, other = 200, row = 0) =>
    blended(100, other, { mode, share: 0.25 }, column, row, 1);
  assert.equal(at('blend', 0), 125);
  assert.equal(at('blend', 0, 0), 100, 'the CT where the other image has nothing');
  assert.equal(at('off', 0), 100);
  assert.deepEqual(
    [0, 23, 24, 47, 48].map((column) => at('checkerboard', column)),
    [100, 100, 200, 200, 100],
  );
  assert.equal(at('checkerboard', 0, 200, 24), 200);
});

test('soft tissue is told apart by 4 HU, and every CT number has its nearest grey value', () => {
  for (let hu = -1100; hu <= 2200; hu += 1) {
    const clipped = Math.min(2100, Math.max(-1024, hu));
    const off = Math.abs(greyLevels[greyOf(hu)]! - clipped);
    assert.ok(off <= (hu >= -200 && hu <= 296 ? 2 : 13), `${hu}: ${off}`);
  }
  assert.equal(greyLevels.length, 256);
  assert.ok(greyLevels.every((hu, n) => n === 0 || hu > greyLevels[n - 1]!));
});

test('the outline across the slices bounds the slabs of a box with a hole', () => {
  const square = (low: number, high: number): number[] => [low, low, high, low, high, high, low, high];
  const slices = [1, 2].map((slice) => ({
    slice,
    polygons: [{ outer: square(0, 10), holes: slice === 2 ? [square(4, 6)] : [] }],
  }));
  const roi = { name: 'box', colour: [255, 0, 0] as [number, number, number], slices };
  const lines = outlineAcross({ z: [0, 2, 4, 6], rois: [roi] }, roi, 1, 5);
  const across = lines.filter(([a, , c]) => a !== c).map(([a, b, c]) => [b, a, c].join(' '));
  assert.deepEqual(across.toSorted(), ['1 0 10', '3 4 6', '5 0 4', '5 6 10']);
  assert.equal(lines.filter(([a, , c]) => a === c).length, 6);
});
