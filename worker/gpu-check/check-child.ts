import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { problemFrom } from '../../src/problem.ts';
import { checkGolden } from '../bundles/golden.ts';
import { openBundle } from '../bundles/open-bundle.ts';
import type { Engine } from '../engines/engine.ts';
import { loadTensorFlow } from '../engines/load-tensorflow.ts';
import { openEngine } from '../engines/open-engine.ts';
import { collectCases } from '../training/case-cache.ts';
import { checkBatch, measureInference } from './measure-inference.ts';
import { measureTraining, tinyTraining } from './measure-training.ts';
import { type FromChild, type Step, type Task, taskSchema } from './messages.ts';

// Forked by run-gpu-check.ts for one engine on one device: one process cannot load two builds of TensorFlow, and a driver may
// crash it or hang.

function tell(message: FromChild, sent: () => void = () => undefined): void {
  process.send?.(message, sent);
}

/** What fails is told, and the caller goes on. */
async function attempt(step: Step, action: () => Promise<void>): Promise<void> {
  tell({ kind: 'begins', step });
  try {
    await action();
  } catch (error) {
    tell({ kind: 'failed', problem: problemFrom(error) });
  }
}

async function check({ engine: name, device, bundle: folder, amounts, training }: Task): Promise<void> {
  let opened: { bundle: Bundle; engine: Engine } | undefined;
  await attempt('opening the network', async () => {
    const bundle = await openBundle(folder, '');
    opened = { bundle, engine: await openEngine(bundle, { name, device, precision: 'float32', threads: 0 }) };
  });
  if (opened === undefined) return;
  const { bundle, engine } = opened;
  await attempt('the golden output', async () => {
    tell({ kind: 'golden', difference: await checkGolden(bundle, engine) });
  });
  await attempt('inference', async () => {
    const inference = await measureInference(bundle, engine, amounts);
    tell({ kind: 'inference', inference });
    checkBatch(bundle, engine, inference);
  });
  await engine.close();
  if (training === undefined) return;
  await attempt('training', async () => {
    const tf = await loadTensorFlow(device === 'gpu');
    const config = await tinyTraining(training.config);
    const cases = await collectCases(config, { cache: training.cache });
    tell({ kind: 'training', training: await measureTraining(tf, config, cases, amounts.updates) });
  });
}

process.once('message', (raw) => {
  check(taskSchema.parse(raw))
    .catch((error: unknown) => tell({ kind: 'failed', problem: problemFrom(error) }))
    .finally(() => tell({ kind: 'done' }, () => process.disconnect()));
});

// Ctrl-C reaches the whole group; the parent decides when this process ends.
process.on('SIGINT', () => undefined);
