import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { percentile } from '../../src/charts/percentile.ts';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { residentMemory } from '../support/resident-memory.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';

const connections = 10_000;

test('10,000 connections with garbage, 4 GB headers and 200 slow lorises: the node stays small, an honest sender gets through', async (t) => {
  const node = await startRunningNode(t, { intake: { quietPeriodSeconds: 3600 } });
  const series = await Promise.all(Array.from({ length: 10 }, (_, i) => phantomCt(t, 501 + i)));
  const seconds = async (index: number): Promise<number> => {
    const start = performance.now();
    const sent = await runProgram('storescu', [
      '-aec',
      'CONTOUR',
      '127.0.0.1',
      String(node.dicomPort),
      ...series[index]!.files,
    ]);
    assert.equal(sent.code, 0, sent.stderr);
    return (performance.now() - start) / 1000;
  };
  const program = fileURLToPath(new URL('../peers/attack.ts', import.meta.url));
  const attack = spawn('taskset', ['-c', '1', process.execPath, program, String(node.dicomPort)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(async () => {
    if (attack.exitCode === null && attack.signalCode === null) {
      attack.kill('SIGKILL');
      await once(attack, 'exit');
    }
  });
  let done = 0;
  attack.stdout.on('data', (bytes: Buffer) => (done = Number(bytes.toString().trim().split('\n').at(-1))));
  await eventually('the attack is under way', 60, () => (done > 0 ? true : undefined));
  // By turns, since other work on the machine comes and goes: the attackers stand still, the attackers attack.
  const times = { undisturbed: [] as number[], attacked: [] as number[] };
  for (let i = 0; i < 10; i += 2) {
    attack.kill('SIGSTOP');
    times.undisturbed.push(await seconds(i));
    attack.kill('SIGCONT');
    const before = done;
    await eventually('the attack goes on', 60, () => (done > before ? true : undefined));
    times.attacked.push(await seconds(i + 1));
  }
  const [undisturbed, besideThem] = [percentile(times.undisturbed, 50), percentile(times.attacked, 50)];
  await eventually('so many connections', 600, () => (done >= connections ? true : undefined));

  const { peak } = residentMemory(node.processes('contour-node.ts node')[0]!);
  t.diagnostic(
    `60 slices, median of five: ${undisturbed.toFixed(2)} s, beside the attack ${besideThem.toFixed(2)} s; peak resident memory ${peak.toFixed(0)} MB`,
  );
  assert.ok(peak < 400, `${peak.toFixed(0)} MB`);
  // Work that an attacker makes: written one by one the refusals alone slowed the honest sender down.
  const refusals = node.log().match(/connection closed|association (aborted|rejected)/g)?.length ?? 0;
  assert.ok(refusals < 500, `${refusals} lines in the log about refused connections`);
  assert.equal((await node.list()).length, 10);
});
