import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dryRunText, type DryRun } from '../../worker/training/dry-run.ts';
import { peakMemory, resetPeakMemory } from '../../worker/training/peak-memory.ts';

test('the peak of the memory is that of what is measured, not of what came before', { skip: notLinux() }, async () => {
  const fill = (megabytes: number) => Buffer.alloc(megabytes * 2 ** 20, 1).length;
  fill(300);
  (globalThis as { gc?: () => void }).gc?.();
  await resetPeakMemory();
  const before = await peakMemory();
  const held = Buffer.alloc(200 * 2 ** 20, 1);
  const grown = (await peakMemory()) - before;
  assert.ok(held[0] === 1 && grown > 150 * 2 ** 20 && grown < 260 * 2 ** 20, `${grown} bytes for 200 MiB`);
});

function notLinux(): string | false {
  return process.platform === 'linux' ? false : 'only Linux tells the peak of a part of a process';
}

test('a training that the memory does not suffice for is told so, with what to change', () => {
  const cost: DryRun = {
    network: { family: 'deeplabv3plus', input: [512, 512, 1], parameters: 2_753_393, trained: 2_000_000 },
    from: { name: 'npc', version: '1.0.0' },
    update: { samples: 8, seconds: 17.2, measured: false },
    epoch: { updates: 1800, trainingSeconds: 30_960, validationSeconds: 240 },
    epochs: 200,
    memory: { peak: 34e9, withinReach: 25e9 },
  };
  assert.equal(
    dryRunText(cost),
    `network          deeplabv3plus, 2,753,393 parameters, 2,000,000 of them trained, input 512 x 512 x 1
begins with      npc 1.0.0
one update       8 samples in about 17 s
one epoch        about 9 h: 1,800 updates, then validation in 4 min
200 epochs       about 72 days
memory           about 34.0 GB of 25.0 GB that this machine has free
                 too much: lower training.batch and raise training.accumulate by the same factor
`,
  );
});
