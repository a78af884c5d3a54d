import type { Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-node';
import { ContourNodeError } from '../../src/errors.ts';
import type { TensorFlow } from '../engines/load-tensorflow.ts';
import { type ConvolutionLayer, inputName, type Layer, layerShapes, type Network, spatialAxes } from './layers.ts';
import { batchNormalise, depthwise, largestOfTwo, pointwise, resizeLinear } from './native-kernels.ts';
import { foldedConvolution, type Parameters, parameterSpecs } from './parameters.ts';

/** Mean and variance that a batch normalisation saw; the receiver disposes of them. */
export type StatisticsListener = (layer: ConvolutionLayer, mean: Tensor, variance: Tensor) => void;

/**
 * The network in training: batch normalisations use the batch's own statistics and report them.
 * @param tensors trainable arrays by name (`parameterSpecs`); of a frozen layer `LAYER/kernel` and `LAYER/bias` with its
 *   batch normalisation folded in
 * @param frozen layers that nothing is learned in
 * @param x [batch, height, width, channels], of a 3-D network [batch, slices, height, width, channels]
 * @returns logits, one channel for each ROI
 */
export function trainingForward(
  tf: TensorFlow,
  network: Network,
  tensors: ReadonlyMap<string, Tensor>,
  x: Tensor,
  frozen: ReadonlySet<string>,
  onStatistics: StatisticsListener,
): Tensor {
  return run(tf, network, x, (layer, input) => {
    const convolved = convolve(tf, layer, input, get(tensors, `${layer.name}/kernel`));
    if (!layer.batchNorm || frozen.has(layer.name))
      return biasAndRelu(tf, layer, convolved, get(tensors, `${layer.name}/bias`));
    const gamma = get(tensors, `${layer.name}/gamma`);
    const beta = get(tensors, `${layer.name}/beta`);
    return batchNormalise(tf, convolved, gamma, beta, layer.relu, (mean, variance) =>
      onStatistics(layer, mean, variance),
    );
  });
}

/**
 * `LAYER/kernel` and `LAYER/bias` of convolutions, their batch normalisation folded in.
 * @throws ContourNodeError BUNDLE_INVALID where the weights lack an array
 */
export function foldedTensors(
  tf: TensorFlow,
  network: Network,
  parameters: Parameters,
  wanted: (layer: ConvolutionLayer) => boolean,
): Map<string, Tensor> {
  const shapes = new Map(parameterSpecs(network).map((spec) => [spec.name, spec.shape]));
  const tensors = new Map<string, Tensor>();
  for (const layer of network.layers) {
    if (layer.kind !== 'convolution' || !wanted(layer)) continue;
    const { kernel, bias } = foldedConvolution(layer, parameters);
    tensors.set(`${layer.name}/kernel`, tf.tensor(kernel, [...(shapes.get(`${layer.name}/kernel`) ?? [])]));
    tensors.set(`${layer.name}/bias`, tf.tensor1d(bias));
  }
  return tensors;
}

/** A trained network on TensorFlow, batch normalisation folded. */
export interface InferenceNetwork {
  /** @param x [batch, height, width, channels], 3-D: slices before height; @returns probabilities, a channel a ROI */
  predict(x: Tensor): Tensor;
  dispose(): void;
}

/** @throws ContourNodeError BUNDLE_INVALID where the weights lack an array */
export function inferenceNetwork(tf: TensorFlow, network: Network, parameters: Parameters): InferenceNetwork {
  const tensors = foldedTensors(tf, network, parameters, () => true);
  return {
    predict: (x) =>
      tf.tidy(() => {
        const logits = run(tf, network, x, (layer, input) => {
          const convolved = convolve(tf, layer, input, get(tensors, `${layer.name}/kernel`));
          return biasAndRelu(tf, layer, convolved, get(tensors, `${layer.name}/bias`));
        });
        return tf.sigmoid(logits);
      }),
    dispose: () => {
      for (const tensor of tensors.values()) tensor.dispose();
    },
  };
}

function run(
  tf: TensorFlow,
  network: Network,
  x: Tensor,
  convolution: (layer: ConvolutionLayer, input: Tensor) => Tensor,
): Tensor {
  const shapes = layerShapes(network);
  const axes = spatialAxes(network.input);
  const outputs = new Map<string, Tensor>([[inputName, x]]);
  const output = (name: string): Tensor => get(outputs, name);
  const sizeOf = (name: string): readonly number[] => spatialAxes(get(shapes, name));
  const apply = (layer: Layer): Tensor => {
    switch (layer.kind) {
      case 'convolution':
        return convolution(layer, output(layer.from));
      case 'add':
        return tf.add(output(layer.from[0]), output(layer.from[1]));
      case 'concatenate':
        return tf.concat(layer.from.map(output), -1);
      case 'maximum':
        return largestOfTwo(tf, output(layer.from));
      case 'mean':
        return tf.mean(
          output(layer.from),
          axes.map((_, axis) => axis + 1),
          true,
        );
      case 'resize':
        return resizeLinear(tf, output(layer.from), sizeOf(layer.like));
      default:
        // broadcast
        return tf.tile(output(layer.from), [1, ...sizeOf(layer.like), 1]);
    }
  };
  for (const layer of network.layers) outputs.set(layer.name, apply(layer));
  return output(network.output);
}

function convolve(tf: TensorFlow, layer: ConvolutionLayer, x: Tensor, kernel: Tensor): Tensor {
  if (layer.depthwise) return depthwise(tf, x as Tensor4D, kernel as Tensor4D, layer.stride, layer.dilation);
  if (layer.kernel === 1 && layer.stride === 1) return pointwise(tf, x, kernel);
  return x.rank === 5
    ? tf.conv3d(x as Tensor5D, kernel as Tensor5D, layer.stride, 'same')
    : tf.conv2d(x as Tensor4D, kernel as Tensor4D, layer.stride, 'same');
}

function biasAndRelu(tf: TensorFlow, layer: ConvolutionLayer, x: Tensor, bias: Tensor): Tensor {
  const sum = tf.add(x, bias);
  return layer.relu ? tf.relu(sum) : sum;
}

function get<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new ContourNodeError('INTERNAL', `the network reads ${name} before it exists`);
  return value;
}
