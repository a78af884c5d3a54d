/**
 * `node bench/roofline.ts MODEL.onnx INPUT SHAPE [INT8.onnx]`, e.g. `... model.onnx x 1,1,512,512`: what limits a network on this
 * processor. The operations and bytes of its convolutions, counted in the graph, beside what one thread reaches with a matrix
 * product and with a copy of memory in the same run. Processor seconds of one thread, because they say the same on a busy machine.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { graphTensors, openOnnxRuntime } from '../worker/engines/onnxruntime.ts';
import { GraphBuilder } from '../worker/networks/onnx-graph.ts';

const { onnx } = onnxProto;
const repeats = 5;

/** The least of some runs, by turns. */
async function leastSeconds(runs: readonly (() => Promise<unknown>)[]): Promise<number[]> {
  const least = runs.map(() => Infinity);
  for (let n = 0; n <= repeats; n += 1) {
    for (const [index, run] of runs.entries()) {
      const start = process.cpuUsage();
      await run();
      const { user, system } = process.cpuUsage(start);
      // The first run allocates.
      if (n > 0) least[index] = Math.min(least[index]!, (user + system) / 1e6);
    }
  }
  return least;
}

/** A graph whose only output are the shapes of all convolutions' outputs, [convolutions, axes]. */
function shapeGraph(bytes: Uint8Array) {
  const model = onnx.ModelProto.decode(bytes);
  const graph = model.graph!;
  const constants = new Map(graph.initializer!.map((tensor) => [tensor.name, tensor.dims!.map(Number)]));
  const convolutions = graph.node!.filter(({ opType }) => opType === 'Conv');
  const parts = convolutions.map(({ output }, n) => {
    graph.node!.push({ opType: 'Shape', input: [output![0]!], output: [`shape.${n}`] });
    const to = { name: 'to', type: onnx.AttributeProto.AttributeType.INT, i: 1 };
    graph.node!.push({ opType: 'Cast', input: [`shape.${n}`], output: [`shape.${n}.float`], attribute: [to] });
    return `shape.${n}.float`;
  });
  const axis = { name: 'axis', type: onnx.AttributeProto.AttributeType.INT, i: 0 };
  graph.node!.push({ opType: 'Concat', input: parts, output: ['shapes'], attribute: [axis] });
  graph.output = [{ name: 'shapes', type: { tensorType: { elemType: 1 } } }];
  const weights = convolutions.map(({ input }) => constants.get(input![1])!);
  return { graph: onnx.ModelProto.encode(model).finish(), weights };
}

function product(values: ArrayLike<number>): number {
  return Array.from(values).reduce((a, b) => a * b, 1);
}

const work = await mkdtemp(join(tmpdir(), 'contour-node-roofline-'));
const [, , model = '', input = '', shapeText = '', int8] = process.argv;
const shape = shapeText.split(',').map(Number);
const open = (path: string, tensors: { input: string; output: string }) =>
  openOnnxRuntime(path, tensors, { device: 'cpu', threads: 1 });
try {
  const bytes = await readFile(model);
  const values = new Float32Array(product(shape)).fill(0.1);
  const { graph, weights } = shapeGraph(bytes);
  await writeFile(join(work, 'shapes.onnx'), graph);
  const asked = await open(join(work, 'shapes.onnx'), { input, output: 'shapes' });
  const { data: shapes } = await asked.run(values, shape);
  await asked.close();
  let operations = 0;
  let moved = 0;
  for (const [n, weight] of weights.entries()) {
    const output = product(shapes.subarray(n * shape.length, (n + 1) * shape.length));
    const [, ...perOutput] = weight;
    operations += 2 * output * product(perOutput);
    // What one convolution writes the next one reads.
    moved += 4 * (product(weight) + 2 * output);
  }

  const side = 1024;
  const builder = new GraphBuilder();
  builder.floats('w', [side, side], new Float32Array(side * side).fill(0.5));
  builder.node('MatMul', ['x', 'w'], 'y');
  const bounds = { name: 'y', shape: [side, side] };
  await writeFile(join(work, 'product.onnx'), builder.encode('product', { ...bounds, name: 'x' }, bounds));
  const matrix = await open(join(work, 'product.onnx'), { input: 'x', output: 'y' });
  const square = new Float32Array(side * side).fill(0.5);
  const source = new Float32Array(2 ** 25).fill(1);
  const target = new Float32Array(2 ** 25);
  const output = (await graphTensors(model)).outputs[0]!.name;
  const engines = [await open(model, { input, output })];
  if (int8 !== undefined) engines.push(await open(int8, { input, output }));
  const [ofProduct, ofCopy, ...ofNetworks] = await leastSeconds([
    () => matrix.run(square, [1, side, side]),
    async () => target.set(source),
    ...engines.map((engine) => () => engine.run(values, shape)),
  ]);
  for (const engine of [matrix, ...engines]) await engine.close();

  const flops = (2 * side ** 3) / ofProduct!;
  const bandwidth = (2 * source.byteLength) / ofCopy!;
  const [own, rounded] = ofNetworks;
  const giga = (value: number) => (value / 1e9).toFixed(1);
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, one thread, processor time`);
  console.log(`  matrix product        ${giga(flops)} GFLOP/s; copy of memory ${giga(bandwidth)} GB/s`);
  console.log(
    `  network               ${giga(operations)} GFLOP, ${giga(moved)} GB moved at most: at least ${(operations / flops).toFixed(3)} s of arithmetic, ${(moved / bandwidth).toFixed(3)} s of memory`,
  );
  console.log(
    `  measured              ${own!.toFixed(3)} s: ${giga(operations / own!)} GFLOP/s, ${((100 * operations) / own! / flops).toFixed(0)} % of the matrix product`,
  );
  if (rounded !== undefined)
    console.log(`  with 8-bit integers   ${rounded.toFixed(3)} s, ${(rounded / own!).toFixed(2)} of float32`);
} finally {
  await rm(work, { recursive: true, force: true });
}
