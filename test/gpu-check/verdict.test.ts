import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { parseCards } from '../../worker/gpu-check/card.ts';
import { gpuCheckText, verdictOf } from '../../worker/gpu-check/gpu-check-report.ts';
import { judgeCard, judgeTraining, type Row } from '../../worker/gpu-check/row.ts';
import { watchCardMemory } from '../../worker/gpu-check/watch-card-memory.ts';
import { afterwards } from '../support/afterwards.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const mebibyte = 2 ** 20;
const card = { name: 'NVIDIA L4', memory: 23034 * mebibyte, driver: '550.54.15' };

function row(engine: Row['engine'], device: Row['device'], more: Partial<Row> = {}): Row {
  return { engine, device, outcome: 'ran', problems: [], ...more };
}

function trained(...losses: number[]): Partial<Row> {
  return { training: { seconds: losses.slice(1).map(() => 2), losses, memory: 1e9 } };
}

test('cards are read as nvidia-smi lists them, also where the driver does not say the memory', () => {
  assert.deepEqual(parseCards('NVIDIA L4, 23034, 550.54.15\nGRID A, B, [N/A], 535.1\n\n'), [
    card,
    { name: 'GRID A, B', memory: undefined, driver: '535.1' },
  ]);
  assert.deepEqual(parseCards('No devices were found\n'), []);
});

test('the memory of a card is its largest growth while the task runs, on whichever card', async (t) => {
  const folder = await temporaryFolder(t);
  const used = (...mebibytes: number[]) => writeFile(join(folder, 'used'), `${mebibytes.join('\n')}\n`);
  await writeFile(join(folder, 'nvidia-smi'), `#!/bin/sh\ncat ${join(folder, 'used')}\n`);
  await chmod(join(folder, 'nvidia-smi'), 0o755);
  const { PATH } = process.env;
  process.env['PATH'] = `${folder}:${PATH}`;
  afterwards(t, () => void (process.env['PATH'] = PATH));
  await used(500, 10);
  const { result, growth } = await watchCardMemory(async () => {
    await used(501, 1210);
    await pause(1500);
    await used(500, 10);
    return 'done';
  });
  assert.equal(result, 'done');
  assert.equal(growth, 1200 * mebibyte);
});

test('an engine that computed elsewhere than on the card has failed', () => {
  const inference = { seconds: [1], difference: 0, memory: 1e9 };
  assert.equal(judgeCard(row('onnxruntime', 'webgpu', { inference, cardMemory: 0 })).outcome, 'failed');
  assert.equal(judgeCard(row('onnxruntime', 'cuda', { inference, cardMemory: 300 * mebibyte })).outcome, 'ran');
  assert.equal(judgeCard(row('onnxruntime', 'cuda', { inference })).outcome, 'ran', 'the driver does not say');
});

test('a training that begins with another loss than on the CPU, or does not learn, has failed', () => {
  const { training: onCpu } = trained(1, 0.9) as Pick<Row, 'training'>;
  assert.equal(judgeTraining(row('tensorflow', 'gpu', trained(1.005, 0.9)), onCpu).outcome, 'ran');
  assert.match(
    judgeTraining(row('tensorflow', 'gpu', trained(1.02, 0.9)), onCpu).problems[0]!.message,
    /^the first loss is 1\.020, on the CPU 1\.000$/,
  );
  assert.match(
    judgeTraining(row('tensorflow', 'gpu', trained(1, 1.1)), onCpu).problems[0]!.message,
    /^the loss did not fall: 1\.000, then 1\.100/,
  );
  assert.equal(judgeTraining(row('tensorflow', 'gpu', trained(1, 0.9)), undefined).outcome, 'ran', 'no CPU to compare');
});

test('the exit code says whether something ran on a card, failed there, or could not be tried', () => {
  const problem = { message: 'why', remedy: 'do this' };
  const cpu = row('onnxruntime', 'cpu');
  const missing = row('onnxruntime', 'cuda', { outcome: 'absent', problems: [problem] });
  const failed = row('tensorflow', 'gpu', { outcome: 'failed', problems: [{ ...problem, step: 'training' }] });
  const ran = row('onnxruntime', 'webgpu');
  const codeOf = (rows: Row[], more = {}) => verdictOf({ cpuOnly: false, cards: [card], rows, ...more }).exitCode;
  assert.equal(codeOf([missing, ran, cpu]), 0);
  assert.equal(codeOf([ran, failed, cpu]), 1);
  assert.equal(codeOf([missing]), 2, 'no package');
  assert.equal(codeOf([missing], { cards: [], why: 'nvidia-smi is not there' }), 2, 'no card');
  assert.equal(codeOf([missing], { cards: [], why: 'no driver', remedy: 'install it' }), 1, 'a card without a driver');
  assert.equal(codeOf([cpu], { cpuOnly: true, cards: [] }), 0);
});

test('the table compares each device with the CPU, and a failure keeps what was seen before it', () => {
  const measured = (seconds: number[]) => ({ inference: { seconds, difference: 0, memory: 5e8 } });
  const problems = [{ step: 'training' as const, message: 'the loss is not a number', remedy: 'do this' }];
  const text = gpuCheckText({
    at: '2026-11-29T12:00:00.000Z',
    versions: { contourNode: '0.1.0', node: 'v24.21.0' },
    machine: { processor: 'AMD EPYC', cores: 16, memory: 128e9 },
    cpuOnly: false,
    cards: [card],
    bundle: { name: 'openkbp-head-neck', version: '0.3.0' },
    amounts: { slices: 32, repeats: 3, updates: 2 },
    batch: 8,
    rows: [
      row('onnxruntime', 'cuda', { goldenDifference: 2e-6, ...measured([0.02, 0.9, 0.03]), cardMemory: 1.2e9 }),
      row('tensorflow', 'gpu', { outcome: 'failed', problems, ...measured([0.06]) }),
      row('onnxruntime', 'cpu', { goldenDifference: 0, ...measured([0.3]) }),
      row('tensorflow', 'cpu', trained(1, 0.9)),
    ],
  });
  assert.match(text, /^card {8}NVIDIA L4, 24\.2 GB, driver 550\.54\.15$/m);
  assert.match(text, /^onnxruntime cuda +ran +within 2\.0e-6 +0\.0300 s +0\.10 +- +- +0\.5 GB +1\.2 GB$/m);
  assert.match(text, /^tensorflow gpu +failed +- +0\.0600 s +0\.20 /m);
  assert.match(text, /^tensorflow gpu: failed in training: the loss is not a number\n {2}what to do: do this$/m);
  assert.match(text, /^Failed: tensorflow gpu\./m);
});
