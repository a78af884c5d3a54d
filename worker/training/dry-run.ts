import type { TensorFlow } from '../engines/load-tensorflow.ts';
import { elementCount, parameterCount } from '../networks/parameters.ts';
import type { BothSides } from './case-cache.ts';
import { trainedSpecs } from './frozen-layers.ts';
import { memoryWithinReach, peakMemory, resetPeakMemory } from './peak-memory.ts';
import { BatchSampler } from './sample-batch.ts';
import type { TrainingConfig } from './training-config.ts';
import { planTraining, type TrainingPlan } from './training-plan.ts';
import { initialState, type TrainingStart } from './training-state.ts';
import { update } from './update.ts';
import { validationDice } from './validate.ts';

/** What a training will cost on this machine. */
export interface DryRun {
  readonly network: {
    readonly family: string;
    /** Of one sample. */
    readonly input: readonly number[];
    readonly parameters: number;
    /** Without those of frozen layers. */
    readonly trained: number;
  };
  /** The bundle that the training begins with. */
  readonly from: { readonly name: string; readonly version: string } | undefined;
  readonly update: {
    /** Samples that one update learns from. */
    readonly samples: number;
    readonly seconds: number;
    /** false: memory does not suffice for a batch; time and memory follow from batches of one and two. */
    readonly measured: boolean;
  };
  readonly epoch: {
    readonly updates: number;
    readonly trainingSeconds: number;
    readonly validationSeconds: number;
  };
  readonly epochs: number;
  /** Largest resident memory, bytes; on a card its own memory comes on top. */
  readonly memory: { readonly peak: number; readonly withinReach: number };
}

/** Share of the memory within reach that an update may take before the dry run stops at an estimate. */
const affordable = 0.8;

/**
 * One update of the weights and the validation of one patient, measured, and what a training costs by them. Nothing is
 * written.
 * @throws ContourNodeError as planTraining and startingParameters
 */
export async function dryRun(
  tf: TensorFlow,
  { config, cases, from }: { config: TrainingConfig; cases: BothSides; from?: TrainingStart },
): Promise<DryRun> {
  const { training: schedule } = config;
  const plan = planTraining(config, cases);
  const { network, frozen } = plan;
  const withinReach = memoryWithinReach();
  const one = await measureBatch(tf, config, plan, from, 1);
  const two = schedule.batch === 1 ? one : await measureBatch(tf, config, plan, from, 2);
  const estimated = {
    seconds: (two.seconds * schedule.batch) / Math.min(2, schedule.batch),
    peak: two.peak + Math.max(0, schedule.batch - 2) * Math.max(0, two.peak - one.peak),
  };
  const measured = estimated.peak <= affordable * withinReach;
  const full = schedule.batch > 2 && measured ? await measureBatch(tf, config, plan, from, schedule.batch) : estimated;
  const seconds = full.seconds * schedule.accumulate;
  return {
    network: {
      family: config.architecture.family,
      input: network.input,
      parameters: parameterCount(network),
      trained: trainedSpecs(network, frozen).reduce((sum, { shape }) => sum + elementCount(shape), 0),
    },
    from: from && { name: from.source.name, version: from.source.version },
    update: { samples: schedule.batch * schedule.accumulate, seconds, measured },
    epoch: {
      updates: plan.updatesPerEpoch,
      trainingSeconds: seconds * plan.updatesPerEpoch,
      validationSeconds: await validationSeconds(tf, config, plan, from),
    },
    epochs: schedule.epochs,
    memory: { peak: full.peak, withinReach },
  };
}

/** Seconds of one update with a batch of this size, and the peak of the memory meanwhile. */
async function measureBatch(
  tf: TensorFlow,
  config: TrainingConfig,
  { network, frozen, training }: TrainingPlan,
  from: TrainingStart,
  batch: number,
): Promise<{ seconds: number; peak: number }> {
  const state = initialState(network, config, frozen, from);
  const sampler = new BatchSampler({ ...training, batch });
  try {
    const samples = sampler.training(0);
    const once = { ...config, training: { ...config.training, accumulate: 1 } };
    await resetPeakMemory();
    const start = performance.now();
    await update(tf, network, state, async () => samples, once, frozen);
    return { seconds: (performance.now() - start) / 1000, peak: await peakMemory() };
  } finally {
    sampler.close();
  }
}

/** Of all patients that are looked at after an epoch, by the first of them. */
async function validationSeconds(
  tf: TensorFlow,
  config: TrainingConfig,
  { network, frozen, validation, validated }: TrainingPlan,
  from: TrainingStart,
): Promise<number> {
  const { average } = initialState(network, config, frozen, from);
  const sampler = new BatchSampler(validation);
  try {
    const slices = validated.map(({ description }) => description.size[2]);
    const start = performance.now();
    const { patch } = config.input;
    const first = { sampler, cases: validated.slice(0, 1), step: config.training.validationStep, patch };
    await validationDice(tf, network, average, first, [0.5]);
    const perSlice = (performance.now() - start) / 1000 / slices[0]!;
    return perSlice * slices.reduce((sum, count) => sum + count, 0);
  } finally {
    sampler.close();
  }
}

/** For a person, before a night is spent. */
export function dryRunText({ network, from, update, epoch, epochs, memory }: DryRun): string {
  const thousands = (value: number) => value.toLocaleString('en');
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  const frozen = network.trained < network.parameters ? `, ${thousands(network.trained)} of them trained` : '';
  const about = update.measured ? '' : 'about ';
  const perEpoch = epoch.trainingSeconds + epoch.validationSeconds;
  const lines = [
    `network          ${network.family}, ${thousands(network.parameters)} parameters${frozen}, input ${network.input.join(' x ')}`,
    ...(from === undefined ? [] : [`begins with      ${from.name} ${from.version}`]),
    `one update       ${update.samples} samples in ${about}${duration(update.seconds)}`,
    `one epoch        ${about}${duration(perEpoch)}: ${thousands(epoch.updates)} updates, then validation in ${duration(epoch.validationSeconds)}`,
    `${`${epochs} epochs`.padEnd(16)} ${about}${duration(perEpoch * epochs)}`,
    `memory           ${about}${gigabytes(memory.peak)} of ${gigabytes(memory.withinReach)} that this machine has free`,
  ];
  if (memory.peak > affordable * memory.withinReach) {
    lines.push('                 too much: lower training.batch and raise training.accumulate by the same factor');
  }
  return `${lines.join('\n')}\n`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 72 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
