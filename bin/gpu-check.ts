import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { writeWhole } from '../src/work/write-whole.ts';
import { gpuCheckText, verdictOf } from '../worker/gpu-check/gpu-check-report.ts';
import { runGpuCheck } from '../worker/gpu-check/run-gpu-check.ts';
import { wholeNumber } from './shared/number-option.ts';

export const summary = 'check inference and training on an NVIDIA card, and say how fast they are';

export const help = `usage: contour-node gpu-check [--device cpu] [--out FILE] [--slices N] [--repeats N] [--updates N]

Looks for the NVIDIA card of this machine and runs what can run on it: onnxruntime (cuda, webgpu) and TensorFlow (gpu), after
./setup --gpu. Each engine has to reproduce the golden output of a shipped bundle; a batch of slices and some updates of a
training on phantoms are timed on the card and on the CPU, with the peaks of the memory. Prints a table and writes
gpu-check.json, which holds no patient data.

  --device cpu  every step on the CPU: tests the check itself, says nothing about a card
  --out FILE    where the JSON is written, over the one of before (default: gpu-check.json)
  --slices N    slices in one call of the network (default 32)
  --repeats N   calls that are timed (default 10)
  --updates N   updates of the training that are timed (default 5)

Exit codes: 0 every step ran on the card, with what is installed; 1 there is a card and something failed: the output says what to
do; 2 no card, or no package that can use it (or a wrong call).

examples:
  contour-node gpu-check
  contour-node gpu-check --device cpu --slices 8 --out /tmp/gpu-check.json`;

const models = fileURLToPath(new URL('../models', import.meta.url));
const training = fileURLToPath(new URL('../config/training/phantom-gtvp.yaml', import.meta.url));

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      device: { type: 'string' },
      out: { type: 'string', default: 'gpu-check.json' },
      slices: { type: 'string', default: '32' },
      repeats: { type: 'string', default: '10' },
      updates: { type: 'string', default: '5' },
    },
  });
  const { device, out } = values;
  if (device !== undefined && device !== 'cpu') {
    throw new ContourNodeError('USAGE', `--device ${device}: only cpu; without it every device of the card is checked`);
  }
  const amounts = {
    slices: wholeNumber('slices', values.slices, 1, 1024),
    repeats: wholeNumber('repeats', values.repeats),
    updates: wholeNumber('updates', values.updates),
  };
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  const check = await runGpuCheck({
    cpuOnly: device === 'cpu',
    models,
    training,
    amounts,
    signal: interrupt.signal,
    onStage: (what) => console.error(`gpu-check: ${what}`),
  }).catch((error: unknown) => {
    if (!interrupt.signal.aborted) throw error;
  });
  if (check === undefined || interrupt.signal.aborted) {
    console.error('interrupted');
    process.exitCode = 130;
    return;
  }
  const verdict = verdictOf(check);
  await writeWhole(out, `${JSON.stringify({ ...check, verdict }, undefined, 2)}\n`);
  console.log(`${gpuCheckText(check)}written to ${out}`);
  process.exitCode = verdict.exitCode;
}
