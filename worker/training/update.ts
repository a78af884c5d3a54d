import { ContourNodeError } from '../../src/errors.ts';
import type { TensorFlow } from '../engines/load-tensorflow.ts';
import type { Network } from '../networks/layers.ts';
import type { Parameters } from '../networks/parameters.ts';
import { type AdamState, adamUpdate, moveAverage } from './adam.ts';
import type { Batch } from './batch.ts';
import type { TrainingState } from './checkpoint.ts';
import { lossAndGradients } from './gradients.ts';
import type { TrainingConfig } from './training-config.ts';

/** Share of the old value in the running mean and variance of the batch normalisations. */
const statisticsShare = 0.98;

/**
 * One update of the weights from `accumulate` batches; changes the state's arrays in place.
 * @throws ContourNodeError TRAINING_DATA the loss is not a number
 */
export async function update(
  tf: TensorFlow,
  network: Network,
  state: TrainingState,
  nextBatch: () => Promise<Batch>,
  { training, rois }: TrainingConfig,
  frozen: ReadonlySet<string>,
): Promise<{ readonly loss: number; readonly adam: AdamState }> {
  const { accumulate, averaging } = training;
  const weights = { ...training.loss, rois: rois.map(({ weight }) => weight) };
  let loss = 0;
  let gradients: Parameters | undefined;
  for (let n = 0; n < accumulate; n += 1) {
    const step = lossAndGradients(tf, network, state.parameters, await nextBatch(), weights, frozen);
    loss += step.loss / accumulate;
    for (const [name, values] of step.statistics) {
      const running = state.parameters.get(name);
      if (running !== undefined) moveAverage(running, values, warmedUp(statisticsShare, state.adam.updates));
    }
    gradients = gradients === undefined ? step.gradients : sum(gradients, step.gradients);
  }
  if (!Number.isFinite(loss)) {
    throw new ContourNodeError('TRAINING_DATA', 'the loss is not a number', {
      remedy: 'lower training.learningRate and start again',
    });
  }
  for (const gradient of (gradients ?? new Map<string, Float32Array>()).values()) {
    if (accumulate > 1) for (let i = 0; i < gradient.length; i += 1) gradient[i] = (gradient[i] ?? 0) / accumulate;
  }
  const adam = adamUpdate(state.parameters, gradients ?? new Map(), state.adam, state.rate.learningRate);
  const share = averaging === 0 ? 0 : warmedUp(averaging, adam.updates);
  for (const [name, average] of state.average) moveAverage(average, state.parameters.get(name) ?? average, share);
  return { loss, adam };
}

/** A running mean without the influence of its start value: at first it is the plain mean of the values so far. */
function warmedUp(share: number, updates: number): number {
  return Math.min(share, updates / (updates + 10));
}

function sum(a: Parameters, b: Parameters): Parameters {
  for (const [name, values] of a) {
    const other = b.get(name);
    for (let i = 0; i < values.length; i += 1) values[i] = (values[i] ?? 0) + (other?.[i] ?? 0);
  }
  return a;
}
