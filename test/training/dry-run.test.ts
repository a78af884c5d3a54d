import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dryRunText, type DryRun } from '../../worker/training/dry-run.ts';
import { peakMemory, resetPeakMemory } from '../../worker/training/peak-memory.ts';

test('the peak of the memory is that of what is measured, not of what came before', { skip: notLinux() }, async () => {
  const megabyte = 2 ** 20;
  const grab = (megabytes: number) => new Uint8Array(megabytes * megabyte).fill(1);
  const large = grab(300);
  const before = await peakMemory();
  // Given back at once, whenever the garbage collector comes by.
  large.buffer.transfer(0);
  await resetPeakMemory();
  const reset = await peakMemory();
  assert.ok(before - reset > 250 * megabyte, `${before} bytes, then ${reset}`);
  const held = grab(100);
  const grown = (await peakMemory()) - reset;
  assert.ok(held[0] === 1 && grown > 80 * megabyte && grown < 150 * megabyte, `${grown} bytes for 100 MiB`);
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
