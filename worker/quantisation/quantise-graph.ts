import onnxProto from 'onnx-proto';
import { ContourNodeError } from '../../src/errors.ts';
import { type Constant, quantisable } from './quantisable.ts';

const { onnx } = onnxProto;
type Model = onnxProto.onnx.ModelProto;
type Node = onnxProto.onnx.INodeProto;

/** Smallest and largest value of every quantised value of a network, by name. */
export type Ranges = ReadonlyMap<string, { readonly low: number; readonly high: number }>;

const float = 1;
const uint8 = 2;
const int8 = 3;
const int32 = 6;
const int64 = 7;

/**
 * Weights get 7 bits: without VNNI a processor adds two products of bytes in 16 bits, where 8 bits would saturate and the
 * same bundle would give other contours.
 */
const largestWeight = 63;

/**
 * A graph whose only output is `ranges`: of every value that is to be quantised, in the order of `values`, the smallest and the
 * largest of a batch.
 * @throws ContourNodeError MODEL_NOT_SUPPORTED (nothing can be quantised)
 */
export function rangeGraph(bytes: Uint8Array): { graph: Uint8Array; values: readonly string[] } {
  const model = onnx.ModelProto.decode(bytes);
  const graph = model.graph!;
  const values = [...quantisable(graph).values];
  if (values.length === 0) {
    throw new ContourNodeError('MODEL_NOT_SUPPORTED', 'the network has no convolution that could take integers', {
      remedy: 'use it in float32',
    });
  }
  graph.initializer!.push({ name: 'one.value', dims: [1], dataType: int64, rawData: raw(BigInt64Array.of(1n)) });
  const parts = values.flatMap((value, n) =>
    ['ReduceMin', 'ReduceMax'].map((opType) => {
      const reduced = `range.${n}.${opType}`;
      const attribute = [{ name: 'keepdims', type: onnx.AttributeProto.AttributeType.INT, i: 0 }];
      graph.node!.push({ opType, input: [value], output: [reduced], attribute });
      graph.node!.push({ opType: 'Reshape', input: [reduced, 'one.value'], output: [`${reduced}.flat`] });
      return `${reduced}.flat`;
    }),
  );
  const axis = { name: 'axis', type: onnx.AttributeProto.AttributeType.INT, i: 0 };
  graph.node!.push({ opType: 'Concat', input: parts, output: ['ranges'], attribute: [axis] });
  const shape = { dim: [{ dimValue: parts.length }] };
  graph.output = [{ name: 'ranges', type: { tensorType: { elemType: float, shape } } }];
  return { graph: onnx.ModelProto.encode(model).finish(), values };
}

/**
 * The network with 8-bit integers (static QDQ, as onnxruntime takes it): activations unsigned with a scale a tensor, weights
 * symmetric with a scale a channel, biases of 32 bits. Input and output stay float32.
 * @param ranges of all `values` of `rangeGraph`
 */
export function quantiseGraph(bytes: Uint8Array, ranges: Ranges): Uint8Array {
  const model = onnx.ModelProto.decode(bytes);
  new Quantiser(model, ranges).run();
  return onnx.ModelProto.encode(model).finish();
}

class Quantiser {
  readonly #graph: onnxProto.onnx.IGraphProto;
  readonly #ranges: Ranges;
  readonly #nodes: Node[] = [];

  constructor(model: Model, ranges: Ranges) {
    this.#graph = model.graph!;
    this.#ranges = ranges;
  }

  run(): void {
    const { convolutions, values } = quantisable(this.#graph);
    const constants = new Set(this.#graph.initializer!.map(({ name }) => name));
    for (const input of this.#graph.input!) {
      const name = input.name!;
      if (values.has(name) && !constants.has(name)) this.#round(name);
    }
    for (const node of this.#graph.node!) {
      const inputs = node.input!.map((name) => (values.has(name) ? rounded(name) : name));
      const convolution = convolutions.get(node.output![0]!);
      if (convolution !== undefined) {
        const scales = this.#weights(convolution.weights);
        inputs[1] = rounded(convolution.weights.name!);
        if (convolution.bias !== undefined)
          inputs[2] = this.#bias(convolution.bias, scales, this.#scale(node.input![0]!).scale, node.output![0]!);
      }
      this.#nodes.push({ ...node, input: inputs });
      for (const name of node.output!) if (values.has(name)) this.#round(name);
    }
    this.#graph.node = this.#nodes;
    const used = new Set(this.#nodes.flatMap(({ input }) => input!));
    this.#graph.initializer = this.#graph.initializer!.filter(({ name }) => used.has(name!));
  }

  /** Zero is a value of its own, so that padding is exact. */
  #scale(value: string): { scale: number; zero: number } {
    const { low, high } = this.#ranges.get(value)!;
    const [least, most] = [Math.min(0, low), Math.max(0, high)];
    const scale = Math.fround((most - least) / 255) || 1;
    return { scale, zero: Math.round(-least / scale) };
  }

  #round(value: string): void {
    const { scale, zero } = this.#scale(value);
    const inputs = [
      this.#constant(`${value}.scale`, [], float, Float32Array.of(scale)),
      this.#constant(`${value}.zero`, [], uint8, Uint8Array.of(zero)),
    ];
    this.#nodes.push(
      { opType: 'QuantizeLinear', name: `${value}.quantise`, input: [value, ...inputs], output: [`${value}.u8`] },
      { opType: 'DequantizeLinear', name: rounded(value), input: [`${value}.u8`, ...inputs], output: [rounded(value)] },
    );
  }

  /** @returns the scale of each output channel */
  #weights(tensor: Constant): Float32Array {
    const values = floatsOf(tensor);
    const [channels = 1, ...rest] = tensor.dims!.map(Number);
    const length = rest.reduce((a, b) => a * b, 1);
    const scales = Float32Array.from({ length: channels }, (_, channel) => {
      const own = values.subarray(channel * length, (channel + 1) * length);
      return own.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / largestWeight || 1;
    });
    const integers = Int8Array.from(values, (value, n) => Math.round(value / scales[Math.trunc(n / length)]!));
    this.#dequantise(
      rounded(tensor.name!),
      this.#constant(`${tensor.name!}.i8`, tensor.dims!.map(Number), int8, integers),
      scales,
    );
    return scales;
  }

  #bias(tensor: Constant, scales: Float32Array, ofInput: number, output: string): string {
    const ofBias = scales.map((scale) => scale * ofInput);
    const integers = Int32Array.from(floatsOf(tensor), (value, channel) => Math.round(value / ofBias[channel]!));
    const name = `${output}.bias.rounded`;
    this.#dequantise(name, this.#constant(`${output}.bias.i32`, [integers.length], int32, integers), ofBias);
    return name;
  }

  /** A weight that several convolutions share is there once. */
  #dequantise(name: string, integers: string, scales: Float32Array): void {
    if (this.#nodes.some(({ output }) => output![0] === name)) return;
    const inputs = [integers, this.#constant(`${name}.scale`, [scales.length], float, scales)];
    const axis = { name: 'axis', type: onnx.AttributeProto.AttributeType.INT, i: 0 };
    this.#nodes.push({ opType: 'DequantizeLinear', name, input: inputs, output: [name], attribute: [axis] });
  }

  #constant(name: string, dims: readonly number[], dataType: number, values: ArrayBufferView): string {
    if (!this.#graph.initializer!.some((tensor) => tensor.name === name))
      this.#graph.initializer!.push({ name, dims: [...dims], dataType, rawData: raw(values) });
    return name;
  }
}

function rounded(name: string): string {
  return `${name}.rounded`;
}

function raw({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function floatsOf({ rawData, floatData }: Constant): Float32Array {
  if (rawData === undefined || rawData === null || rawData.length === 0) return Float32Array.from(floatData ?? []);
  // A copy: the bytes of a decoded message need not lie at a multiple of four.
  return new Float32Array(Uint8Array.from(rawData).buffer);
}
