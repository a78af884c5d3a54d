import type { Network } from '../networks/layers.ts';
import { networkOf } from '../networks/network.ts';
import { type BothSides, checkBothSides } from './case-cache.ts';
import { frozenLayers } from './frozen-layers.ts';
import type { PreparedCase } from './prepared-case.ts';
import type { SamplerPlan } from './sample-batch.ts';
import { mirroredChannels } from '../inference/mirrored-channels.ts';
import type { TrainingConfig } from './training-config.ts';

/** What follows from configuration and patients before anything is calculated. */
export interface TrainingPlan {
  readonly network: Network;
  /** Names of the layers that stay as they are. */
  readonly frozen: ReadonlySet<string>;
  readonly training: SamplerPlan;
  readonly validation: SamplerPlan;
  /** The patients that are validated after each epoch: the first of those of `validation`. */
  readonly validated: readonly PreparedCase[];
  readonly updatesPerEpoch: number;
}

/** @throws ContourNodeError TRAINING_DATA (nothing to train on or to validate with), CONFIG_INVALID */
export function planTraining(config: TrainingConfig, cases: BothSides): TrainingPlan {
  const { training: schedule, input, rois, augmentation } = config;
  checkBothSides(cases);
  const network = networkOf(config);
  const samples = (of: readonly PreparedCase[]): SamplerPlan => ({
    cases: of,
    input,
    augmentation,
    batch: schedule.batch,
    seed: schedule.seed,
    foreground: schedule.foreground,
    mirrored: mirroredChannels(rois),
  });
  const slices = cases.training.reduce((sum, { description }) => sum + description.size[2], 0);
  const perUpdate = schedule.batch * schedule.accumulate * (input.patch?.slices ?? 1);
  return {
    network,
    frozen: frozenLayers(network, schedule.freeze),
    training: samples(cases.training),
    validation: samples(cases.validation),
    validated: cases.validation.slice(0, schedule.validationCases),
    updatesPerEpoch: Math.max(1, Math.round((schedule.slicesPerEpoch ?? slices) / perUpdate)),
  };
}
