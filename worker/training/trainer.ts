import { ContourNodeError } from '../../src/errors.ts';
import type { TensorFlow } from '../engines/load-tensorflow.ts';
import { buildNetwork } from '../networks/network.ts';
import type { Network } from '../networks/layers.ts';
import { elementCount, type Parameters, parameterSpecs } from '../networks/parameters.ts';
import { inputChannels } from '../volume/preprocess.ts';
import { adamUpdate, initialAdam, moveAverage } from './adam.ts';
import { BatchLoader } from './batch-loader.ts';
import { calibratedThresholds, type Calibration, candidateThresholds } from './calibrate.ts';
import { latestCheckpoint, type TrainingState, writeCheckpoint } from './checkpoint.ts';
import { lossAndGradients } from './gradients.ts';
import { type EpochRecord, readHistory, writeHistory } from './history.ts';
import { hasStopped } from './early-stop.ts';
import { frozenLayers, trainedSpecs } from './frozen-layers.ts';
import { type InitialWeights, startingParameters } from './initial-weights.ts';
import { afterEpoch } from './learning-rate.ts';
import type { PreparedCase } from './prepared-case.ts';
import { BatchSampler, type SamplerPlan } from './sample-batch.ts';
import { mirroredChannels, type TrainingConfig } from './training-config.ts';
import { validationDice } from './validate.ts';

export interface Training {
  readonly config: TrainingConfig;
  readonly cases: { readonly training: readonly PreparedCase[]; readonly validation: readonly PreparedCase[] };
  /** Checkpoints and history; a training that finds some there goes on with it. */
  readonly directory: string;
  /** Weights to begin with instead of random ones, where no checkpoint is found. */
  readonly from?: Pick<InitialWeights, 'weights' | 'rois' | 'source'> | undefined;
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
 * @throws ContourNodeError TRAINING_DATA (nothing to train on or to validate with), CHECKPOINT_INVALID (of another
 *   network), CONFIG_INVALID, DISK_FULL
 */
export async function train(tf: TensorFlow, training: Training): Promise<TrainingResult> {
  const { config, cases, directory } = training;
  const { training: schedule, input, rois } = config;
  if (cases.training.length === 0) throw new ContourNodeError('TRAINING_DATA', 'no patient to train on');
  if (cases.validation.length === 0) throw new ContourNodeError('TRAINING_DATA', 'no patient to validate with');
  const [width, height] = input.size;
  const network = buildNetwork(config.architecture, [height, width, inputChannels(input)], rois.length);
  let state = await latestCheckpoint(directory, training.onRefused ?? (() => {}));
  const frozen = frozenLayers(network, schedule.freeze);
  if (state === undefined) state = initialState(network, config, frozen, training.from);
  else checkFits(network, frozen, state, training.from);
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
      // What a bundle can do already is the mark that its training on has to pass.
      const start = performance.now();
      const before = await validate(state.average);
      const rate = { ...state.rate, best: before.meanDice };
      state = { ...state, rate, best: copy(state.average) };
      const { learningRate } = rate;
      history = [{ epoch: 0, loss: null, learningRate, ...before, seconds: since(start), waiting: 0 }];
      await keep(training, state, history, true);
    }
    while (state.epoch < schedule.epochs && training.signal?.aborted !== true && !hasStopped(history, schedule)) {
      const start = performance.now();
      loader.waited = 0;
      let loss = 0;
      for (let n = 0; n < updatesPerEpoch; n += 1) {
        const step = await update(tf, network, state, loader, config, frozen);
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
      state = { ...state, epoch: state.epoch + 1, rate, best: improved ? copy(state.average) : state.best };
      history = [...history, record];
      await keep(training, state, history, improved);
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

function initialState(
  network: Network,
  { training, rois }: TrainingConfig,
  frozen: ReadonlySet<string>,
  from: Training['from'],
): TrainingState {
  const names = rois.map(({ name }) => name);
  const parameters = startingParameters(network, training.seed, from, names);
  const trained = trainedSpecs(network, frozen);
  return {
    epoch: 0,
    parameters,
    average: copy(parameters),
    adam: initialAdam(
      trained.map(({ name }) => name),
      parameters,
    ),
    rate: { learningRate: training.learningRate, best: -Infinity, epochsWithoutImprovement: 0 },
    best: undefined,
    from: from?.source.sha256 ?? null,
  };
}

function checkFits(
  network: Network,
  frozen: ReadonlySet<string>,
  { parameters, adam, from: begun }: TrainingState,
  from: Training['from'],
): void {
  const refuse = (what: string) =>
    new ContourNodeError('CHECKPOINT_INVALID', what, {
      remedy: 'give another folder for the training (--work), or delete its checkpoints to start anew',
    });
  for (const { name, shape } of parameterSpecs(network)) {
    if (parameters.get(name)?.length === elementCount(shape)) continue;
    throw refuse(`the checkpoint is of another network: ${name} does not fit`);
  }
  const trained = trainedSpecs(network, frozen);
  if (adam.first.size !== trained.length || trained.some(({ name }) => !adam.first.has(name)))
    throw refuse('the checkpoint was trained with other frozen layers (training.freeze)');
  if (begun !== (from?.source.sha256 ?? null)) {
    throw refuse(`the checkpoint began with ${begun === null ? 'random weights' : 'the weights of another bundle'}`);
  }
}

/** One update of the weights from `accumulate` batches; changes the state's arrays in place. */
async function update(
  tf: TensorFlow,
  network: Network,
  state: TrainingState,
  loader: BatchLoader,
  { training, rois }: TrainingConfig,
  frozen: ReadonlySet<string>,
) {
  const { accumulate, averaging } = training;
  const weights = { ...training.loss, rois: rois.map(({ weight }) => weight) };
  let loss = 0;
  let gradients: Parameters | undefined;
  for (let n = 0; n < accumulate; n += 1) {
    const step = lossAndGradients(tf, network, state.parameters, await loader.next(), weights, frozen);
    loss += step.loss / accumulate;
    for (const [name, values] of step.statistics) {
      const running = state.parameters.get(name);
      if (running !== undefined) moveAverage(running, values, warmedUp(statisticsShare, state.adam.updates));
    }
    gradients = gradients === undefined ? step.gradients : sum(gradients, step.gradients);
  }
  if (!Number.isFinite(loss)) {
    throw new ContourNodeError('TRAINING_DATA', 'the loss is no number any more', {
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

/** A running mean that forgets its meaningless start: at first it is the plain mean of what came. */
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
