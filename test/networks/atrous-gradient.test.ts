import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rank, Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-node';
import { loadTensorFlow } from '../../worker/engines/load-tensorflow.ts';
import { batchNormalise, depthwise, pointwise, resizeLinear } from '../../worker/networks/native-kernels.ts';

const tf = await loadTensorFlow();

/** Largest difference between two tensors of one shape. */
function difference(a: Tensor, b: Tensor): number {
  assert.deepEqual(a.shape, b.shape);
  return tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] ?? Number.NaN;
}

/** Slope of sum(f(x) * weight) along `direction`, by central differences. */
function slope<T extends Tensor>(f: (x: T) => T, x: T, direction: T, weight: T): number {
  const step = 1e-2;
  const at = (side: number): number =>
    tf.sum(tf.mul(f(tf.add<T>(x, tf.mul(direction, side * step))), weight)).dataSync()[0] ?? Number.NaN;
  return (at(1) - at(-1)) / (2 * step);
}

function assertGradient<T extends Tensor = Tensor4D>(name: string, f: (x: T) => T, shape: T['shape']): void {
  tf.tidy(() => {
    const random = (of: number[], seed: number): T => tf.randomNormal<Rank>(of, 0, 1, 'float32', seed) as T;
    const x = random(shape, 1);
    const direction = random(shape, 2);
    const weight = random(f(x).shape, 3);
    const gradient = tf.grad((x) => f(x as T))(x, weight) as T;
    const along = tf.sum(tf.mul(gradient, direction)).dataSync()[0] ?? Number.NaN;
    const expected = slope(f, x, direction, weight);
    assert.ok(
      Math.abs(along - expected) < 0.01 * (1 + Math.abs(expected)),
      `${name}: gradient ${along}, difference quotient ${expected}`,
    );
  });
}

/** The same kernel with zeros between its taps: what an atrous convolution is by definition. */
function spread(kernel: Tensor4D, dilation: number): Tensor4D {
  const [, , channels] = kernel.shape;
  const wide = tf.buffer([2 * dilation + 1, 2 * dilation + 1, channels, 1]);
  const values = kernel.arraySync();
  for (const [i, row] of values.entries()) {
    for (const [j, tap] of row.entries()) {
      for (const [c, [value]] of tap.entries()) wide.set(value ?? 0, i * dilation, j * dilation, c, 0);
    }
  }
  return wide.toTensor() as Tensor4D;
}

for (const [dilation, size] of [
  [2, 12],
  [3, 14],
  [6, 9],
] as const) {
  test(`a depthwise convolution with taps ${dilation} apart on ${size} pixels is the atrous one, with a gradient`, () => {
    tf.tidy(() => {
      const x = tf.randomNormal<Rank.R4>([2, size, size + 1, 3], 0, 1, 'float32', 4);
      const kernel = tf.randomNormal<Rank.R4>([3, 3, 3, 1], 0, 1, 'float32', 5);
      const direct = tf.depthwiseConv2d(x, spread(kernel, dilation), 1, 'same');
      assert.ok(difference(depthwise(tf, x, kernel, 1, dilation), direct) < 1e-5);
      assertGradient('input', (x) => depthwise(tf, x, kernel, 1, dilation), [2, size, size + 1, 3]);
      assertGradient('kernel', (kernel) => depthwise(tf, x, kernel, 1, dilation), [3, 3, 3, 1]);
    });
  });
}

test('the matrix product is the 1 x 1 convolution, with its gradient', () => {
  tf.tidy(() => {
    const x = tf.randomNormal<Rank.R4>([2, 5, 6, 4], 0, 1, 'float32', 6);
    const kernel = tf.randomNormal<Rank.R4>([1, 1, 4, 3], 0, 1, 'float32', 7);
    assert.ok(difference(pointwise(tf, x, kernel), tf.conv2d(x, kernel, 1, 'same')) < 1e-5);
    assertGradient('kernel', (kernel) => pointwise(tf, x, kernel), [1, 1, 4, 3]);
  });
});

test('the bilinear resize has the gradient that belongs to its half-pixel centres', () => {
  assertGradient('resize', (x) => resizeLinear(tf, x, [12, 20]), [2, 3, 5, 2]);
});

test('in three axes the resize is linear along each of them, with its gradient', () => {
  tf.tidy(() => {
    // A ramp along each axis stays a ramp; half-pixel centres repeat the ends.
    const ramp = (length: number, by: number) =>
      Array.from({ length: length * by }, (_, i) => Math.min(length - 1, Math.max(0, (i + 0.5) / by - 0.5)));
    const [slices, height, width] = [3, 2, 4];
    const on = (z: number[], y: number[], x: number[]) =>
      tf.tensor5d([z.map((k) => y.map((j) => x.map((i) => [100 * k + 10 * j + i])))]);
    const whole = (length: number) => Array.from({ length }, (_, i) => i);
    const small = on(whole(slices), whole(height), whole(width));
    const large = resizeLinear(tf, small, [2 * slices, 2 * height, 2 * width]);
    assert.ok(difference(large, on(ramp(slices, 2), ramp(height, 2), ramp(width, 2))) < 1e-4);
  });
  assertGradient<Tensor5D>('resize', (x) => resizeLinear(tf, x, [4, 6, 8]), [2, 2, 3, 4, 2]);
});

test('a 3-D network learns through its convolutions, its maximum and its batch normalisation', () => {
  const kernel = tf.randomNormal<Rank.R5>([3, 3, 3, 2, 3], 0, 1, 'float32', 5);
  assertGradient<Tensor5D>('conv3d', (x) => tf.conv3d(x, kernel, 1, 'same'), [1, 4, 5, 6, 2]);
  assertGradient<Tensor5D>('maximum', (x) => tf.maxPool3d(x, 2, 2, 'valid'), [1, 4, 4, 6, 2]);
  const [gamma, beta] = [tf.tensor1d([1.5, 0.5]), tf.tensor1d([0.2, -0.1])];
  const normalised = (x: Tensor5D) => batchNormalise(tf, x, gamma, beta, false, (...of) => tf.dispose(of));
  assertGradient<Tensor5D>('batch normalisation', normalised, [2, 3, 4, 5, 2]);
  tf.dispose([kernel, gamma, beta]);
});

test('the fused batch normalisation is the one of the formula, with the gradient of batch statistics', () => {
  tf.tidy(() => {
    const gamma = tf.tensor1d([1.5, 0.5]);
    const beta = tf.tensor1d([0.2, -0.1]);
    const fused = (x: Tensor4D, relu: boolean): Tensor4D =>
      batchNormalise(tf, x, gamma, beta, relu, (mean, variance) => {
        mean.dispose();
        variance.dispose();
      });
    const x = tf.randomNormal<Rank.R4>([3, 4, 5, 2], 1, 2, 'float32', 8);
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    const formula = tf.add<Tensor4D>(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-3))), gamma), beta);
    assert.ok(difference(fused(x, false), formula) < 1e-5);
    assert.ok(difference(fused(x, true), tf.relu(formula)) < 1e-5);
    assertGradient('input', (x) => fused(x, false), [3, 4, 5, 2]);
  });
});
