import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turn } from '../../worker/inference/model-axes.ts';
import { intensityOf } from '../../worker/volume/intensity.ts';
import type { Volume } from '../../worker/volume/volume.ts';

const axes = [
  ['P', 'L'],
  ['P', 'R'],
  ['A', 'L'],
  ['A', 'R'],
  ['L', 'P'],
  ['L', 'A'],
  ['R', 'P'],
  ['R', 'A'],
] as const;

test('a tensor turned to any axes and back is the same, and the patient lies as the axes say', () => {
  for (const layout of ['nchw', 'nhwc'] as const) {
    const shape = layout === 'nchw' ? [2, 3, 4, 5] : [2, 4, 5, 3];
    const data = Float32Array.from({ length: 120 }, (_, n) => n);
    for (const [first, second] of axes) {
      const of = [first, second] as Parameters<typeof turn>[2];
      const turned = turn({ data, shape }, layout, of, 'to the model');
      const swapped = first === 'L' || first === 'R';
      const spatial = layout === 'nchw' ? turned.shape.slice(2) : turned.shape.slice(1, 3);
      assert.deepEqual(spatial, swapped ? [5, 4] : [4, 5]);
      // Our first pixel lies at the front right: where does the model see it?
      const [a, b] = [first, second].map((letter, axis) => (letter === 'A' || letter === 'R' ? spatial[axis]! - 1 : 0));
      const index = layout === 'nchw' ? a! * spatial[1]! + b! : (a! * spatial[1]! + b!) * 3;
      assert.equal(turned.data[index], 0, `${first}${second} ${layout}`);
      const back = turn(turned, layout, of, 'from the model');
      assert.deepEqual([back.shape, [...back.data]], [shape, [...data]], `${first}${second} ${layout}`);
    }
  }
});

test('a window gives 0 to 1, HU over fixed numbers, or the z-score of the series', () => {
  const hu = Int16Array.of(-2000, -100, 0, 100, 300, 3000);
  const volume: Volume = { grid: { size: [6, 1, 1], spacing: [1, 1], origin: [0, 0], z: Float64Array.of(0) }, hu };
  const values = (window: Parameters<typeof intensityOf>[0]): number[] => {
    const { low, high, subtract, factor } = intensityOf(window, volume);
    return Array.from(hu, (value) => (Math.min(Math.max(value, low), high) - subtract) * factor);
  };
  const window = { low: -100, high: 300 };
  assert.deepEqual(values(window), [0, 0, 0.25, 0.5, 1, 1]);
  assert.deepEqual(values({ ...window, normalise: { mean: 100, sd: 50 } }), [-4, -4, -2, 0, 4, 4]);
  const scores = values({ ...window, normalise: 'series' });
  assert.ok(Math.abs(scores.reduce((sum, value) => sum + value, 0)) < 1e-9);
  assert.ok(Math.abs(scores.reduce((sum, value) => sum + value * value, 0) / 6 - 1) < 1e-9);
});
