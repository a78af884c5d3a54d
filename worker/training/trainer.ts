import { ContourNodeError } from '../../src/errors.ts';
import type { TensorFlow } from '../engines/load-tensorflow.ts';
import type { Network } from '../networks/layers.ts';
import { networkOf } from '../networks/network.ts';
import { elementCount, type Parameters, parameterSpecs } from '../networks/parameters.ts';
import { adamUpdate, initialAdam, moveAverage } from './adam.ts';
import { BatchLoader } from './batch-loader.ts';
import { calibratedThresholds, type Calibration, candidateThresholds } from './calibrate.ts';
import { type BothSides, checkBothSides } from './case-cache.ts';
import { latestCheckpoint, type TrainingState, writeCheckpoint } from './checkpoint.ts';
import { lossAndGradients } from './gradients.ts';
import { type EpochRecord, readHistory, writeHistory } from './history.ts';
import { startingParameters } from './initial-weights.ts';
import { afterEpoch } from './learning-rate.ts';
import type { PreparedCase } from './prepared-case.ts';
import { BatchSampler, type SamplerPlan } from './sample-batch.ts';
import { mirroredChannels, type TrainingConfig } from './training-config.ts';
import { validationDice } from './validate.ts';

export interface Training {
  readonly config: TrainingConfig;
  readonly cases: BothSides;
  /** Folder of checkpoints and history; a training continues from the checkpoint that it finds there. */
  readonly directory: string;
  /** Weights to begin with instead of random ones, where no checkpoint is found. */
  readonly from?: Parameters | undefined;
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

/** Share of the old value in the running mean and variance of the batch normalisations. */
const statisticsShare = 0.98;

/**
 * Trains the network of a configuration, from its last checkpoint where there is one. The same seed, cases and machine
 * give the same numbers, interrupted or not.
 * @throws ContourNodeError TRAINING_DATA (nothing to train on or to validate with), CHECKPOINT_INVALID (it belongs to another
 *   network), CONFIG_INVALID, DISK_FULL
 */
export async function train(tf: TensorFlow, training: Training): Promise<TrainingResult> {
  const { config, cases, directory } = training;
  const { training: schedule, input, rois } = config;
  checkBothSides(cases);
  const network = networkOf(config);
  let state = await latestCheckpoint(directory, training.onRefused ?? (() => {}));
  if (state === undefined) state = initialState(network, config, training.from);
  else checkFits(network, state);
  let history = await readHistory(directory, state.epoch);

  const plan = (of: readonly PreparedCase[]): SamplerPlan => ({
    cases: of,
    input,
    augmentation: config.augmentation,
    batch: schedule.batch,
    seed: schedule.seed,
    foreground: schedule.foreground,
    mirrored: mirroredChannels(rois),
  });
  const slices = cases.training.reduce((sum, { description }) => sum + description.size[2], 0);
  const updatesPerEpoch = Math.max(
    1,
    Math.round((schedule.slicesPerEpoch ?? slices) / (schedule.batch * schedule.accumulate)),
  );
  const loader = new BatchLoader(plan(cases.training), state.adam.updates * schedule.accumulate);
  const sampler = new BatchSampler(plan(cases.validation));
  const validated = cases.validation.slice(0, schedule.validationCases);
  const perEpoch = { sampler, cases: validated, step: schedule.validationStep };
  let calibration: Calibration | undefined;
  try {
    while (state.epoch < schedule.epochs && training.signal?.aborted !== true) {
      const start = performance.now();
      loader.waited = 0;
      let loss = 0;
      for (let n = 0; n < updatesPerEpoch; n += 1) {
        const step = await update(tf, network, state, loader, config);
        state = { ...state, adam: step.adam };
        loss += step.loss / updatesPerEpoch;
        training.onUpdate?.(state.adam.updates, schedule.epochs * updatesPerEpoch, step.loss);
      }
      const trained = performance.now();
      const found = await validationDice(tf, network, state.average, perEpoch, [0.5]);
      const dice = found.map(({ mean: [atHalf = null] }) => atHalf);
      const meanDice = mean(dice);
      const rate = afterEpoch(state.rate, state.epoch + 1, meanDice, schedule);
      const improved: boolean = rate.best > state.rate.best;
      const record: EpochRecord = {
        epoch: state.epoch + 1,
        loss,
        learningRate: state.rate.learningRate,
        dice: Object.fromEntries(rois.map(({ name }, roi) => [name, dice[roi] ?? null])),
        meanDice,
        seconds: (performance.now() - start) / 1000,
        waiting: loader.waited / (trained - start),
      };
      state = { ...state, epoch: state.epoch + 1, rate, best: improved ? copy(state.average) : state.best };
      history = [...history, record];
      await writeCheckpoint(directory, state);
      await writeHistory(directory, history);
      await training.onEpoch?.(history, state, improved);
    }
    if (schedule.calibrate) {
      const all = { sampler, cases: cases.validation, step: 1 };
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

function initialState(network: Network, { training }: TrainingConfig, from: Parameters | undefined): TrainingState {
  const parameters = startingParameters(network, training.seed, from);
  const trainable = parameterSpecs(network).filter((spec) => spec.trainable);
  return {
    epoch: 0,
    parameters,
    average: copy(parameters),
    adam: initialAdam(
      trainable.map(({ name }) => name),
      parameters,
    ),
    rate: { learningRate: training.learningRate, best: -Infinity, epochsWithoutImprovement: 0 },
    best: undefined,
  };
}

function checkFits(network: Network, { parameters }: TrainingState): void {
  for (const { name, shape } of parameterSpecs(network)) {
    if (parameters.get(name)?.length === elementCount(shape)) continue;
    throw new ContourNodeError(
      'CHECKPOINT_INVALID',
      `the checkpoint belongs to another network: ${name} does not fit`,
      {
        remedy: 'give another folder for the training, or delete its checkpoints to start anew',
      },
    );
  }
}

/** One update of the weights from `accumulate` batches; changes the state's arrays in place. */
async function update(
  tf: TensorFlow,
  network: Network,
  state: TrainingState,
  loader: BatchLoader,
  { training, rois }: TrainingConfig,
) {
  const { accumulate, averaging } = training;
  const weights = { ...training.loss, rois: rois.map(({ weight }) => weight) };
  let loss = 0;
  let gradients: Parameters | undefined;
  for (let n = 0; n < accumulate; n += 1) {
    const step = lossAndGradients(tf, network, state.parameters, await loader.next(), weights);
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

function copy(parameters: Parameters): Parameters {
  return new Map(Array.from(parameters, ([name, values]) => [name, values.slice()]));
}

function mean(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null);
  return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
}
