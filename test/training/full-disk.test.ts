import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { latestCheckpoint } from '../../worker/training/checkpoint.ts';
import { loadTensorFlow } from '../../worker/engines/load-tensorflow.ts';
import { train } from '../../worker/training/trainer.ts';
import { smallCases, smallConfig } from './small-training.ts';

test('a disk that fills up ends the training in words; what was trained stays, and with space it goes on', async (t) => {
  const tf = await loadTensorFlow();
  const cases = await smallCases(3);
  const run = (directory: string) =>
    train(tf, {
      config: smallConfig(),
      cases: { training: cases.slice(0, 2), validation: cases.slice(2) },
      directory,
    });
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-disk-'));
  const full = join(folder, 'full');
  await mkdir(full);
  let isMounted = false;
  t.after(async () => {
    if (isMounted) execFileSync('umount', [full]);
    await rm(folder, { recursive: true });
  });
  const roomy = join(folder, 'roomy');
  const reference = await run(roomy);
  const { size } = await stat(join(roomy, 'checkpoint-00003.bin'));

  // Room for one checkpoint, history and curve, and half of the next one.
  const kilobytes = Math.ceil((size * 1.5) / 1024) + 32;
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', full]);
  if (mounted.status !== 0) return t.skip('mounting a small tmpfs needs root');
  isMounted = true;
  await assert.rejects(run(full), {
    code: 'DISK_FULL',
    message: 'no space for a checkpoint: the one before it is kept',
    remedy: /free space and start the same training again/,
  });
  const kept = await latestCheckpoint(full, () => assert.fail('no checkpoint is refused'));
  assert.equal(kept?.epoch, 1);
  assert.deepEqual((await readdir(full)).toSorted(), ['checkpoint-00001.bin', 'history.jsonl', 'history.svg']);

  execFileSync('mount', ['-o', `remount,size=${Math.ceil((size * 5) / 1024)}k`, full]);
  const resumed = await run(full);
  assert.deepEqual(resumed.best, reference.best);
});
