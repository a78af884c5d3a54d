import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ctSliceFile } from '../support/ct-slice.ts';
import { eventually } from '../support/eventually.ts';
import { forgetPeak, residentMemory } from '../support/resident-memory.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';
import { noStrace } from '../support/strace.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const senders = 16;
const slices = 2;
/** 8 MB of pixels. */
const matrix = 2048;
/** Milliseconds that the disk takes for each write; the node gathers 256 kB for one. */
const delay = 100;

test(
  'senders that are faster than the disk are slowed down: the node does not gather in memory what the disk has not taken',
  { skip: noStrace },
  async (t) => {
    const node = await startRunningNode(t, { intake: { quietPeriodSeconds: 3600 } });
    const folder = await temporaryFolder(t);
    const folders = await Promise.all(
      Array.from({ length: senders }, async (_, sender) => {
        const files = join(folder, String(sender));
        await mkdir(files);
        for (let number = 1; number <= slices; number++)
          await writeFile(join(files, `${number}.dcm`), ctSliceFile({ series: `1.2.826.9.${sender}`, number, matrix }));
        return files;
      }),
    );
    const pid = node.processes('contour-node.ts node')[0]!;
    // Each writev of the node, none of which goes to a socket, is held up before it reaches the kernel.
    const inject = ['-e', 'trace=writev', '-e', `inject=writev:delay_enter=${delay * 1000}`];
    const strace = spawn('strace', ['-f', ...inject, '-o', '/dev/null', '-p', String(pid)], { stdio: 'pipe' });
    t.after(async () => {
      strace.kill('SIGINT');
      if (strace.exitCode === null && strace.signalCode === null) await once(strace, 'exit');
    });
    let words = '';
    strace.stderr.on('data', (bytes: Buffer) => (words += bytes.toString()));
    await eventually('strace is attached', 20, () => (words.includes('attached') ? true : undefined));

    forgetPeak(pid);
    const { now: before } = residentMemory(pid);
    const begin = performance.now();
    const sent = await Promise.all(
      folders.map((files) =>
        runProgram('storescu', ['-aec', 'CONTOUR', '+sd', '127.0.0.1', String(node.dicomPort), files]),
      ),
    );
    const seconds = (performance.now() - begin) / 1000;
    for (const { code, stderr } of sent) assert.equal(code, 0, stderr);
    const { peak } = residentMemory(pid);
    const megabytes = (senders * slices * matrix * matrix * 2) / 1e6;
    t.diagnostic(
      `${megabytes.toFixed(0)} MB from ${senders} senders in ${seconds.toFixed(0)} s (${(megabytes / seconds).toFixed(1)} MB/s): resident memory ${before.toFixed(0)} MB before, at most ${peak.toFixed(0)} MB`,
    );
    assert.deepEqual(
      (await node.list()).map(({ images }) => images),
      Array.from({ length: senders }, () => slices),
    );
    // Four threads write: that the disk was slow is part of what is claimed.
    assert.ok(
      seconds > ((megabytes / 0.26 / 4) * (delay / 1000)) / 2,
      `the disk was not slow: ${seconds.toFixed(0)} s`,
    );
    assert.ok(peak - before < megabytes / 2, `${before.toFixed(0)} MB grew to ${peak.toFixed(0)} MB`);
    assert.ok(peak < 400, `${peak.toFixed(0)} MB`);
  },
);
