import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { version } from '../../src/version.ts';
import { openBundle } from '../bundles/open-bundle.ts';
import { tensorFlowBuilt } from '../engines/load-tensorflow.ts';
import { cudaInstalled } from '../engines/onnxruntime.ts';
import { collectCases } from '../training/case-cache.ts';
import { type CardsFound, findCards } from './card.ts';
import { measureRow } from './measure-row.ts';
import { tinyTraining } from './measure-training.ts';
import type { Amounts, Task } from './messages.ts';
import { judgeCard, judgeTraining, type Row } from './row.ts';
import { watchCardMemory } from './watch-card-memory.ts';

export interface GpuCheckOptions {
  /** Every step on the CPU; no card is looked for. */
  readonly cpuOnly: boolean;
  /** Folder of the bundles. */
  readonly models: string;
  /** Training configuration whose network is trained. */
  readonly training: string;
  readonly amounts: Amounts;
  /** Ends it at once. */
  readonly signal: AbortSignal;
  readonly onStage: (what: string) => void;
}

/** Everything that was seen, as gpu-check.json holds it. */
export interface GpuCheck extends CardsFound {
  /** Date and time, ISO 8601. */
  readonly at: string;
  readonly versions: { readonly contourNode: string; readonly node: string };
  readonly machine: { readonly processor: string; readonly cores: number; readonly memory: number };
  readonly cpuOnly: boolean;
  readonly bundle: { readonly name: string; readonly version: string };
  readonly amounts: Amounts;
  /** Samples in one update of the training. */
  readonly batch: number;
  /** The devices of cards first, then the CPU that they are compared with. */
  readonly rows: readonly Row[];
}

type Target = Pick<Task, 'engine' | 'device'>;

const onCards: readonly Target[] = [
  { engine: 'onnxruntime', device: 'cuda' },
  { engine: 'onnxruntime', device: 'webgpu' },
  { engine: 'tensorflow', device: 'gpu' },
];

const onCpu: readonly Target[] = [
  { engine: 'onnxruntime', device: 'cpu' },
  { engine: 'tensorflow', device: 'cpu' },
];

const bundleName = 'openkbp-head-neck';

/**
 * Looks for the NVIDIA card of this machine and runs every engine on it, then on the CPU, one after the other: golden output and
 * inference with a shipped bundle, and some updates of a training on phantoms. What fails becomes a row.
 * @throws ContourNodeError MODEL_NOT_FOUND, BUNDLE_INVALID, BUNDLE_DIGEST, CONFIG_INVALID, DISK_FULL: the checkout is not whole; the
 *   signal's reason once it is aborted
 */
export async function runGpuCheck(options: GpuCheckOptions): Promise<GpuCheck> {
  const { cpuOnly, models, amounts, onStage } = options;
  const bundle = await openBundle(bundleName, models);
  const config = await tinyTraining(options.training);
  const found = cpuOnly ? { cards: [] } : await findCards();
  const cache = await mkdtemp(join(tmpdir(), 'contour-node-gpu-check-'));
  try {
    const measure = async ({ engine, device }: Target): Promise<Row> => {
      options.signal.throwIfAborted();
      const training = engine === 'tensorflow' && { training: { config: options.training, cache } };
      const task = { engine, device, bundle: bundle.directory, amounts, ...training };
      if (training !== false) {
        onStage('phantoms for the training');
        await collectCases(config, { cache });
      }
      onStage(`${engine} on ${device}`);
      if (device === 'cpu') return measureRow(task, options.signal);
      const { result, growth } = await watchCardMemory(() => measureRow(task, options.signal));
      return judgeCard({ ...result, ...(growth !== undefined && { cardMemory: growth }) });
    };
    const cards: Row[] = [];
    for (const target of cpuOnly ? [] : onCards) cards.push(absent(target, found) ?? (await measure(target)));
    // Without anything on a card there is nothing to compare.
    const compared = cpuOnly || cards.some(({ outcome }) => outcome !== 'absent');
    const cpu: Row[] = [];
    for (const target of compared ? onCpu : []) cpu.push(absent(target, found) ?? (await measure(target)));
    const { training } = cpu.find(({ engine }) => engine === 'tensorflow') ?? {};
    return {
      at: new Date().toISOString(),
      versions: { contourNode: version, node: process.version },
      machine: { processor: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), memory: totalmem() },
      cpuOnly,
      ...found,
      bundle: { name: bundle.manifest.name, version: bundle.manifest.version },
      amounts,
      batch: config.training.batch,
      rows: [...cards, ...cpu].map((row) => judgeTraining(row, training)),
    };
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}

/** The row of a target for which this machine has no package or no card. */
function absent(target: Target, { cards }: CardsFound): Row | undefined {
  const { engine, device } = target;
  const row = (message: string, remedy: string): Row => ({
    ...target,
    outcome: 'absent',
    problems: [{ message, remedy }],
  });
  if (device === 'cuda' && !cudaInstalled()) return row('its CUDA provider is not installed', 'run ./setup --gpu');
  if (engine === 'tensorflow' && !tensorFlowBuilt(device === 'gpu')) {
    return device === 'gpu'
      ? row('TensorFlow for the GPU is not installed', 'run ./setup --gpu')
      : row('TensorFlow is not installed', 'run ./setup --dev');
  }
  if (device === 'cpu' || cards.length > 0) return undefined;
  return row('there is no card to run on', 'run it on a machine with an NVIDIA card');
}
