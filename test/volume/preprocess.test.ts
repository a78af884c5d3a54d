import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  inputShape,
  maskToNetwork,
  networkGrid,
  toNetworkHu,
  writeNetworkInput,
  type NetworkInput,
} from '../../worker/volume/preprocess.ts';
import { sliceTaps } from '../../worker/volume/taps.ts';
import { grid } from '../support/synthetic-ct.ts';

const input: NetworkInput = {
  spacingMm: 2,
  sliceSpacingMm: null,
  size: [8, 6],
  centre: 'body',
  neighbours: 1,
  windows: [
    { low: -100, high: 100 },
    { low: 0, high: 1000 },
  ],
  paddingHu: -1024,
  layout: 'nhwc',
  axes: ['P', 'L'],
  tensor: 'input',
};

test("a CT that has the network's spacing already is copied, not blurred", () => {
  const on = grid([20, 20, 3], [2, 2, 3], [4.7, -3.1]);
  const hu = Int16Array.from({ length: 20 * 20 * 3 }, (_, v) => (v % 3 === 0 ? -2000 : (v * 7919) % 1500));
  const to = networkGrid(on, [5, -3], input);
  const network = toNetworkHu({ grid: on, hu }, to, input);
  const [left, top] = [0, 1].map((axis) => Math.round((to.origin[axis]! - on.origin[axis]!) / 2)) as [number, number];
  for (let k = 0; k < 3; k += 1) {
    for (let y = 0; y < 6; y += 1) {
      for (let x = 0; x < 8; x += 1) {
        const own = hu[(k * 20 + top + y) * 20 + left + x]!;
        assert.equal(network.hu[(k * 6 + y) * 8 + x], Math.max(own, -1024), 'and a scanner pads with less than air');
      }
    }
  }
});

test('a ramp keeps its place: resampling to any spacing moves nothing by half a pixel', () => {
  for (const [size, spacing] of [
    [100, 0.5],
    [40, 1.3],
    [12, 5],
  ] as const) {
    const on = grid([size, size, 1], [spacing, spacing, 1], [3, 1]);
    const ramp = (x: number, y: number) => Math.round(8 * x - 5 * y);
    const hu = Int16Array.from({ length: size * size }, (_, v) =>
      ramp(on.origin[0] + (v % size) * spacing, on.origin[1] + Math.trunc(v / size) * spacing),
    );
    const to = networkGrid(on, [3, 1], input);
    const network = toNetworkHu({ grid: on, hu }, to, input);
    network.hu.forEach((value, v) => {
      const expected = ramp(to.origin[0] + (v % 8) * 2, to.origin[1] + Math.trunc(v / 8) * 2);
      assert.ok(Math.abs(value - expected) <= 1, `${spacing} mm: ${value} instead of ${expected}`);
    });
  }
});

test('a fine CT is averaged before it is sampled: its noise does not alias into the network', () => {
  const on = grid([200, 200, 1], [0.25, 0.25, 1]);
  const hu = Int16Array.from({ length: 200 * 200 }, (_, v) =>
    ((v % 200) + Math.trunc(v / 200)) % 2 === 0 ? 500 : -500,
  );
  const network = toNetworkHu({ grid: on, hu }, networkGrid(on, [0, 0], input), input);
  assert.ok(Math.max(...network.hu.map(Math.abs)) < 15);
  const asCoarse = { ...input, spacingMm: 0.25, resolutionMm: 2 };
  const smooth = toNetworkHu({ grid: on, hu }, networkGrid(on, [0, 0], asCoarse), asCoarse);
  assert.ok(Math.max(...smooth.hu.map(Math.abs)) < 15, 'resolutionMm averages although the grid is fine');
});

test('outside of the image, and where a scanner pads with -2000, the network sees air', () => {
  const on = grid([4, 4, 1], [2, 2, 1]);
  const hu = new Int16Array(16).fill(40);
  hu[5] = -2000;
  const network = toNetworkHu({ grid: on, hu }, networkGrid(on, [1, 1], input), input);
  const values = new Set(network.hu);
  assert.deepEqual(
    [...values].toSorted((a, b) => a - b),
    [-1024, 40],
  );
});

test('masks follow the same filter and come out where half of a pixel is covered', () => {
  const on = grid([64, 64, 2], [0.5, 0.5, 3]);
  const voxels = Uint8Array.from({ length: 64 * 64 * 2 }, (_, v) => (v % 64 >= 32 ? 1 : 0));
  const to = networkGrid(on, [0, 0], input);
  const mask = maskToNetwork({ grid: on, voxels }, to, input);
  for (let x = 0; x < 8; x += 1) {
    const position = to.origin[0] + x * 2;
    if (Math.abs(position) > 0.3) assert.equal(mask.voxels[x], position > 0 ? 1 : 0, `x = ${position}`);
  }
});

test('neighbouring slices and windows are channels, from the lowest slice up, and the end repeats', () => {
  const on = grid([8, 6, 3], [2, 2, 3]);
  const hu = Int16Array.from({ length: 8 * 6 * 3 }, (_, v) => [-100, 0, 50][Math.trunc(v / 48)]!);
  for (const layout of ['nhwc', 'nchw'] as const) {
    const tensor = new Float32Array(6 * 48 + 5).fill(-1);
    writeNetworkInput({ grid: on, hu }, 0, { ...input, layout }, tensor, 5);
    assert.deepEqual(inputShape({ ...input, layout }, 1), layout === 'nhwc' ? [1, 6, 8, 6] : [1, 6, 6, 8]);
    const pixel = 13;
    const channels = Array.from(
      { length: 6 },
      (_, c) => tensor[5 + (layout === 'nhwc' ? pixel * 6 + c : c * 48 + pixel)]!,
    );
    assert.deepEqual(
      channels.map((value) => Math.round(value * 1000) / 1000),
      [0, 0, 0, 0, 0.5, 0],
      layout,
    );
    writeNetworkInput({ grid: on, hu }, 2, { ...input, layout }, tensor, 5);
    const last = Array.from({ length: 6 }, (_, c) => tensor[5 + (layout === 'nhwc' ? pixel * 6 + c : c * 48 + pixel)]!);
    assert.deepEqual(
      last.map((value) => Math.round(value * 1000) / 1000),
      [0.5, 0, 0.75, 0.05, 0.75, 0.05],
      layout,
    );
    assert.equal(tensor[4], -1);
  }
});

test('a margin lies around the same field of view', () => {
  const on = grid([60, 60, 2], [1, 1, 3]);
  const hu = Int16Array.from({ length: 60 * 60 * 2 }, (_, v) => (v * 31) % 700);
  const narrow = toNetworkHu({ grid: on, hu }, networkGrid(on, [2, 3], input), input);
  const wide = toNetworkHu({ grid: on, hu }, networkGrid(on, [2, 3], input, 5), input);
  const [a, b] = [new Float32Array(6 * 48), new Float32Array(6 * 48)];
  writeNetworkInput(narrow, 1, input, a);
  writeNetworkInput(wide, 1, input, b);
  assert.deepEqual(a, b);
});

test('along z: linear between thick slices, averaging over thin ones, the end slice beyond the ends', () => {
  const weights = (z: number[], target: number, spacing: number) => {
    const taps = sliceTaps(Float64Array.from(z), Float64Array.of(target), spacing);
    return [taps.first[0], ...[...taps.weights].map((weight) => Math.round(weight * 1000) / 1000)];
  };
  assert.deepEqual(weights([0, 5, 10], 6, 2.5), [1, 0.8, 0.2]);
  assert.deepEqual(weights([0, 1, 2, 3, 4], 2, 2), [1, 0.25, 0.5, 0.25]);
  assert.deepEqual(weights([0, 5, 10], 99, 2.5), [1, 0, 1]);
  assert.deepEqual(weights([0, 5, 10], -3, 2.5), [0, 1, 0]);
  assert.deepEqual(weights([7], 3, 2.5), [0, 1]);
  const regular = networkGrid(grid([9, 9, 11], [1, 1, 1.2]), [0, 0], { ...input, sliceSpacingMm: 2.5 });
  assert.deepEqual(
    [...regular.z].map((z) => Math.round(z * 100) / 100),
    [-0.25, 2.25, 4.75, 7.25, 9.75, 12.25],
  );
});
