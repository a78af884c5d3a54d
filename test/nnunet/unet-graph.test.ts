import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openOnnxRuntime } from '../../worker/engines/onnxruntime.ts';
import { readResultsFolder } from '../../worker/nnunet/results-folder.ts';
import { graphInput, graphOutput, unetGraph } from '../../worker/nnunet/unet-graph.ts';
import { seededRandom } from '../../worker/phantom/random.ts';
import { naiveUnet, type SmallNetwork } from '../support/naive-unet.ts';
import { smallWeights, writeNnUnetFolder } from '../support/nnunet-folder.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const patch = [4, 6, 8] as const;

async function logits(t: TestContext, network: SmallNetwork, seeds: readonly number[], slices = false) {
  const folder = await temporaryFolder(t);
  const size = slices ? patch.slice(1) : [...patch];
  const folds = seeds.map((seed) => ({ weights: smallWeights(network, 3, seed) }));
  await writeNnUnetFolder(folder, { network, patch: size, spacing: size.map(() => 2) }, folds);
  const { plan, network: own, weights } = await readResultsFolder(folder, {});
  const model = join(folder, 'model.onnx');
  await writeFile(model, unetGraph(own, plan.labels.heads, weights, 'small'));
  const engine = await openOnnxRuntime(
    model,
    { input: graphInput, output: graphOutput },
    { device: 'cpu', threads: 1 },
  );
  t.after(() => engine.close());

  const random = seededRandom(7);
  const voxels = size.reduce((a, b) => a * b, 1);
  const image = Float32Array.from({ length: voxels }, () => random.between(-2, 2));
  const { data, shape } = await engine.run(image, [1, 1, ...size]);
  assert.deepEqual(shape, [1, 3, ...size]);
  const depth = slices ? 1 : patch[0];
  const expected = folds.map((fold) =>
    naiveUnet(network, fold.weights, { size: [1, depth, patch[1], patch[2]], data: Float64Array.from(image) }),
  );
  data.forEach((value, n) => {
    const mean = expected.reduce((sum, { data: one }) => sum + one[n]!, 0) / expected.length;
    assert.ok(Math.abs(value - mean) < 1e-4, `element ${n}: ${value}, ${mean}`);
  });
}

test('a PlainConvUNet with anisotropic kernels and strides gives what its layers, written as loops, give', (t) =>
  logits(
    t,
    {
      kind: 'plain',
      kernels: [
        [1, 3, 3],
        [3, 3, 3],
      ],
      stride: [1, 2, 2],
    },
    [1],
  ));

test('a ResidualEncoderUNet too: average pooling and projection past the block, the mean of two folds', (t) =>
  logits(
    t,
    {
      kind: 'residual',
      kernels: [
        [3, 3, 3],
        [3, 3, 3],
      ],
      stride: [2, 2, 2],
    },
    [2, 3],
  ));

test('a network of slices too', (t) =>
  logits(
    t,
    {
      kind: 'plain',
      kernels: [
        [1, 3, 3],
        [1, 3, 3],
      ],
      stride: [1, 2, 2],
    },
    [4],
    true,
  ));
