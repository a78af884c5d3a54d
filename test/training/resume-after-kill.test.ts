import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { latestCheckpoint, readCheckpoint } from '../../worker/training/checkpoint.ts';
import { loadTensorFlow } from '../../worker/engines/load-tensorflow.ts';
import { train, type Training } from '../../worker/training/trainer.ts';
import { smallCases, smallConfig } from './small-training.ts';

const tf = await loadTensorFlow();
const cases = await smallCases(3);
const split = { training: cases.slice(0, 2), validation: cases.slice(2) };

async function folder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'contour-node-training-'));
}

async function run(directory: string, changes: Partial<Training> = {}) {
  return train(tf, { config: smallConfig(), cases: split, directory, ...changes });
}

test('a training that was killed goes on to the same numbers as one that was not', async () => {
  const whole = await folder();
  const reference = await run(whole);

  const killed = await folder();
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('./killed-training.ts', import.meta.url)), killed, JSON.stringify(split)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  // The child says when an update of the second epoch is done: by then one checkpoint is on disk.
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  const resumed = await run(killed);

  const numbers = (history: typeof reference.history) =>
    history.map(({ epoch, loss, learningRate, dice }) => ({ epoch, loss, learningRate, dice }));
  assert.deepEqual(numbers(resumed.history), numbers(reference.history));
  assert.deepEqual(resumed.best, reference.best);
  const last = async (directory: string) => latestCheckpoint(directory, () => assert.fail('no checkpoint is refused'));
  assert.deepEqual(await last(killed), await last(whole));
  const lines = (await readFile(join(killed, 'history.jsonl'), 'utf8')).trim().split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { epoch: number }).epoch),
    [1, 2, 3],
  );
  await rm(whole, { recursive: true });
  await rm(killed, { recursive: true });
});

test('a truncated checkpoint is refused with its name, and the one before is used', async () => {
  const directory = await folder();
  await run(directory);
  const names = (await readdir(directory)).filter((name) => name.endsWith('.bin')).toSorted();
  assert.deepEqual(names, ['checkpoint-00002.bin', 'checkpoint-00003.bin'], 'the last two are kept');
  const newest = join(directory, 'checkpoint-00003.bin');
  await truncate(newest, 5000);
  await assert.rejects(readCheckpoint(newest), {
    code: 'CHECKPOINT_INVALID',
    message: /checkpoint-00003\.bin: truncated/,
  });
  const refused: string[] = [];
  const { history } = await run(directory, { onRefused: (error) => refused.push(error.code) });
  assert.deepEqual(refused, ['CHECKPOINT_INVALID']);
  assert.equal(history.length, 3);
  assert.equal((await readCheckpoint(newest)).epoch, 3, 'the third epoch was done again');
  await rm(directory, { recursive: true });
});

test('checkpoints of another network are refused', async () => {
  const directory = await folder();
  await run(directory, { config: smallConfig({ training: { epochs: 1 } }) });
  const config = smallConfig();
  const other = { ...config, architecture: { family: 'unet' as const, parameters: { channels: 6, depth: 2 } } };
  await assert.rejects(run(directory, { config: other }), {
    code: 'CHECKPOINT_INVALID',
    message: /belongs to another network/,
  });
  await rm(directory, { recursive: true });
});

test('a small training learns: the loss falls, Dice rises, nothing leaks, the loader keeps up', async () => {
  const directory = await folder();
  const before = tf.memory().numTensors;
  const config = smallConfig({ training: { epochs: 12, learningRate: 0.02, accumulate: 2, slicesPerEpoch: 64 } });
  const { history } = await run(directory, { config });
  assert.equal(tf.memory().numTensors, before);
  const [first, last] = [history[0], history.at(-1)];
  assert.ok(
    typeof first?.loss === 'number' && typeof last?.loss === 'number' && last.loss < first.loss * 0.5,
    `${first?.loss} to ${last?.loss}`,
  );
  assert.ok(last.meanDice > 0.8, `Dice ${last.meanDice}`);
  assert.match(await readFile(join(directory, 'history.svg'), 'utf8'), /<polyline.*<\/svg>/s);
  await rm(directory, { recursive: true });
});
