import {
  channelsOf,
  type ConvolutionLayer,
  inputName,
  type Layer,
  layerShapes,
  type Network,
  type Shape,
  spatialAxes,
} from './layers.ts';
import { GraphBuilder, int, ints, text } from './onnx-graph.ts';
import { foldedConvolution, type Parameters } from './parameters.ts';

/**
 * The trained network as an ONNX model: input [batch, height, width, channels] and output probabilities
 * [batch, height, width, ROIs] (3-D: slices before height), both float32 and named as in the layer list's `input` and
 * `output`; batch normalisations are folded into the convolutions, atrous convolutions have `dilations`.
 * @throws ContourNodeError BUNDLE_INVALID where the weights lack an array
 */
export function toOnnx(network: Network, parameters: Parameters, name: string): Uint8Array {
  const shapes = layerShapes(network);
  const graph = new GraphBuilder();
  const axes = spatialAxes(network.input);
  const ordinals = axes.map((_, axis) => axis);
  graph.node('Transpose', [inputName], 'input.nchw', [
    ints('perm', [0, axes.length + 1, ...ordinals.map((axis) => axis + 1)]),
  ]);
  const value = (layer: string): string => (layer === inputName ? 'input.nchw' : `${layer}.value`);
  for (const layer of network.layers) addLayer(graph, layer, shapes, value, parameters);
  graph.node('Sigmoid', [value(network.output)], 'probability', []);
  graph.node('Transpose', ['probability'], 'output', [ints('perm', [0, ...ordinals.map((axis) => axis + 2), 1])]);
  return graph.encode(
    name,
    { name: 'input', shape: network.input },
    { name: 'output', shape: [...axes, channelsOf(shapes.get(network.output) ?? [])] },
  );
}

function addLayer(
  graph: GraphBuilder,
  layer: Layer,
  shapes: ReadonlyMap<string, Shape>,
  value: (layer: string) => string,
  parameters: Parameters,
): void {
  const output = value(layer.name);
  const shapeOf = (name: string): Shape => shapes.get(name) ?? [];
  switch (layer.kind) {
    case 'convolution':
      addConvolution(graph, layer, shapeOf(layer.from), value, parameters);
      break;
    case 'add':
      graph.node('Add', layer.from.map(value), output, []);
      break;
    case 'concatenate':
      graph.node('Concat', layer.from.map(value), output, [int('axis', 1)]);
      break;
    case 'maximum':
      graph.node('MaxPool', [value(layer.from)], output, [
        ints('kernel_shape', twos(shapeOf(layer.from))),
        ints('strides', twos(shapeOf(layer.from))),
      ]);
      break;
    case 'mean':
      graph.node('GlobalAveragePool', [value(layer.from)], output, []);
      break;
    case 'resize': {
      const from = spatialAxes(shapeOf(layer.from));
      const factors = spatialAxes(shapeOf(layer.like)).map((length, axis) => length / (from[axis] ?? length));
      const scales = graph.floats(`${layer.name}.scales`, [factors.length + 2], Float32Array.of(1, 1, ...factors));
      graph.node('Resize', [value(layer.from), '', scales], output, [
        text('mode', 'linear'),
        text('coordinate_transformation_mode', 'half_pixel'),
      ]);
      break;
    }
    case 'broadcast': {
      graph.node(
        'Expand',
        [value(layer.from), graph.integers(`${layer.name}.shape`, [1, 1, ...spatialAxes(shapeOf(layer.like))])],
        output,
        [],
      );
      break;
    }
  }
}

function addConvolution(
  graph: GraphBuilder,
  layer: ConvolutionLayer,
  shape: Shape,
  value: (layer: string) => string,
  parameters: Parameters,
): void {
  const { kernel: size, stride, dilation, filters, depthwise, name } = layer;
  const folded = foldedConvolution(layer, parameters);
  const channels = channelsOf(shape);
  const inputs = depthwise ? 1 : channels;
  const axes = spatialAxes(shape);
  const perAxis = (value: number): number[] => axes.map(() => value);
  const kernel = graph.floats(
    `${name}.kernel`,
    [filters, inputs, ...perAxis(size)],
    outputChannelFirst(folded.kernel, size ** axes.length, inputs, filters),
  );
  const bias = graph.floats(`${name}.bias`, [filters], folded.bias);
  const pads = axes.map((length) => samePadding(length, size, stride, dilation));
  const convolved = layer.relu ? `${name}.linear` : value(name);
  graph.node('Conv', [value(layer.from), kernel, bias], convolved, [
    ints('kernel_shape', perAxis(size)),
    ints('strides', perAxis(stride)),
    ints('dilations', perAxis(dilation)),
    ints('pads', [...pads.map(([before]) => before), ...pads.map(([, after]) => after)]),
    int('group', depthwise ? channels : 1),
  ]);
  if (layer.relu) graph.node('Relu', [convolved], value(name), []);
}

/** [...taps, input, output] (or [...taps, channels, 1]) → [output, input, ...taps]. */
function outputChannelFirst(kernel: Float32Array, taps: number, inputs: number, filters: number): Float32Array {
  const turned = new Float32Array(kernel.length);
  for (let tap = 0; tap < taps; tap += 1) {
    for (let input = 0; input < inputs; input += 1) {
      for (let filter = 0; filter < filters; filter += 1) {
        turned[(filter * inputs + input) * taps + tap] = kernel[(tap * inputs + input) * filters + filter] ?? 0;
      }
    }
  }
  return turned;
}

/** TensorFlow's `same`: as many output pixels as input pixels over the stride, the odd pixel of padding at the end. */
function samePadding(size: number, kernel: number, stride: number, dilation: number): [number, number] {
  const reach = (kernel - 1) * dilation + 1;
  const padding = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
  return [padding >> 1, padding - (padding >> 1)];
}

function twos(shape: Shape): number[] {
  return spatialAxes(shape).map(() => 2);
}
