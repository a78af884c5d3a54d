import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { sliceManifestSchema, type SliceManifest } from '../../src/bundles/manifest.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { Engine } from '../../worker/engines/engine.ts';
import { openOnnxRuntime } from '../../worker/engines/onnxruntime.ts';
import { infer, one, outputGrid } from '../../worker/inference/infer.ts';
import type { Volume } from '../../worker/volume/volume.ts';
import { grid } from '../support/synthetic-ct.ts';
import { inputName, LayerList } from '../../worker/networks/layers.ts';
import { toOnnx } from '../../worker/networks/to-onnx.ts';
import { temporaryFolder, thresholdDescription } from '../support/threshold-bundle.ts';
import { pointwiseNetwork } from '../support/tiny-onnx.ts';

const model = { path: '-', sha256: '0'.repeat(64) };
const values = { ...model, shape: [1] };
const on = grid([6, 4, 5], [2, 2, 3]);
/** The window [-100, 300] maps these to 0 … 1. */
const volume: Volume = { grid: on, hu: Int16Array.from({ length: 6 * 4 * 5 }, (_, v) => -100 + ((v * 37) % 400)) };
const value = (v: number) => (volume.hu[v]! + 100) / 400;

function manifest(changes: Partial<SliceManifest>): SliceManifest {
  return sliceManifestSchema.parse({
    formatVersion: 1,
    ...thresholdDescription,
    files: { model, golden: { input: values, output: values } },
    ...changes,
    input: { ...thresholdDescription.input, size: [6, 4] },
  });
}

async function run(
  t: TestContext,
  network: Parameters<typeof pointwiseNetwork>[0],
  changes: Partial<SliceManifest>,
  batchSize = 2,
) {
  const path = join(await temporaryFolder(t), 'model.onnx');
  await writeFile(path, pointwiseNetwork(network));
  const engine = await openOnnxRuntime(path, { input: 'input', output: 'output' }, { device: 'cpu', threads: 1 });
  t.after(() => engine.close());
  return infer(engine, volume, manifest(changes), { batchSize });
}

function assertProbabilities(actual: Uint16Array, expected: (v: number) => number, tolerance = 2e-5): void {
  actual.forEach((found, v) =>
    assert.ok(Math.abs(found / one - expected(v)) < tolerance, `voxel ${v}: ${found / one}, ${expected(v)}`),
  );
}

const rois = (...names: string[]) =>
  names.map((name) => ({ ...thresholdDescription.rois[0]!, name })) as SliceManifest['rois'];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

test('a 3-D network sees overlapping patches; what it says of a voxel alone comes out as it is', async (t) => {
  const nhwc = { layout: 'nhwc', tensor: 'output', scale: 1 } as const;
  const twins = rois('Parotid_L', 'Parotid_R').map((roi, n) => ({ ...roi, mirror: `Parotid_${'RL'[n]}` }));
  const described = manifest({ rois: twins, output: { ...nhwc, activation: 'probability' } });
  const [left, right] = [(v: number) => sigmoid(6 * value(v) - 2), (v: number) => sigmoid(1 - 3 * value(v))];
  // The scan has 5 slices.
  for (const [slices, ends] of [
    [2, [2, 3, 4, 5]],
    [4, [4, 5]],
    [8, [5]],
  ] as const) {
    const engine = await voxelByVoxel(t, slices);
    const input = { ...described.input, layout: nhwc.layout, patch: { slices, step: 0.5 } };
    const done: number[] = [];
    const options = { batchSize: 8, onSlices: (slice: number) => done.push(slice) };
    const plain = await infer(engine, volume, { ...described, input }, options);
    assert.deepEqual(done, ends);
    // Each of up to four patches rounds to 1/65535.
    assertProbabilities(plain.rois[0]!, left, 4e-5);
    assertProbabilities(plain.rois[1]!, right, 4e-5);
    const both = await infer(engine, volume, { ...described, input, flipAverage: true }, { batchSize: 8 });
    for (const roi of both.rois) assertProbabilities(roi, (v) => (left(v) + right(v)) / 2, 8e-5);
    await assert.rejects(infer(engine, volume, { ...described, input: { ...input, layout: 'nchw' } }, options), {
      code: 'BUNDLE_INVALID',
    });
  }
});

/** A 3-D network with a kernel of one voxel: sigmoid(6 x - 2) and sigmoid(1 - 3 x). */
async function voxelByVoxel(t: TestContext, slices: number): Promise<Engine> {
  const list = new LayerList();
  const output = list.convolution('linear', inputName, 2, { batchNorm: false, relu: false });
  const network = { input: [slices, 4, 6, 1], layers: list.layers, encoder: [], output };
  const weights = new Map([
    ['linear/kernel', Float32Array.of(6, -3)],
    ['linear/bias', Float32Array.of(-2, 1)],
  ]);
  const path = join(await temporaryFolder(t), 'model.onnx');
  await writeFile(path, toOnnx(network, weights, 'linear'));
  const engine = await openOnnxRuntime(path, { input: 'input', output: 'output' }, { device: 'cpu', threads: 1 });
  t.after(() => engine.close());
  return engine;
}

test('probabilities, logits and softmax with background all come out as the probability of the ROI', async (t) => {
  const linear = { weights: [[6], [-3]], bias: [-2, 1] };
  const two = { rois: rois('A', 'B') };
  const layout = 'nchw' as const;
  const output = { layout, tensor: 'output', scale: 1 };
  const byNetwork = await run(t, linear, { ...two, output: { ...output, activation: 'probability' } });
  const byNode = await run(
    t,
    { ...linear, activation: 'none' },
    { ...two, output: { ...output, activation: 'logit' } },
  );
  for (const found of [byNetwork, byNode]) {
    assertProbabilities(found.rois[0]!, (v) => sigmoid(6 * value(v) - 2));
    assertProbabilities(found.rois[1]!, (v) => sigmoid(-3 * value(v) + 1));
  }
  const softmax = await run(
    t,
    { ...linear, activation: 'none' },
    { rois: rois('B'), output: { ...output, activation: 'softmax' } },
  );
  assert.equal(softmax.rois.length, 1);
  assertProbabilities(softmax.rois[0]!, (v) => sigmoid(-9 * value(v) + 3));
});

test('the batch size changes nothing', async (t) => {
  const network = { weights: [[6]], bias: [-2] };
  const one1 = await run(t, network, {}, 1);
  for (const batchSize of [2, 5, 64]) assert.deepEqual((await run(t, network, {}, batchSize)).rois, one1.rois);
});

test('averaging with the mirror image exchanges left and right organs, and nothing overflows', async (t) => {
  const [left, right, both] = rois('Parotid_L', 'Parotid_R', 'Brainstem') as [
    SliceManifest['rois'][0],
    SliceManifest['rois'][0],
    SliceManifest['rois'][0],
  ];
  const paired = [{ ...left, mirror: 'Parotid_R' }, { ...right, mirror: 'Parotid_L' }, both];
  const found = await run(
    t,
    { weights: [[1], [0.5], [0]], bias: [0, 0, 1], activation: 'none' },
    { rois: paired, flipAverage: true },
  );
  // A network of one pixel knows no sides: each twin becomes the mean of both channels, at its own place.
  assertProbabilities(found.rois[0]!, (v) => 0.75 * value(v));
  assertProbabilities(found.rois[1]!, (v) => 0.75 * value(v));
  assertProbabilities(found.rois[2]!, () => 1);
});

test('a network that gives NaN fails, it does not find nothing', async (t) => {
  await assert.rejects(run(t, { weights: [[NaN]], bias: [0] }, {}), (error) => {
    assert.ok(error instanceof ContourNodeError && error.code === 'ENGINE_FAILED');
    return true;
  });
});

test('an output of another scale covers the same area', () => {
  for (const scale of [0.5, 2]) {
    const out = outputGrid(on, scale);
    for (const axis of [0, 1] as const) {
      const edges = ({ origin, spacing, size }: typeof on) => [
        origin[axis] - spacing[axis] / 2,
        origin[axis] + (size[axis] - 0.5) * spacing[axis],
      ];
      assert.deepEqual(edges(out), edges(on));
    }
  }
});
