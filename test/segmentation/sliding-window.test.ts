import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Engine } from '../../worker/engines/engine.ts';
import { openOnnxRuntime } from '../../worker/engines/onnxruntime.ts';
import type { Box, Triple } from '../../worker/segmentation/model-view.ts';
import { gaussianWeights, mirrorings, patchStarts } from '../../worker/segmentation/patches.ts';
import { windowLogits, type WindowOptions } from '../../worker/segmentation/window-logits.ts';
import { pointwiseVolumeNetwork } from '../support/pointwise-volume.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

test('patches are spread as nnU-Net spreads them', () => {
  // nnunetv2, compute_steps_for_sliding_window: "image size of 110, patch size of 64 and step_size of 0.5": 0, 23, 46.
  assert.deepEqual(patchStarts(110, 64, 0.5), [0, 23, 46]);
  assert.deepEqual(patchStarts(64, 64, 0.5), [0]);
  assert.deepEqual(patchStarts(65, 64, 0.5), [0, 1]);
  assert.deepEqual(patchStarts(250, 96, 0.5), [0, 38, 77, 116, 154]);
});

test('the weights of a patch are those of scipy in half precision', () => {
  // scipy.ndimage.gaussian_filter of a point at the middle, sigma an eighth of the patch, times 10 over the largest.
  const weights = gaussianWeights([4, 6, 8], 0.125);
  const row = (i: number, j: number) => [...weights.subarray((i * 6 + j) * 8, (i * 6 + j) * 8 + 8)];
  const expected = [
    0.00018668174743652344, 0.0061798095703125, 0.0753173828125, 0.33740234375, 0.55615234375, 0.33740234375,
    0.0753173828125, 0.0061798095703125,
  ];
  assert.deepEqual(row(1, 2), expected);
  const least = 5.960464477539063e-8;
  assert.deepEqual(row(0, 0).slice(0, 3), [least, least, 3 * least]);
});

test('mirroring takes every combination of the allowed axes once', () => {
  assert.deepEqual(mirrorings([]), []);
  assert.deepEqual(
    mirrorings([0, 1, 2])
      .map((axes) => axes.join(''))
      .toSorted(),
    ['0', '01', '012', '02', '1', '12', '2'],
  );
});

async function pointwise(t: TestContext): Promise<Engine> {
  const path = join(await temporaryFolder(t), 'model.onnx');
  await writeFile(path, pointwiseVolumeNetwork([0, 3], [1, -2]));
  const engine = await openOnnxRuntime(path, { input: 'image', output: 'logits' }, { device: 'cpu', threads: 1 });
  t.after(() => engine.close());
  return engine;
}

const options = (patch: Triple, more: Partial<WindowOptions> = {}): WindowOptions => ({
  patch,
  inputShape: [1, 1, ...patch],
  channels: 2,
  step: 0.5,
  spread: 'evenly',
  weights: 'gaussian',
  gaussianSigma: 0.125,
  precision: 'half',
  mirrorAxes: [],
  ...more,
});
const picture = (size: Triple) =>
  Float32Array.from({ length: size[0] * size[1] * size[2] }, (_, v) => ((v * 37) % 101) / 50 - 1);

/** Holds every logit of the box against what the voxel alone gives. @returns the number of patches */
async function assertPointwise(engine: Engine, size: Triple, box: Box, given: WindowOptions): Promise<number> {
  const image = picture(size);
  let patches = 0;
  let next = box.low[0];
  const counted = { ...given, onPatch: (_: number, total: number) => void (patches = total) };
  for await (const { index, logits } of windowLogits(engine, image, size, box, counted)) {
    assert.equal(index, next, 'plane after plane');
    next += 1;
    let at = 0;
    for (let j = box.low[1]; j < box.high[1]; j += 1) {
      for (let k = box.low[2]; k < box.high[2]; k += 1) {
        for (let channel = 0; channel < 2; channel += 1, at += 1) {
          const value = image[(index * size[1] + j) * size[2] + k]!;
          const expected = channel === 0 ? 1 : 3 * value - 2;
          // Half precision; in the corners of the image, where the weights are the smallest numbers it has, less.
          const inside = [index, j, k].every((one, axis) => one >= 2 && one < size[axis]! - 2);
          const allowed = inside ? 0.02 : 0.6;
          assert.ok(Math.abs(logits[at]! - expected) < allowed, `${index}, ${j}, ${k}: ${logits[at]}, ${expected}`);
        }
      }
    }
  }
  assert.equal(next, box.high[0]);
  return patches;
}

test('however the patches overlap, mirrored or not, each voxel gets the answer of the network', async (t) => {
  const engine = await pointwise(t);
  const size: Triple = [13, 20, 17];
  const all = { low: [0, 0, 0], high: size } as const;
  assert.equal(await assertPointwise(engine, size, all, options([8, 12, 8])), 3 * 3 * 4);
  await assertPointwise(engine, size, all, options([8, 12, 8], { mirrorAxes: [0, 1, 2] }));
  await assertPointwise(engine, size, all, options([8, 12, 8], { step: 1 }));
});

test('an image that is smaller than the patch is embedded in it', async (t) => {
  const size: Triple = [5, 9, 20];
  const patches = await assertPointwise(await pointwise(t), size, { low: [0, 0, 0], high: size }, options([8, 12, 16]));
  assert.equal(patches, 2);
});

test('patches that do not meet the box are not computed, and within it nothing changes', async (t) => {
  const engine = await pointwise(t);
  const size: Triple = [24, 40, 40];
  const box = { low: [4, 18, 2], high: [9, 25, 11] } as const;
  const given = options([8, 16, 16]);
  const patches = await assertPointwise(engine, size, box, given);
  assert.equal(patches, 3 * 3 * 2, 'of 5 x 4 x 4');
});

/** A backend whose whole answer is the first voxel of its patch: only the weights decide what a voxel gets. */
const firstVoxel: Engine = {
  name: 'onnxruntime',
  device: 'cpu',
  precision: 'float32',
  run: (input, shape) => {
    const voxels = shape.slice(2).reduce((a, b) => a * b, 1);
    const data = new Float32Array(2 * voxels).fill(1).fill(input[0]!, voxels);
    return Promise.resolve({ data, shape: [1, 2, ...shape.slice(2)] });
  },
  close: () => Promise.resolve(),
};

test('where patches disagree, each counts with its Gaussian weight', async () => {
  const size: Triple = [16, 24, 24];
  const patch: Triple = [16, 16, 16];
  const image = picture(size);
  const starts = patchStarts(24, 16, 0.5);
  const weight = (at: number, start: number) => Math.exp(-((at - start - 8) ** 2) / (2 * 2 * 2));
  for await (const { index, logits } of windowLogits(
    firstVoxel,
    image,
    size,
    { low: [0, 0, 0], high: size },
    options(patch),
  )) {
    if (index < 4 || index > 12) continue;
    for (let j = 4; j < 20; j += 1) {
      for (let k = 4; k < 20; k += 1) {
        let [sum, weights] = [0, 0];
        for (const row of starts) {
          for (const column of starts) {
            if (j < row || j >= row + 16 || k < column || k >= column + 16) continue;
            const own = weight(j, row) * weight(k, column);
            sum += own * image[row * 24 + column]!;
            weights += own;
          }
        }
        const found = logits[2 * (j * 24 + k) + 1]!;
        assert.ok(Math.abs(found - sum / weights) < 0.01, `${index}, ${j}, ${k}: ${found}, ${sum / weights}`);
      }
    }
  }
});

test('a network of slices sees every slice by itself', async (t) => {
  const path = join(await temporaryFolder(t), 'model.onnx');
  await writeFile(path, pointwiseVolumeNetwork([0, 3], [1, -2], 2));
  const engine = await openOnnxRuntime(path, { input: 'image', output: 'logits' }, { device: 'cpu', threads: 1 });
  t.after(() => engine.close());
  const size: Triple = [5, 20, 20];
  const given = options([1, 16, 16], { inputShape: [1, 1, 16, 16], mirrorAxes: [1, 2] });
  assert.equal(await assertPointwise(engine, size, { low: [1, 0, 0], high: [4, 20, 20] }, given), 3 * 2 * 2);
});

test('a network that gives no numbers is an error, not an empty picture', async () => {
  const size: Triple = [4, 8, 8];
  const image = new Float32Array(256).fill(Number.NaN);
  const planes = windowLogits(firstVoxel, image, size, { low: [0, 0, 0], high: size }, options([4, 8, 8]));
  await assert.rejects(planes.next(), { code: 'ENGINE_FAILED', message: /NaN/ });
});
