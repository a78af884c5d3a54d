import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ContourNodeError } from '../../src/errors.ts';
import { openCheckpoint, type Checkpoint } from './checkpoint.ts';
import { FoldWeights } from './fold-weights.ts';
import type { NetworkPlan } from './network-plan.ts';
import { configurationsOf, readNetworkPlan, readPlan, type Plan } from './plans.ts';

/** What an nnU-Net v2 results folder holds of one configuration. */
export interface ResultsFolder {
  readonly plan: Plan;
  readonly network: NetworkPlan;
  readonly trainer: string;
  /** `0`, `1`, ..., `all`, in their order. */
  readonly folds: readonly string[];
  readonly weights: readonly FoldWeights[];
  /** Axes of the patch that the training mirrored. */
  readonly mirrorAxes: readonly number[];
}

export interface ResultsChoice {
  /** Default: the one that the checkpoints were trained with. */
  readonly configuration?: string | undefined;
  /** Default: every fold that is there; `all` (trained on everything) only where it is the only one. */
  readonly folds?: readonly string[] | undefined;
}

const checkpointFile = 'checkpoint_final.pth';

/**
 * Reads a folder as `nnUNetv2_train` leaves it: dataset.json, plans.json and fold_N/checkpoint_final.pth; or the folder
 * above, where it holds one such.
 * @throws ContourNodeError PATH_NOT_FOUND, CHECKPOINT_UNREADABLE, MODEL_NOT_SUPPORTED, USAGE (a fold or configuration that
 *   is not there)
 */
export async function readResultsFolder(folder: string, choice: ResultsChoice): Promise<ResultsFolder> {
  const own = await trainedFolder(folder, choice.configuration);
  const plans = await readJson(own, 'plans.json');
  const dataset = await readJson(own, 'dataset.json');
  const folds = await foldsOf(own, choice.folds);
  const checkpoints: Checkpoint[] = [];
  try {
    for (const fold of folds) {
      const file = join(`fold_${fold}`, checkpointFile);
      checkpoints.push(await openCheckpoint(join(own, file), file));
    }
    const [first] = checkpoints as [Checkpoint];
    const configuration = choice.configuration ?? first.configuration ?? onlyConfiguration(plans);
    const plan = readPlan(plans, dataset, configuration);
    const network = readNetworkPlan(plans, configuration);
    for (const checkpoint of checkpoints) checkAlike(checkpoint, first, { plan, network, dataset });
    const weights: FoldWeights[] = [];
    for (const checkpoint of checkpoints) weights.push(await FoldWeights.read(checkpoint));
    return { plan, network, trainer: first.trainerName, folds, weights, mirrorAxes: first.mirrorAxes };
  } finally {
    for (const checkpoint of checkpoints) await checkpoint.close();
  }
}

/**
 * The plan of a folder without checkpoints: plans.json and dataset.json beside an exported network.
 * @throws ContourNodeError PATH_NOT_FOUND, MODEL_NOT_SUPPORTED, USAGE (several configurations and none named)
 */
export async function readPlanOfFolder(folder: string, configuration: string | undefined): Promise<Plan> {
  const plans = await readJson(folder, 'plans.json');
  return readPlan(plans, await readJson(folder, 'dataset.json'), configuration ?? onlyConfiguration(plans));
}

async function trainedFolder(folder: string, configuration: string | undefined): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `${folder} is not there or cannot be read`, { cause });
  });
  const within = entries
    .filter((entry) => entry.isDirectory() && /__.+__/.test(entry.name))
    .map(({ name }) => name)
    .filter((name) => configuration === undefined || name.endsWith(`__${configuration}`));
  if (entries.some(({ name }) => name === 'plans.json') || within.length === 0) return folder;
  if (within.length === 1) return join(folder, within[0]!);
  throw new ContourNodeError('USAGE', `${folder} holds several trained models: ${within.toSorted().join(', ')}`, {
    remedy: 'give the folder of one of them',
  });
}

async function readJson(folder: string, file: string): Promise<unknown> {
  const text = await readFile(join(folder, file), 'utf8').catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `${folder} has no ${file}, so it is no results folder of nnU-Net v2`, {
      cause,
      remedy: 'give the folder that holds plans.json, dataset.json and fold_0',
    });
  });
  try {
    // Python writes NaN where a figure was not known.
    return JSON.parse(text.replaceAll(/(?<=[:[,]\s*)-?(NaN|Infinity)(?=\s*[,\]}])/g, 'null'));
  } catch (error) {
    throw new ContourNodeError('MODEL_NOT_SUPPORTED', `${join(folder, file)} is not JSON`, { cause: error });
  }
}

async function foldsOf(folder: string, wanted: readonly string[] | undefined): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder)) {
    const [, fold] = /^fold_(\d+|all)$/.exec(name) ?? [];
    if (fold === undefined) continue;
    const files = await readdir(join(folder, name)).catch((): string[] => []);
    if (files.includes(checkpointFile)) found.push(fold);
  }
  found.sort((a, b) => Number(a === 'all') - Number(b === 'all') || Number(a) - Number(b));
  if (found.length === 0) {
    throw new ContourNodeError('PATH_NOT_FOUND', `${basename(folder)} holds no fold with a ${checkpointFile}`, {
      remedy: 'copy the folds too, each with its checkpoint_final.pth',
    });
  }
  if (wanted === undefined) return found.length > 1 ? found.filter((fold) => fold !== 'all') : found;
  const missing = wanted.filter((fold) => !found.includes(fold));
  if (missing.length > 0 || wanted.length === 0 || new Set(wanted).size < wanted.length) {
    throw new ContourNodeError('USAGE', `there is no fold ${missing.join(', ')}, only ${found.join(', ')}`, {
      remedy: 'name folds that are there, each once, with --folds 0,1',
    });
  }
  return [...wanted];
}

function onlyConfiguration(plans: unknown): string {
  const [name, ...more] = configurationsOf(plans);
  if (name !== undefined && more.length === 0) return name;
  throw new ContourNodeError(
    'USAGE',
    `nothing says which configuration this is; plans.json has ${[name, ...more].join(', ')}`,
    {
      remedy: 'name it with --configuration',
    },
  );
}

/** The mean of folds means something only where all were trained alike, and as plans.json says. */
function checkAlike(
  checkpoint: Checkpoint,
  first: Checkpoint,
  { plan, network, dataset }: { plan: Plan; network: NetworkPlan; dataset: unknown },
): void {
  const unlike = (what: string) =>
    new ContourNodeError('MODEL_NOT_SUPPORTED', `${checkpoint.what} ${what}`, {
      remedy: 'take folds of one training, with the plans.json that lies beside them',
    });
  if (checkpoint.configuration !== undefined && checkpoint.configuration !== plan.configuration)
    throw unlike(`was trained as ${checkpoint.configuration}, not as ${plan.configuration}`);
  if (checkpoint.trainerName !== first.trainerName)
    throw unlike(`was trained by ${checkpoint.trainerName}, ${first.what} by ${first.trainerName}`);
  if (checkpoint.mirrorAxes.join() !== first.mirrorAxes.join())
    throw unlike(`allows other mirrorings than ${first.what}`);
  if (checkpoint.plans === null) return;
  const alike =
    isDeepStrictEqual(readPlan(checkpoint.plans, dataset, plan.configuration), plan) &&
    isDeepStrictEqual(readNetworkPlan(checkpoint.plans, plan.configuration), network);
  if (!alike) throw unlike('was trained with other plans than plans.json holds');
}
