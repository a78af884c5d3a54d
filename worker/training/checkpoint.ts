import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { asContourNodeError, ContourNodeError } from '../../src/errors.ts';
import { writeWhole } from '../../src/work/write-whole.ts';
import { orDiskFull } from '../../src/disk-full.ts';
import { decodeTensors, encodeTensors } from '../networks/tensor-file.ts';
import type { Parameters } from '../networks/parameters.ts';
import type { AdamState } from './adam.ts';
import type { LearningRate } from './learning-rate.ts';

/** Everything that a training needs to continue exactly where it stopped. */
export interface TrainingState {
  /** Epochs that are finished. */
  readonly epoch: number;
  readonly parameters: Parameters;
  /** Running average of the parameters; the same arrays' names. */
  readonly average: Parameters;
  readonly adam: AdamState;
  readonly rate: LearningRate;
  /** The parameters with the best validation, which are exported; absent before the first epoch. */
  readonly best: Parameters | undefined;
  /** SHA-256 of the bundle's weights that the training began with; null where it began with random ones. */
  readonly from: string | null;
}

const numbers = z.strictObject({
  epoch: z.int(),
  updates: z.int(),
  learningRate: z.number(),
  // JSON has no -Infinity: before the first validation there is no best.
  best: z.number().nullable(),
  epochsWithoutImprovement: z.int(),
  from: z.string().nullable().default(null),
});

/** Older checkpoints than these are removed. */
const kept = 2;
const groups = ['parameters', 'average', 'first', 'second', 'best'] as const;
const digestLength = 32;

/**
 * Writes `checkpoint-EPOCH.bin`: the state, then its SHA-256. Written to a temporary file, synced and renamed: a kill or a full
 * disk leaves the earlier checkpoints as they were.
 * @throws ContourNodeError DISK_FULL
 */
export async function writeCheckpoint(directory: string, state: TrainingState): Promise<string> {
  const arrays: Parameters = new Map();
  const { first, second, updates } = state.adam;
  const sources = {
    parameters: state.parameters,
    average: state.average,
    first,
    second,
    best: state.best ?? new Map<string, Float32Array>(),
  };
  for (const group of groups) for (const [name, values] of sources[group]) arrays.set(`${group}:${name}`, values);
  const { learningRate, best, epochsWithoutImprovement } = state.rate;
  const scalars: z.input<typeof numbers> = {
    epoch: state.epoch,
    updates,
    learningRate,
    best: Number.isFinite(best) ? best : null,
    epochsWithoutImprovement,
    from: state.from,
  };
  const bytes = encodeTensors(arrays, { metadata: { state: JSON.stringify(scalars) } });
  const path = join(directory, `checkpoint-${String(state.epoch).padStart(5, '0')}.bin`);
  await mkdir(directory, { recursive: true });
  const remedy = 'free space and start the same training again: it goes on from there';
  const pieces = [bytes, createHash('sha256').update(bytes).digest()];
  await orDiskFull('no space for a checkpoint: the one before it is kept', remedy, () =>
    writeWhole(path, pieces, { draft: `${path}.part` }),
  );
  for (const old of (await checkpoints(directory)).slice(kept)) await rm(old, { force: true });
  return path;
}

/** @throws ContourNodeError CHECKPOINT_INVALID (truncated, changed or no checkpoint) */
export async function readCheckpoint(path: string): Promise<TrainingState> {
  const invalid = (why: string): ContourNodeError => new ContourNodeError('CHECKPOINT_INVALID', `${path}: ${why}`);
  const bytes = await readFile(path);
  const content = bytes.subarray(0, Math.max(0, bytes.length - digestLength));
  const digest = createHash('sha256').update(content).digest();
  if (!digest.equals(bytes.subarray(content.length))) throw invalid('truncated or changed: its digest does not match');
  const { tensors, metadata } = decodeTensors(content, path);
  const scalars = numbers.parse(JSON.parse(metadata['state'] ?? '{}'));
  const found = Object.fromEntries(groups.map((group) => [group, new Map<string, Float32Array>()])) as Record<
    (typeof groups)[number],
    Parameters
  >;
  for (const [key, values] of tensors) {
    const group = groups.find((name) => key.startsWith(`${name}:`));
    if (group !== undefined) found[group].set(key.slice(group.length + 1), values);
  }
  return {
    epoch: scalars.epoch,
    parameters: found.parameters,
    average: found.average,
    adam: { updates: scalars.updates, first: found.first, second: found.second },
    rate: {
      learningRate: scalars.learningRate,
      best: scalars.best ?? -Infinity,
      epochsWithoutImprovement: scalars.epochsWithoutImprovement,
    },
    best: found.best.size === 0 ? undefined : found.best,
    from: scalars.from,
  };
}

/**
 * The newest checkpoint that can be read, or undefined where there is none.
 * @param onRefused called for each newer one that cannot, with CHECKPOINT_INVALID
 */
export async function latestCheckpoint(
  directory: string,
  onRefused: (error: ContourNodeError) => void,
): Promise<TrainingState | undefined> {
  for (const path of await checkpoints(directory)) {
    try {
      return await readCheckpoint(path);
    } catch (error) {
      onRefused(asContourNodeError(error));
    }
  }
  return undefined;
}

/** Paths, the newest first. */
export async function checkpoints(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => /^checkpoint-\d+\.bin$/.test(name))
    .toSorted()
    .toReversed()
    .map((name) => join(directory, name));
}
