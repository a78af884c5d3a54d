import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Triple } from '../../worker/segmentation/model-view.ts';
import { nonzeroMask, normalise } from '../../worker/segmentation/normalise.ts';
import { edgesKept, resampledSize } from '../../worker/segmentation/image-grid.ts';
import { resampleImage, separateAxis } from '../../worker/segmentation/resample-image.ts';

/*
 * The expected numbers are those of skimage 0.26 (transform.resize, mode 'edge', without anti-aliasing) and scipy 1.17
 * (ndimage.map_coordinates, mode 'nearest'), which nnU-Net calls, for
 * a = ((arange(60).reshape(3, 4, 5) * 37) % 101) / 10 - 3.
 */
const size: Triple = [3, 4, 5];
const image = Float32Array.from({ length: 60 }, (_, n) => ((n * 37) % 101) / 10 - 3);

function assertNear(actual: Float32Array, expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, n) => assert.ok(Math.abs(actual[n]! - value) < 1e-4, `${n}: ${actual[n]}, ${value}`));
}

test('an image is resampled as skimage does it: cubic splines along all axes, held within the values of the image', () => {
  const expected = [
    1.6908, -0.0261, 2.2204, 3.8131, 1.9248, 0.9904, 2.0207, 1.9143, 0.0343, 1.2148, 3.7067, 2.4414, -1.0672, 1.5872,
    3.1169, 1.7665, 1.4039, 3.5183, 6.5728, 1.0959, 0.5788, 2.937, 2.2554, 0.843, -0.379, 2.4641, 2.2123, 0.9551,
    2.3592, 4.0687, 4.9995, 1.1531, 1.7227, 2.5365, 1.0117, 1.5526, 3.2512, 1.9621, 0.1692, 1.9732, 4.091, 2.2384,
    -1.5467, 2.044, 2.6282, 0.3068, 0.8865, 4.0504,
  ];
  assertNear(resampleImage(image, size, edgesKept(size, [4, 2, 6]), undefined, { order: 3, orderZ: 0 }), expected);
  const enlarged = resampleImage(image, size, edgesKept(size, [9, 11, 13]), undefined, { order: 3, orderZ: 0 });
  assert.deepEqual([Math.min(...enlarged), Math.max(...enlarged)].map(Math.fround), [-3, 7]);
});

test('linearly too', () => {
  const expected = [
    -1.7125, 1.9656, 0.2781, 2.0625, 1.7372, 1.4384, 3.065, 1.5353, 3.4703, 0.3625, 3.4094, 0.4594, 3.4991, 0.4228,
    2.5228, 1.1825, 2.9719, 2.5469, 2.4375, 4.8531, 2.2906, -0.6594, 2.3875, 0.3844, 1.7634, 2.1275, 1.8603, 3.8341,
    1.7922, 2.4719, 0.7844, 4.4625, 1.5369, 1.9641, 0.75, 3.1972, 0.3469, 2.7625, 2.6531, 2.2281,
  ];
  assertNear(resampleImage(image, size, edgesKept(size, [2, 5, 4]), undefined, { order: 1, orderZ: 0 }), expected);
});

test('an anisotropic image is resampled in plane, then along its long axis by an order of its own', () => {
  const nearest = [
    -1.8908, -0.4179, 3.5961, 2.2836, -0.8812, 1.7927, 5.9829, -1.3231, -1.5357, 5.2357, 5.0231, -2.2829, 1.9073,
    4.5812, 1.4164, 0.1039, 4.1179, 5.5908, -0.4803, 3.4741, 0.9892, -1.233, 2.3859, 4.9311, 2.9505, 1.0311, 5.1891,
    2.9048, -2.1987, 2.7837, 6.1681, 0.2869, 0.2372, 4.7019, 4.148, -0.1593, 3.6607, -0.6598, -1.1534, 3.1138, 3.5771,
    -0.9035, 0.7216, 5.6564, 0.7692, -2.2245, 3.777, 6.6, -1.4315, 1.1172, 4.7204, 2.5497, -0.069, 3.5206,
  ];
  assertNear(
    resampleImage(image, size, edgesKept(size, [5, 3, 6]), 0, { order: 3, orderZ: 0 }).subarray(18, 72),
    nearest,
  );
  const cubic = [
    -1.9098, -0.7329, 3.7242, 2.5785, -1.0669, 1.4965, 6.1363, -1.3933, -2.0339, 5.2959, 5.5789, -2.5376, 1.5106,
    4.8657, 1.5664, -0.2221, 4.0449, 6.0152, -1.4254, 2.5437, 2.1418, -0.4583, 1.1024, 4.4505, 4.2629, -0.2999, 3.288,
    4.2819, -0.2896, 0.581, 5.4809, 1.7157, 0.1708, 3.3082, 4.592, 1.477, 1.1358, 2.4321, -0.0494, -0.0753, 3.1592,
    3.2066, 1.8356, 2.9201, 4.3513, 0.8401, -0.8644, 4.6791, 3.9406, 0.1176, 1.6951, 4.4366, 2.6603, 0.5219, 3.8978,
    -0.9859, -1.2444, 3.447, 3.597, -1.3241, 0.6324, 5.908, 0.3772, -2.5083, 4.2754, 6.7549, -1.9822, 1.2419, 5.0228,
    2.3365, -0.3351, 3.8495,
  ];
  assertNear(resampleImage(image, size, edgesKept(size, [4, 3, 6]), 0, { order: 3, orderZ: 3 }), cubic);
});

test('the long axis is found as nnU-Net finds it', () => {
  const plan = { separateZ: null, anisotropy: 3 };
  assert.equal(separateAxis(plan, [5, 1, 1], [1, 1, 1]), 0);
  assert.equal(separateAxis(plan, [1, 1, 1], [1, 1, 5]), 2, 'that of the target');
  assert.equal(separateAxis(plan, [3, 1, 1], [1, 1, 1]), undefined, 'no more than three times');
  assert.equal(separateAxis(plan, [5, 5, 1], [1, 1, 1]), undefined, 'two long axes');
  assert.equal(separateAxis({ separateZ: false, anisotropy: 3 }, [5, 1, 1], [1, 1, 1]), undefined);
  assert.equal(separateAxis({ separateZ: true, anisotropy: 3 }, [2, 1, 1], [1, 1, 1]), 0);
});

test('halves are rounded to the even number of voxels, as Python does', () => {
  assert.deepEqual(resampledSize([5, 7, 9], [1, 1, 1], [2, 2, 2]), [2, 4, 4]);
});

test('every normalisation of nnU-Net, by hand', () => {
  const by = (scheme: Parameters<typeof normalise>[2], values: number[]) => {
    const array = Float32Array.from(values);
    normalise(array, [1, 1, values.length], scheme);
    return [...array].map((value) => Math.round(value * 1e4) / 1e4);
  };
  const ct = { scheme: 'ct', low: -100, high: 300, mean: 50, sd: 100 } as const;
  assert.deepEqual(by(ct, [-1000, 0, 150, 3000]), [-1.5, -0.5, 1, 2.5]);
  // Mean 4, variance 11.5.
  assert.deepEqual(by({ scheme: 'z-score', nonzeroOnly: false }, [0, 2, 5, 9]), [-1.1795, -0.5898, 0.2949, 1.4744]);
  // Of 2, 5, 8: mean 5, variance 6; the zeros at the border stay.
  assert.deepEqual(by({ scheme: 'z-score', nonzeroOnly: true }, [0, 2, 5, 8, 0]), [0, -1.2247, 0, 1.2247, 0]);
  assert.deepEqual(by({ scheme: 'rescale' }, [-1000, 0, 1000]), [0, 0.5, 1]);
  assert.deepEqual(by({ scheme: 'rgb' }, [0, 51, 255]), [0, 0.2, 1]);
  assert.deepEqual(by({ scheme: 'none' }, [-7, 8]), [-7, 8]);
  assert.throws(() => by({ scheme: 'rgb' }, [-1, 8]), { code: 'BUNDLE_INVALID', message: /a CT has HU/ });
});

test('a zero that is enclosed counts as image, one that the border reaches does not', () => {
  const cube = new Float32Array(5 * 5 * 5);
  for (let v = 0; v < cube.length; v += 1) {
    const inside = [v % 5, Math.trunc(v / 5) % 5, Math.trunc(v / 25)].every((at) => at > 0 && at < 4);
    cube[v] = inside ? 1 : 0;
  }
  const centre = 2 * 25 + 2 * 5 + 2;
  cube[centre] = 0;
  const mask = nonzeroMask(cube, [5, 5, 5]);
  assert.equal(
    mask.reduce((sum, value) => sum + value, 0),
    27,
  );
  assert.equal(mask[centre], 1);
});
