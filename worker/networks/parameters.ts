import { ContourNodeError } from '../../src/errors.ts';
import { seededRandom } from '../phantom/random.ts';
import { channelsOf, type ConvolutionLayer, layerShapes, type Network, spatialAxes } from './layers.ts';

/**
 * One array of a network, in TensorFlow's order: kernels [height, width, input, output] (3-D: slices first), depthwise
 * [height, width, channels, 1].
 */
export interface ParameterSpec {
  /** `LAYER/ROLE` */
  readonly name: string;
  readonly layer: string;
  readonly shape: readonly number[];
  /** false: running mean and variance of a batch normalisation, which no gradient changes. */
  readonly trainable: boolean;
  readonly role: 'kernel' | 'bias' | 'gamma' | 'beta' | 'mean' | 'variance';
}

/** Values of every array by name. */
export type Parameters = Map<string, Float32Array>;

/** Added to the variance before the root (Keras's default). */
export const batchNormEpsilon = 1e-3;

/** Every array of the network in the order of its layers. */
export function parameterSpecs(network: Network): ParameterSpec[] {
  const shapes = layerShapes(network);
  return network.layers.flatMap((layer): ParameterSpec[] => {
    if (layer.kind !== 'convolution') return [];
    const input = shapes.get(layer.from) ?? [];
    const channels = channelsOf(input);
    const { name, kernel, filters } = layer;
    const taps = spatialAxes(input).map(() => kernel);
    const kernelShape = layer.depthwise ? [...taps, channels, 1] : [...taps, channels, filters];
    const spec = (role: ParameterSpec['role'], shape: number[], trainable = true): ParameterSpec => ({
      name: `${name}/${role}`,
      layer: name,
      shape,
      trainable,
      role,
    });
    const kernelSpec = spec('kernel', kernelShape);
    if (!layer.batchNorm) return [kernelSpec, spec('bias', [filters])];
    const perChannel = [filters];
    return [
      kernelSpec,
      spec('gamma', perChannel),
      spec('beta', perChannel),
      spec('mean', perChannel, false),
      spec('variance', perChannel, false),
    ];
  });
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function copyOf(parameters: Parameters): Parameters {
  return new Map(Array.from(parameters, ([name, values]) => [name, values.slice()]));
}

/** Number of trainable parameters. */
export function parameterCount(network: Network): number {
  return parameterSpecs(network)
    .filter((spec) => spec.trainable)
    .reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

/** Probability that the untrained network gives to every ROI: most pixels belong to none. */
const initialProbability = 0.02;

/**
 * Values before training: kernels normal with variance 2 / fan-in (He et al. 2015), the same for the same seed; the
 * output's bias gives every ROI a small probability.
 */
export function initialParameters(network: Network, seed: number): Parameters {
  const parameters: Parameters = new Map();
  const last = network.layers.findLast((layer) => layer.kind === 'convolution');
  for (const [index, { name, shape, role }] of parameterSpecs(network).entries()) {
    const values = new Float32Array(elementCount(shape));
    if (role === 'kernel') {
      const [channels = 1, filters = 1] = shape.slice(-2);
      const taps = elementCount(shape.slice(0, -2));
      const depthwise = filters === 1 && taps > 1;
      fillNormal(values, Math.sqrt(2 / (taps * (depthwise ? 1 : channels))), seed, index);
    } else if (role === 'gamma' || role === 'variance') {
      values.fill(1);
    } else if (role === 'bias' && name === `${last?.name ?? ''}/bias`) {
      values.fill(Math.log(initialProbability / (1 - initialProbability)));
    }
    parameters.set(name, values);
  }
  return parameters;
}

/** Box-Muller. */
function fillNormal(values: Float32Array, deviation: number, seed: number, stream: number): void {
  const random = seededRandom(seed, stream);
  for (let i = 0; i < values.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random.next())) * deviation;
    const angle = 2 * Math.PI * random.next();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle);
  }
}

/**
 * Kernel and bias of a convolution for inference, the batch normalisation (with its running mean and variance) folded in.
 * @throws ContourNodeError BUNDLE_INVALID where an array is missing
 */
export function foldedConvolution(
  layer: ConvolutionLayer,
  parameters: Parameters,
): { kernel: Float32Array; bias: Float32Array } {
  const array = (role: ParameterSpec['role']): Float32Array => {
    const values = parameters.get(`${layer.name}/${role}`);
    if (values === undefined) throw new ContourNodeError('BUNDLE_INVALID', `the weights lack ${layer.name}/${role}`);
    return values;
  };
  if (!layer.batchNorm) return { kernel: array('kernel'), bias: array('bias') };
  const [gamma, beta, mean, variance] = [array('gamma'), array('beta'), array('mean'), array('variance')];
  const scale = gamma.map((value, c) => value / Math.sqrt((variance[c] ?? 0) + batchNormEpsilon));
  // The channel runs fastest in both kernel layouts: the output channel, or the only one of a depthwise kernel.
  const kernel = array('kernel').map((value, i) => value * (scale[i % layer.filters] ?? 0));
  const bias = beta.map((value, c) => value - (mean[c] ?? 0) * (scale[c] ?? 0));
  return { kernel, bias };
}
