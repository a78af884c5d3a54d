import type { Tensor, Tensor4D } from '@tensorflow/tfjs-node';
import { ContourNodeError } from '../../src/errors.ts';
import type { TensorFlow } from '../engines/load-tensorflow.ts';
import { type ConvolutionLayer, inputName, type Layer, layerShapes, type Network } from './layers.ts';
import { batchNormalise, depthwise, pointwise, resizeBilinear } from './native-kernels.ts';
import { foldedConvolution, type Parameters, parameterSpecs } from './parameters.ts';

/** Mean and variance that a batch normalisation saw; the receiver disposes of them. */
export type StatisticsListener = (layer: ConvolutionLayer, mean: Tensor, variance: Tensor) => void;

/**
 * The network in training: batch normalisations use the batch's own statistics and report them.
 * @param tensors trainable arrays by name (`parameterSpecs`); of a frozen layer `LAYER/kernel` and `LAYER/bias` with its
 *   batch normalisation folded in
 * @param frozen layers that nothing is learned in
 * @param x [batch, height, width, channels]
 * @returns logits [batch, height, width, ROIs]
 */
export function trainingForward(
  tf: TensorFlow,
  network: Network,
  tensors: ReadonlyMap<string, Tensor>,
  x: Tensor4D,
  frozen: ReadonlySet<string>,
  onStatistics: StatisticsListener,
): Tensor4D {
  return run(tf, network, x, (layer, input) => {
    const convolved = convolve(tf, layer, input, get(tensors, `${layer.name}/kernel`) as Tensor4D);
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
  /** @param x [batch, height, width, channels]; @returns probabilities [batch, height, width, ROIs] */
  predict(x: Tensor4D): Tensor4D;
  dispose(): void;
}

/** @throws ContourNodeError BUNDLE_INVALID where the weights lack an array */
export function inferenceNetwork(tf: TensorFlow, network: Network, parameters: Parameters): InferenceNetwork {
  const tensors = foldedTensors(tf, network, parameters, () => true);
  return {
    predict: (x) =>
      tf.tidy(() => {
        const logits = run(tf, network, x, (layer, input) => {
          const convolved = convolve(tf, layer, input, get(tensors, `${layer.name}/kernel`) as Tensor4D);
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
  x: Tensor4D,
  convolution: (layer: ConvolutionLayer, input: Tensor4D) => Tensor4D,
): Tensor4D {
  const shapes = layerShapes(network);
  const outputs = new Map<string, Tensor4D>([[inputName, x]]);
  const output = (name: string): Tensor4D => get(outputs, name);
  const apply = (layer: Layer): Tensor4D => {
    switch (layer.kind) {
      case 'convolution':
        return convolution(layer, output(layer.from));
      case 'add':
        return tf.add(output(layer.from[0]), output(layer.from[1]));
      case 'concatenate':
        return tf.concat(layer.from.map(output), 3);
      case 'maximum':
        return tf.maxPool(output(layer.from), 2, 2, 'valid');
      case 'mean':
        return tf.mean<Tensor4D>(output(layer.from), [1, 2], true);
      case 'resize': {
        const [height, width] = shapes.get(layer.like) ?? [0, 0];
        return resizeBilinear(tf, output(layer.from), [height, width]);
      }
      default: {
        // broadcast
        const [height, width] = shapes.get(layer.like) ?? [0, 0];
        return tf.tile(output(layer.from), [1, height, width, 1]);
      }
    }
  };
  for (const layer of network.layers) outputs.set(layer.name, apply(layer));
  return output(network.output);
}

function convolve(tf: TensorFlow, layer: ConvolutionLayer, x: Tensor4D, kernel: Tensor4D): Tensor4D {
  if (layer.depthwise) return depthwise(tf, x, kernel, layer.stride, layer.dilation);
  return layer.kernel === 1 && layer.stride === 1
    ? pointwise(tf, x, kernel)
    : tf.conv2d(x, kernel, layer.stride, 'same');
}

function biasAndRelu(tf: TensorFlow, layer: ConvolutionLayer, x: Tensor4D, bias: Tensor): Tensor4D {
  const sum = tf.add<Tensor4D>(x, bias);
  return layer.relu ? tf.relu(sum) : sum;
}

function get<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new ContourNodeError('INTERNAL', `the network reads ${name} before it exists`);
  return value;
}
