import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tensorFlowBuilt } from '../../worker/engines/load-tensorflow.ts';
import { missingDevice } from '../../worker/engines/devices.ts';
import { cudaInstalled } from '../../worker/engines/onnxruntime.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { findCards } from '../../worker/gpu-check/card.ts';
import { measureRow } from '../../worker/gpu-check/measure-row.ts';
import type { Task } from '../../worker/gpu-check/messages.ts';
import { checkout, contourNode, runProgram } from '../support/run-program.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const { cards, remedy } = await findCards();
const hasCard = (cards.length > 0 || remedy !== undefined) && 'this machine has an NVIDIA card';
const models = join(checkout, 'models');
const few = ['--slices', '2', '--repeats', '2', '--updates', '2'];
const untrained = tensorFlowBuilt() ? false : 'TensorFlow is not installed: run ./setup --dev';

test('on the CPU every step runs, is timed and is written down', { skip: untrained }, async (t) => {
  const out = join(await temporaryFolder(t), 'gpu-check.json');
  const { code, stdout, stderr } = await contourNode('gpu-check', '--device', 'cpu', ...few, '--out', out);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /^onnxruntime cpu +ran +within \S+ +[\d.]+ s +1\.0 +- +- +[\d.]+ GB +-$/m);
  assert.match(stdout, /^tensorflow cpu +ran +within \S+ +[\d.]+ s +[\d.]+ +[\d.]+ s +1\.0 +[\d.]+ GB +-$/m);
  assert.match(stdout, /^Every step ran on the CPU; this says nothing about a card: /m);
  const text = await readFile(out, 'utf8');
  assert.ok(!text.includes(checkout), 'no path of this machine');
  const { rows, verdict } = JSON.parse(text) as {
    rows: { goldenDifference: number; inference: { seconds: number[] }; training?: { losses: number[] } }[];
    verdict: { exitCode: number };
  };
  assert.equal(verdict.exitCode, 0);
  assert.equal(rows.length, 2);
  for (const row of rows) {
    assert.ok(row.goldenDifference <= 1e-3);
    assert.equal(row.inference.seconds.length, 2);
  }
  const losses = rows[1]!.training!.losses;
  assert.equal(losses.length, 3);
  assert.ok(losses[2]! < losses[0]!, 'it learns');
});

test('without a card it ends cleanly, and says what is missing', { skip: hasCard }, async (t) => {
  const out = join(await temporaryFolder(t), 'gpu-check.json');
  const { code, stdout, stderr } = await contourNode('gpu-check', '--out', out);
  assert.equal(code, 2, stdout + stderr);
  assert.equal(stderr, '', 'no stage began');
  assert.match(stdout, /^card +none: nvidia-smi /m);
  assert.match(stdout, /^No NVIDIA card here \(.*\): nothing was measured\./m);
  assert.deepEqual((JSON.parse(await readFile(out, 'utf8')) as { cards: unknown }).cards, []);
});

test('with a card and no package for it, it names the command that installs one', { skip: hasCard }, async (t) => {
  const bundle = await openBundle('phantom-gtvp', models);
  if (cudaInstalled() || tensorFlowBuilt(true) || (await missingDevice('onnxruntime', 'webgpu', bundle)) === undefined)
    return t.skip('this machine has a package or a driver for a card');
  const folder = await temporaryFolder(t);
  // A card that is listed and never used: that is how far the program gets without its packages.
  await writeFile(join(folder, 'nvidia-smi'), '#!/bin/sh\necho "NVIDIA H200, 143771, 570.86.15"\n');
  await chmod(join(folder, 'nvidia-smi'), 0o755);
  const path = `PATH=${folder}:${process.env['PATH']}`;
  const command = [join(checkout, 'contour-node'), 'gpu-check', ...few, '--out', join(folder, 'gpu-check.json')];
  const { code, stdout, stderr } = await runProgram('env', [path, ...command]);
  assert.equal(code, 2, stdout + stderr);
  assert.match(stdout, /^card +NVIDIA H200, 150\.8 GB, driver 570\.86\.15$/m);
  assert.match(stdout, /^onnxruntime webgpu: not there: .*WebGPU adapter/m);
  assert.match(stdout, /^There is a card, but no package for it: run \.\/setup --gpu/m);
});

test('a wrong golden output and a process that is killed are rows that say in which step', async (t) => {
  const folder = join(await temporaryFolder(t), 'bundle');
  await cp(join(models, 'phantom-gtvp'), folder, { recursive: true });
  const output = join(folder, 'golden-output.f32');
  const before = await readFile(output);
  const bytes = Buffer.from(before);
  bytes.writeFloatLE(bytes.readFloatLE(0) + 0.5, 0);
  await writeFile(output, bytes);
  const digest = (of: Buffer) => createHash('sha256').update(of).digest('hex');
  const manifest = await readFile(join(folder, 'bundle.json'), 'utf8');
  await writeFile(join(folder, 'bundle.json'), manifest.replace(digest(before), digest(bytes)));

  const amounts = { slices: 1, repeats: 1, updates: 1 };
  const task: Task = { engine: 'onnxruntime', device: 'cpu', bundle: folder, amounts };
  const wrong = await measureRow(task, new AbortController().signal);
  assert.equal(wrong.outcome, 'failed');
  assert.equal(wrong.problems.length, 1);
  assert.equal(wrong.problems[0]!.step, 'the golden output');
  assert.match(wrong.problems[0]!.message, /golden output differs by 0\.50, allowed 0\.001/);
  assert.equal(wrong.inference!.seconds.length, 1, 'what comes after it is measured all the same');

  const killed = await measureRow(task, AbortSignal.timeout(1));
  assert.equal(killed.problems[0]!.step, 'opening the network');
  assert.match(killed.problems[0]!.message, /^the process of onnxruntime on cpu ended \(SIGKILL\)/);
});
