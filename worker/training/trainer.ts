import type { ContourNodeError } from '../../src/errors.ts';
import type { TensorFlow } from '../engines/load-tensorflow.ts';
import type { Network } from '../networks/layers.ts';
import { copyOf, type Parameters } from '../networks/parameters.ts';
import { BatchLoader } from './batch-loader.ts';
import { calibratedThresholds, type Calibration, candidateThresholds } from './calibrate.ts';
import type { BothSides } from './case-cache.ts';
import { latestCheckpoint, type TrainingState, writeCheckpoint } from './checkpoint.ts';
import { hasStopped } from './early-stop.ts';
import { type EpochRecord, readHistory, writeHistory } from './history.ts';
import { afterEpoch } from './learning-rate.ts';
import { BatchSampler } from './sample-batch.ts';
import { mirroredChannels } from '../inference/mirrored-channels.ts';
import type { TrainingConfig } from './training-config.ts';
import { planTraining } from './training-plan.ts';
import { checkFits, initialState, type TrainingStart } from './training-state.ts';
import { update } from './update.ts';
import { validationDice } from './validate.ts';

export interface Training {
  readonly config: TrainingConfig;
  readonly cases: BothSides;
  /** Folder of checkpoints and history; a training continues from the checkpoint that it finds there. */
  readonly directory: string;
  /** Weights to begin with instead of random ones, where no checkpoint is found. */
  readonly from?: TrainingStart;
  /** After every update: how many are done, of how many, and the last loss. */
  onUpdate?: (done: number, total: number, loss: number) => void;
  /** After every epoch, once its checkpoint is on disk. */
  onEpoch?: (history: readonly EpochRecord[], state: TrainingState, improved: boolean) => Promise<void> | void;
  /** A checkpoint that cannot be used. */
  onRefused?: (error: ContourNodeError) => void;
  /** Ends the training after the current epoch. */
  readonly signal?: AbortSignal;
}

export interface TrainingResult {
  readonly network: Network;
  /** The best on validation (the running average where the configuration has one). */
  readonly best: Parameters;
  /** Where the configuration asks for it (`calibrate`). */
  readonly calibration: Calibration | undefined;
  readonly history: readonly EpochRecord[];
}

/**
 * Trains the network of a configuration, from its last checkpoint where there is one. The same seed, cases and machine
 * give the same numbers, interrupted or not.
 * @throws ContourNodeError TRAINING_DATA (nothing to train on or to validate with), CHECKPOINT_INVALID (it belongs to another
 *   network), CONFIG_INVALID, DISK_FULL
 */
export async function train(tf: TensorFlow, training: Training): Promise<TrainingResult> {
  const { config, directory } = training;
  const { training: schedule, rois } = config;
  const { network, frozen, updatesPerEpoch, ...plan } = planTraining(config, training.cases);
  let state = await latestCheckpoint(directory, training.onRefused ?? (() => {}));
  if (state === undefined) state = initialState(network, config, frozen, training.from);
  else checkFits(network, frozen, state, training.from);
  let history = await readHistory(directory, state.epoch);

  const loader = new BatchLoader(plan.training, state.adam.updates * schedule.accumulate);
  const sampler = new BatchSampler(plan.validation);
  const { patch } = config.input;
  const perEpoch = { sampler, cases: plan.validated, step: schedule.validationStep, patch };
  const validate = async (average: Parameters): Promise<Pick<EpochRecord, 'dice' | 'meanDice'>> => {
    const found = await validationDice(tf, network, average, perEpoch, [0.5]);
    const dice = found.map(({ mean: [atHalf = null] }) => atHalf);
    return {
      dice: Object.fromEntries(rois.map(({ name }, roi) => [name, dice[roi] ?? null])),
      meanDice: mean(dice),
    };
  };
  let calibration: Calibration | undefined;
  try {
    if (training.from !== undefined && state.epoch === 0 && history.length === 0) {
      // A fine-tuning has to improve on the bundle that it starts from.
      const start = performance.now();
      const before = await validate(state.average);
      const rate = { ...state.rate, best: before.meanDice };
      state = { ...state, rate, best: copyOf(state.average) };
      const { learningRate } = rate;
      history = [{ epoch: 0, loss: null, learningRate, ...before, seconds: since(start), waiting: 0 }];
      await keep(training, state, history, true);
    }
    while (state.epoch < schedule.epochs && training.signal?.aborted !== true && !hasStopped(history, schedule)) {
      const start = performance.now();
      loader.waited = 0;
      let loss = 0;
      for (let n = 0; n < updatesPerEpoch; n += 1) {
        const step = await update(tf, network, state, () => loader.next(), config, frozen);
        state = { ...state, adam: step.adam };
        loss += step.loss / updatesPerEpoch;
        training.onUpdate?.(state.adam.updates, schedule.epochs * updatesPerEpoch, step.loss);
      }
      const trained = performance.now();
      const validation = await validate(state.average);
      const rate = afterEpoch(state.rate, state.epoch + 1, validation.meanDice, schedule);
      const improved: boolean = rate.best > state.rate.best;
      const record: EpochRecord = {
        epoch: state.epoch + 1,
        loss,
        learningRate: state.rate.learningRate,
        ...validation,
        seconds: since(start),
        waiting: loader.waited / (trained - start),
      };
      state = { ...state, epoch: state.epoch + 1, rate, best: improved ? copyOf(state.average) : state.best };
      history = [...history, record];
      await keep(training, state, history, improved);
    }
    if (schedule.calibrate) {
      const all = { sampler, cases: plan.validation.cases, step: 1, patch };
      const dice = await validationDice(tf, network, state.best ?? state.average, all, candidateThresholds);
      calibration = {
        thresholds: calibratedThresholds(dice, mirroredChannels(rois)),
        patients: dice.map(({ patients }) => patients),
      };
    }
  } finally {
    await loader.close();
    sampler.close();
  }
  return { network, best: state.best ?? state.average, calibration, history };
}

async function keep(
  { directory, onEpoch }: Training,
  state: TrainingState,
  history: readonly EpochRecord[],
  improved: boolean,
): Promise<void> {
  await writeCheckpoint(directory, state);
  await writeHistory(directory, history);
  await onEpoch?.(history, state, improved);
}

function since(start: number): number {
  return (performance.now() - start) / 1000;
}

function mean(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null);
  return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
}
