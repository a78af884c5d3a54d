import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';
import { noStrace } from '../support/strace.ts';

/** What one system call is for the image, by its line in strace's output; calls of other threads may lie in between. */
const steps = {
  write: /writev?\(\d+<[^>]*\/incoming\/[^>]*\.part>/,
  flush: /f(data)?sync\(\d+<[^>]*\/incoming\/[^>]*\.part>/,
  name: /(link|rename)(at)?\(.*\.part".*\/instances\/[0-9a-f]{16}\.dcm"/,
  'flush of the folder': /fsync\(\d+<[^>]*\/instances>/,
  // A P-DATA-TF PDU to the sender.
  response: /write\(\d+<TCP.*\]>, "\\4\\/,
};

test(
  'an image is written, flushed, named, its folder flushed, and only then answered',
  { skip: noStrace },
  async (t) => {
    const node = await startRunningNode(t, { intake: { quietPeriodSeconds: 3600 } });
    const { files } = await phantomCt(t, 208, { slices: 10 });
    const send = async (file: string | undefined): Promise<void> => {
      const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '127.0.0.1', String(node.dicomPort), file ?? '']);
      assert.equal(sent.code, 0, sent.stderr);
    };
    // The folder of the series is there from now on.
    await send(files[0]);

    const folder = await mkdtemp(join(tmpdir(), 'contour-node-strace-'));
    t.after(() => rm(folder, { recursive: true }));
    const output = join(folder, 'calls');
    const [pid] = node.processes('contour-node.ts node');
    const calls = 'trace=write,writev,fsync,fdatasync,link,linkat,rename,renameat,renameat2';
    const strace = spawn('strace', ['-f', '-yy', '-e', calls, '-o', output, '-p', String(pid)], { stdio: 'pipe' });
    let words = '';
    strace.stderr.on('data', (bytes: Buffer) => (words += bytes.toString()));
    await eventually('strace is attached', 20, () => (words.includes('attached') ? true : undefined));
    await send(files[1]);
    strace.kill('SIGINT');
    await once(strace, 'exit');

    const lines = (await readFile(output, 'utf8')).split('\n');
    const at = (step: keyof typeof steps, where: 'first' | 'last' = 'first'): number => {
      const index =
        where === 'first'
          ? lines.findIndex((line) => steps[step].test(line))
          : lines.findLastIndex((line) => steps[step].test(line));
      assert.ok(index >= 0, `${step} is among the calls:\n${lines.join('\n')}`);
      return index;
    };
    /** The line on which the call of this line has come back. */
    const end = (index: number): number => {
      const [thread] = (lines[index] ?? '').split(' ');
      if (!(lines[index] ?? '').includes('<unfinished')) return index;
      return lines.findIndex((line, i) => i > index && line.startsWith(`${thread} `) && line.includes('resumed>'));
    };
    assert.ok(end(at('write', 'last')) < at('flush'), 'all is written before it is flushed');
    assert.ok(end(at('flush')) < at('name'), 'it is on the disk before it has a name');
    assert.ok(end(at('name')) < at('flush of the folder'), 'the name is there before its folder is flushed');
    assert.ok(end(at('flush of the folder')) < at('response'), 'the folder is on the disk before the answer goes out');
  },
);
