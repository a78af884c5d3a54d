import type { Rank, Tensor, Tensor4D } from '@tensorflow/tfjs-node';
import type { TensorFlow } from '../engines/load-tensorflow.ts';
import { batchNormEpsilon } from './parameters.ts';

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/**
 * The part of tfjs-node's backend that runs TensorFlow's own kernels. tfjs composes the gradient of a batch
 * normalisation of a dozen operations with tiled intermediates (8 times slower, measured) and drops the half-pixel
 * attribute in the gradient of a bilinear resize.
 */
interface NativeBackend {
  readonly binding: Readonly<
    Record<'TF_ATTR_TYPE' | 'TF_ATTR_FLOAT' | 'TF_ATTR_STRING' | 'TF_ATTR_BOOL' | 'TF_FLOAT', number>
  >;
  executeSingleOutput(name: string, attributes: Attribute[], inputs: Tensor[]): Tensor;
  executeMultipleOutputs(name: string, attributes: Attribute[], inputs: Tensor[], outputs: number): Tensor[];
}

type Differentiable = (...inputs: Tensor[]) => Tensor;
type CustomGradient = (
  f: (...args: unknown[]) => { value: Tensor; gradFunc: (dy: Tensor, saved: Tensor[]) => Tensor[] },
) => Differentiable;

function customGradient(
  tf: TensorFlow,
  inputs: Tensor[],
  f: (save: (tensors: Tensor[]) => void) => { value: Tensor; gradFunc: (dy: Tensor, saved: Tensor[]) => Tensor[] },
): Tensor {
  // tfjs types allow one gradient only; its implementation takes as many as there are inputs.
  const wrap = tf.customGrad as unknown as CustomGradient;
  return wrap((...args) => f(args[args.length - 1] as (tensors: Tensor[]) => void))(...inputs);
}

/**
 * Batch normalisation with the batch's own mean and variance, then ReLU.
 * @param x [batch, ..., channels]
 * @param onStatistics gets mean and (unbiased) variance of each channel and has to dispose of them
 */
export function batchNormalise<T extends Tensor>(
  tf: TensorFlow,
  x: T,
  gamma: Tensor,
  beta: Tensor,
  relu: boolean,
  onStatistics: (mean: Tensor, variance: Tensor) => void,
): T {
  // TensorFlow's kernel takes two spatial axes; the statistics are the same however the pixels are laid out.
  const [batch = 1, ...rest] = x.shape;
  const channels = rest.at(-1) ?? 1;
  const flat = tf.reshape<Rank.R4>(x, [batch, -1, rest.at(-2) ?? 1, channels]);
  return tf.reshape(normaliseImages(tf, flat, gamma, beta, relu, onStatistics), x.shape) as T;
}

function normaliseImages(
  tf: TensorFlow,
  x: Tensor4D,
  gamma: Tensor,
  beta: Tensor,
  relu: boolean,
  onStatistics: (mean: Tensor, variance: Tensor) => void,
): Tensor4D {
  const backend = tf.backend() as unknown as NativeBackend;
  const { TF_ATTR_TYPE, TF_ATTR_FLOAT, TF_ATTR_STRING, TF_ATTR_BOOL, TF_FLOAT } = backend.binding;
  const attributes: Attribute[] = [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'U', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'epsilon', type: TF_ATTR_FLOAT, value: batchNormEpsilon },
    { name: 'data_format', type: TF_ATTR_STRING, value: 'NHWC' },
    { name: 'is_training', type: TF_ATTR_BOOL, value: true },
  ];
  const outputAttributes = [...attributes, { name: 'exponential_avg_factor', type: TF_ATTR_FLOAT, value: 1 }];
  return customGradient(tf, [x, gamma, beta], (save) => {
    const none = tf.tensor1d([]);
    const outputs = backend.executeMultipleOutputs(
      'FusedBatchNormV3',
      outputAttributes,
      [x, gamma, beta, none, none],
      6,
    );
    const [normalised, mean, variance, ...reserved] = outputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    onStatistics(tf.keep(mean), tf.keep(variance));
    const value = relu ? tf.relu(normalised) : normalised;
    save([x, gamma, value, ...reserved]);
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
      const [x, gamma, y, ...reserved] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
      const type = [{ name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }];
      const inner = relu ? backend.executeSingleOutput('ReluGrad', type, [dy, y]) : dy;
      return backend
        .executeMultipleOutputs('FusedBatchNormGradV3', attributes, [inner, x, gamma, ...reserved], 5)
        .slice(0, 3);
    };
    return { value, gradFunc };
  }) as Tensor4D;
}

/**
 * Linear resize along every axis, pixel centres at half indices, with its gradient.
 * @param x [batch, height, width, channels] or [batch, slices, height, width, channels]
 * @param size of the spatial axes
 */
export function resizeLinear<T extends Tensor>(tf: TensorFlow, x: T, size: readonly number[]): T {
  if (x.rank === 4) return resizeBilinear(tf, x as unknown as Tensor4D, size as [number, number]) as unknown as T;
  const [slices, height, width] = size as [number, number, number];
  const within = (images: Tensor4D) => resizeBilinear(tf, images, [height, width]);
  const across = (rows: Tensor4D) => resizeBilinear(tf, rows, [slices, height * width]);
  return alongThreeAxes(tf, x, within, across) as unknown as T;
}

/**
 * The largest of every 2 x 2 (x 2) voxels.
 * @param x [batch, height, width, channels] or [batch, slices, height, width, channels]
 */
export function largestOfTwo(tf: TensorFlow, x: Tensor): Tensor {
  if (x.rank === 4) return tf.maxPool(x as Tensor4D, 2, 2, 'valid');
  // TensorFlow's own gradient of a pooling in three axes takes four times the processor time.
  const within = (images: Tensor4D) => tf.maxPool(images, 2, 2, 'valid');
  const across = (rows: Tensor4D) => tf.maxPool(rows, [2, 1], [2, 1], 'valid');
  return alongThreeAxes(tf, x, within, across);
}

/**
 * Along three axes in two steps of two: within the slices, then from slice to slice with each slice as one row of pixels.
 * @param x [batch, slices, height, width, channels]
 * @param across changes the first spatial axis alone
 */
function alongThreeAxes(
  tf: TensorFlow,
  x: Tensor,
  within: (images: Tensor4D) => Tensor4D,
  across: (rows: Tensor4D) => Tensor4D,
): Tensor {
  const [batch, slices, height, width, channels] = x.shape as [number, number, number, number, number];
  const images = within(tf.reshape<Rank.R4>(x, [batch * slices, height, width, channels]));
  const [, toHeight, toWidth] = images.shape;
  const rows = across(tf.reshape<Rank.R4>(images, [batch, slices, toHeight * toWidth, channels]));
  return tf.reshape(rows, [batch, rows.shape[1], toHeight, toWidth, channels]);
}

function resizeBilinear(tf: TensorFlow, x: Tensor4D, size: [number, number]): Tensor4D {
  const backend = tf.backend() as unknown as NativeBackend;
  const { TF_ATTR_TYPE, TF_ATTR_BOOL, TF_FLOAT } = backend.binding;
  const attributes: Attribute[] = [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'align_corners', type: TF_ATTR_BOOL, value: false },
    { name: 'half_pixel_centers', type: TF_ATTR_BOOL, value: true },
  ];
  return customGradient(tf, [x], (save) => {
    save([x]);
    return {
      value: tf.image.resizeBilinear(x, size, false, true),
      gradFunc: (dy, saved) => [backend.executeSingleOutput('ResizeBilinearGrad', attributes, [dy, ...saved])],
    };
  }) as Tensor4D;
}

/**
 * 1 x 1 (x 1) convolution of stride 1 as a matrix product: its two gradients are then matrix products as well, which run
 * about twice as fast as TensorFlow's backward convolutions on a CPU (measured).
 * @param kernel [1, 1, input, output], or one axis more
 */
export function pointwise<T extends Tensor>(tf: TensorFlow, x: T, kernel: Tensor): T {
  const [channels = 1, filters = 1] = kernel.shape.slice(-2);
  const product = tf.matMul(tf.reshape(x, [-1, channels]), tf.reshape(kernel, [channels, filters]));
  return tf.reshape(product, [...x.shape.slice(0, -1), filters]) as T;
}

/**
 * Depthwise 3 x 3 convolution, `same` padding. Dilated ones have no gradient in TensorFlow's CPU kernels: the pixels
 * are sorted into dilation² images of every dilation-th pixel, convolved densely and sorted back, which is the same map.
 * @param kernel [3, 3, channels, 1]
 */
export function depthwise(tf: TensorFlow, x: Tensor4D, kernel: Tensor4D, stride: 1 | 2, dilation: number): Tensor4D {
  if (dilation === 1) return tf.depthwiseConv2d(x, kernel, stride, 'same');
  const [, height, width] = x.shape;
  const extra = (size: number): number => (dilation - (size % dilation)) % dilation;
  const block = [dilation, dilation];
  const split = tf.spaceToBatchND<Tensor4D>(x, block, [
    [dilation, dilation + extra(height)],
    [dilation, dilation + extra(width)],
  ]);
  const convolved = tf.depthwiseConv2d(split, kernel, 1, 'valid');
  return tf.batchToSpaceND<Tensor4D>(convolved, block, [
    [0, extra(height)],
    [0, extra(width)],
  ]);
}
