import type { Scalar, Tensor } from '@tensorflow/tfjs-node';
import type { TensorFlow } from '../engines/load-tensorflow.ts';
import { foldedTensors, trainingForward } from '../networks/forward.ts';
import type { Network } from '../networks/layers.ts';
import type { Parameters } from '../networks/parameters.ts';
import type { Batch } from './batch.ts';
import { trainedSpecs } from './frozen-layers.ts';
import { type LossWeights, segmentationLoss } from './loss.ts';

export interface StepResult {
  readonly loss: number;
  /** Gradient of the loss for every trainable array. */
  readonly gradients: Map<string, Float32Array>;
  /** Batch statistics of every batch normalisation: `LAYER/mean`, `LAYER/variance`. */
  readonly statistics: Map<string, Float32Array>;
}

/**
 * Loss and gradients of one batch; frees every tensor it makes.
 * @param frozen layers that get no gradient (`frozenLayers`)
 */
export function lossAndGradients(
  tf: TensorFlow,
  network: Network,
  parameters: Parameters,
  batch: Batch,
  weights: LossWeights,
  frozen: ReadonlySet<string>,
): StepResult {
  const specs = trainedSpecs(network, frozen);
  const statistics = new Map<string, Float32Array>();
  const observed: [string, Tensor][] = [];
  let loss = Number.NaN;
  let gradients: StepResult['gradients'] = new Map();
  tf.tidy(() => {
    const tensors = specs.map(({ name, shape }) => tf.tensor(parameters.get(name) ?? [], [...shape]));
    const fixed = foldedTensors(tf, network, parameters, ({ name }) => frozen.has(name));
    const x = tf.tensor(batch.input, [...batch.inputShape]);
    const target = tf.cast(tf.tensor(batch.target, [...batch.targetShape], 'int32'), 'float32');
    const knownShape = batch.targetShape.map((length, axis, { length: rank }) =>
      axis % (rank - 1) === 0 ? length : 1,
    );
    const known = tf.tensor(batch.known, knownShape);
    const lossOf = (...trainable: Tensor[]): Scalar => {
      const named = new Map([...fixed, ...specs.map(({ name }, index) => [name, trainable[index] as Tensor] as const)]);
      const logits = trainingForward(tf, network, named, x, frozen, (layer, mean, variance) => {
        observed.push([`${layer.name}/mean`, mean], [`${layer.name}/variance`, variance]);
      });
      return segmentationLoss(tf, logits, target, known, weights);
    };
    const { value, grads } = tf.valueAndGrads(lossOf)(tensors);
    gradients = new Map(
      specs.map(({ name }, index) => [name, grads[index]?.dataSync<'float32'>() ?? new Float32Array()]),
    );
    loss = value.dataSync()[0] ?? Number.NaN;
  });
  for (const [name, tensor] of observed) {
    statistics.set(name, tensor.dataSync<'float32'>());
    tensor.dispose();
  }
  return { loss, gradients, statistics };
}
