import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { loadTensorFlow } from '../../worker/engines/load-tensorflow.ts';
import { inferenceNetwork } from '../../worker/networks/forward.ts';
import { buildNetwork } from '../../worker/networks/network.ts';
import { elementCount, initialParameters, type Parameters } from '../../worker/networks/parameters.ts';
import { decodeTensors, encodeTensors } from '../../worker/networks/tensor-file.ts';
import { toOnnx } from '../../worker/networks/to-onnx.ts';
import { seededRandom } from '../../worker/phantom/random.ts';

const tf = await loadTensorFlow();

/** Random weights with batch statistics that are not those of an untrained network. */
function randomWeights(parameters: Parameters): Parameters {
  const random = seededRandom(7);
  for (const [name, values] of parameters) {
    // Small enough for the sigmoid not to saturate: that would hide any difference.
    const range = name.endsWith('/variance') ? [0.8, 1.5] : name.endsWith('/gamma') ? [0.1, 0.5] : [-0.3, 0.3];
    if (!name.endsWith('/kernel'))
      for (let i = 0; i < values.length; i += 1) values[i] = random.between(range[0] ?? 0, range[1] ?? 0);
  }
  return parameters;
}

const networks = [
  [
    'Deeplabv3+ as the paper has it',
    'deeplabv3plus',
    { width: 0.5, pyramidChannels: 64, decoderChannels: [64] },
    [64, 96, 1],
    1,
  ],
  [
    'Deeplabv3+ with output stride 8, a second junction, five slices and eight ROIs',
    'deeplabv3plus',
    {
      width: 0.35,
      outputStride: 8,
      expansion: 4,
      atrousRates: [2, 3, 5],
      pyramidChannels: 32,
      decoderStrides: [4, 2],
      lowLevelChannels: [24, 12],
      decoderChannels: [32, 16],
    },
    [56, 72, 10],
    8,
  ],
  ['U-Net', 'unet', { channels: 8, depth: 3 }, [48, 64, 3], 2],
  ['3-D U-Net', 'unet3d', { channels: 4, depth: 2 }, [12, 24, 16, 2], 3],
] as const;

for (const [what, family, parameters, sample, rois] of networks) {
  test(`${what}: TensorFlow and onnxruntime give the same probabilities (1e-3)`, async () => {
    const network = buildNetwork({ family, parameters: { ...parameters } }, sample, rois);
    const weights = randomWeights(initialParameters(network, 3));
    const random = seededRandom(11);
    const shape = [2, ...sample];
    const input = Float32Array.from({ length: elementCount(shape) }, () => random.next());

    const inference = inferenceNetwork(tf, network, weights);
    const before = tf.memory().numTensors;
    const x = tf.tensor(input, shape);
    const y = inference.predict(x);
    const expected = y.dataSync();
    tf.dispose([x, y]);
    assert.equal(tf.memory().numTensors, before, 'inference keeps no tensor');
    inference.dispose();

    const session = await InferenceSession.create(toOnnx(network, weights, 'parity'));
    const { output } = await session.run({ input: new Tensor('float32', input, shape) });
    await session.release();
    assert.deepEqual(output?.dims, [2, ...sample.slice(0, -1), rois]);
    const found = output.data as Float32Array;
    let largest = 0;
    for (const [i, value] of expected.entries())
      largest = Math.max(largest, Math.abs(value - (found[i] ?? Number.NaN)));
    assert.ok(largest <= 1e-3, `largest difference ${largest}`);
    assert.ok(new Set(found).size > 100, `the network answers with ${new Set(found).size} values`);
  });
}

test('weights survive their file to the bit, and a truncated file is refused', () => {
  const network = buildNetwork({ family: 'unet', parameters: { channels: 4, depth: 1 } }, [8, 8, 1], 1);
  const weights = initialParameters(network, 5);
  const bytes = encodeTensors(weights, { metadata: { made: 'here' } });
  const read = decodeTensors(bytes, 'weights');
  assert.deepEqual(read.tensors, weights);
  assert.deepEqual(read.metadata, { made: 'here' });
  assert.throws(() => decodeTensors(bytes.subarray(0, bytes.length - 10), 'weights'), {
    code: 'BUNDLE_INVALID',
    message: 'weights: truncated',
  });
});

test('a file of weights whose header lies is refused in words', () => {
  const file = (header: unknown): Buffer => {
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    return Buffer.concat([length, json, Buffer.alloc(16)]);
  };
  for (const header of [
    null,
    { a: null },
    { a: { dtype: 'F32', shape: [1] } },
    { a: { dtype: 'F32', shape: [1], data_offsets: [-8, 4] } },
    { a: { dtype: 'F32', shape: [1], data_offsets: [0] } },
    { __metadata__: 7 },
  ]) {
    assert.throws(() => decodeTensors(file(header), 'weights'), { code: 'BUNDLE_INVALID' }, JSON.stringify(header));
  }
});
