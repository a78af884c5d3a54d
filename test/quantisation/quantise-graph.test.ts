import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import onnxProto from 'onnx-proto';
import { ContourNodeError } from '../../src/errors.ts';
import { openOnnxRuntime } from '../../worker/engines/onnxruntime.ts';
import { GraphBuilder, int, ints } from '../../worker/networks/onnx-graph.ts';
import { seededRandom } from '../../worker/phantom/random.ts';
import { Calibration } from '../../worker/quantisation/calibrate.ts';
import { quantiseGraph, rangeGraph } from '../../worker/quantisation/quantise-graph.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const { onnx } = onnxProto;
const size = 12;
const shape = [1, 2, size, size];

/** Two convolutions, one way past them, their concatenation, a third convolution, and a head. */
function network(): Uint8Array {
  const random = seededRandom(3);
  const graph = new GraphBuilder();
  const floats = (name: string, ...dims: number[]) =>
    graph.floats(
      name,
      dims,
      Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.between(-1, 1)),
    );
  const conv = (name: string, from: string, [outputs, inputs, kernel]: [number, number, number], relu = true) => {
    const weights = [floats(`${name}.w`, outputs, inputs, kernel, kernel), floats(`${name}.b`, outputs)];
    const pad = (kernel - 1) / 2;
    graph.node('Conv', [from, ...weights], relu ? `${name}.c` : name, [ints('pads', [pad, pad, pad, pad])]);
    if (relu) graph.node('Relu', [`${name}.c`], name);
    return name;
  };
  const first = conv('first', 'x', [4, 2, 3]);
  const second = conv('second', first, [4, 4, 3]);
  graph.node('Add', [first, second], 'sum');
  graph.node('Concat', ['sum', first], 'both', [int('axis', 1)]);
  const third = conv('third', 'both', [4, 8, 3]);
  conv('head', third, [1, 4, 1], false);
  graph.node('Sigmoid', ['head'], 'y');
  return graph.encode('test', { name: 'x', shape: shape.slice(1) }, { name: 'y', shape: [1, size, size] });
}

async function run(t: TestContext, bytes: Uint8Array, output: string, input: Float32Array): Promise<Float32Array> {
  const file = join(await temporaryFolder(t), 'model.onnx');
  await writeFile(file, bytes);
  const engine = await openOnnxRuntime(file, { input: 'x', output }, { device: 'cpu', threads: 1 });
  t.after(() => engine.close());
  return (await engine.run(input, shape)).data;
}

test('a network with 8-bit integers answers nearly as in float32, from ranges that its values have', async (t) => {
  const bytes = network();
  const random = seededRandom(4);
  const input = Float32Array.from({ length: 2 * size * size }, () => random.between(0, 1));
  const exact = await run(t, bytes, 'y', input);

  const { graph, values } = rangeGraph(bytes);
  assert.deepEqual(values, ['x', 'first', 'second', 'sum', 'both', 'third'], 'not the head, which is the last');
  const measured = await run(t, graph, 'ranges', input);
  assert.equal(measured.length, 2 * values.length);
  assert.equal(measured[0], Math.min(...input));
  assert.equal(measured[1], Math.max(...input));

  const engine = { name: 'onnxruntime', device: 'cpu', precision: 'float32', close: async () => undefined } as const;
  const answer = (data: Float32Array) => ({ ...engine, run: async () => ({ data, shape: [] }) });
  const calibration = new Calibration(values);
  await calibration.watch(answer(exact), answer(measured)).run(input, shape);
  const ranges = calibration.ranges();
  assert.deepEqual(ranges.get('third'), { low: measured[10], high: measured[11] });

  const quantised = quantiseGraph(bytes, ranges);
  const rounded = await run(t, quantised, 'y', input);
  const differences = exact.map((value, n) => Math.abs(value - rounded[n]!));
  const mean = differences.reduce((a, b) => a + b, 0) / differences.length;
  assert.ok(mean > 0 && mean < 0.01 && Math.max(...differences) < 0.1, `${mean}, ${Math.max(...differences)}`);

  const model = onnx.ModelProto.decode(quantised).graph!;
  const bytesOf = (name: string) => model.initializer!.find((tensor) => tensor.name === name)!.rawData!;
  const weights = new Int8Array(Uint8Array.from(bytesOf('second.w.i8')).buffer);
  for (let channel = 0; channel < 4; channel += 1) {
    const own = weights.subarray(channel * 36, (channel + 1) * 36).map(Math.abs);
    assert.equal(Math.max(...own), 63, 'every channel uses the 7 bits that no processor saturates with');
  }
  assert.ok(!model.initializer!.some(({ name }) => name === 'second.w'), 'the weights in float32 are gone');
  assert.ok(model.initializer!.some(({ name }) => name === 'head.w'));
});

test('a network without a convolution before its last is refused in words', () => {
  const graph = new GraphBuilder();
  graph.node('Sigmoid', ['x'], 'y');
  const bytes = graph.encode('test', { name: 'x', shape: [1, 4, 4] }, { name: 'y', shape: [1, 4, 4] });
  assert.throws(
    () => rangeGraph(bytes),
    (error) =>
      error instanceof ContourNodeError && error.code === 'MODEL_NOT_SUPPORTED' && /no convolution/.test(error.message),
  );
});
