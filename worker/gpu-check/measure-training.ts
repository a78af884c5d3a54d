import type { TensorFlow } from '../engines/load-tensorflow.ts';
import type { BothSides } from '../training/case-cache.ts';
import { peakMemory, resetPeakMemory } from '../training/peak-memory.ts';
import { BatchSampler } from '../training/sample-batch.ts';
import { loadTrainingConfig, type TrainingConfig } from '../training/training-config.ts';
import { planTraining } from '../training/training-plan.ts';
import { initialState } from '../training/training-state.ts';
import { update } from '../training/update.ts';
import type { Training } from './messages.ts';

/**
 * A training configuration on few phantoms, small enough to be generated in seconds.
 * @throws ContourNodeError as loadTrainingConfig
 */
export async function tinyTraining(path: string): Promise<TrainingConfig> {
  const config = await loadTrainingConfig(path);
  return {
    ...config,
    data: { source: 'phantom', firstSeed: 100_000, training: 1, validation: 1, sizes: [128] },
    // Every slice of the batch shows an ROI: there is something to learn.
    training: { ...config.training, accumulate: 1, foreground: 1 },
  };
}

/**
 * Updates the weights again and again with the same batch, so that the loss has to fall. Start and batch are the same on every
 * device.
 * @param updates how many are timed, after one that is not
 * @throws ContourNodeError as planTraining; TRAINING_DATA the loss is not a number
 */
export async function measureTraining(
  tf: TensorFlow,
  config: TrainingConfig,
  cases: BothSides,
  updates: number,
): Promise<Training> {
  const { network, frozen, training } = planTraining(config, cases);
  let state = initialState(network, config, frozen, undefined);
  const sampler = new BatchSampler(training);
  const batch = sampler.training(0);
  sampler.close();
  await resetPeakMemory();
  const seconds: number[] = [];
  const losses: number[] = [];
  for (let n = 0; n <= updates; n += 1) {
    const start = performance.now();
    const { loss, adam } = await update(tf, network, state, async () => batch, config, frozen);
    if (n > 0) seconds.push((performance.now() - start) / 1000);
    losses.push(loss);
    state = { ...state, adam };
  }
  return { seconds, losses, memory: await peakMemory() };
}
