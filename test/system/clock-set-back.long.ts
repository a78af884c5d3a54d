import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { explicitVrLittleEndian } from '../../src/dicom/transfer-syntax.ts';
import { startPickyTps } from '../../worker/demo/picky-tps.ts';
import { rawSender } from '../peers/raw-sender.ts';
import { startUnsafeRedis } from '../processes/unsafe-redis.ts';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { startRunningNode } from '../support/running-node.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

/**
 * Debian's package faketime: node and worker get the time of day that a file says. Redis, which does not run under it,
 * keeps the right one, as on a machine of its own; test/jobs/queues.test.ts has it the other way round.
 */
const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');

test(
  'the clock is set back under the running node, three times: CTs go their way, deliveries are repeated, nothing is removed',
  { skip: library === undefined && 'faketime is not installed (./setup --dev)' },
  async (t) => {
    const redis = await startUnsafeRedis(t, ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction']);
    const folder = await temporaryFolder(t);
    const offset = join(folder, 'offset');
    await writeFile(offset, '+0\n');
    const tps = await startPickyTps({ directory: join(folder, 'tps') });
    afterwards(t, () => tps.close());
    const node = await startRunningNode(
      { after: (undo) => afterwards(t, undo) },
      {
        redis: { url: `redis://127.0.0.1:${redis}/0` },
        peers: [{ name: 'tps', aeTitle: tps.aeTitle, host: '127.0.0.1', port: tps.port }],
        destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration'], retrySeconds: 5 }],
        routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['tps'] }],
      },
      [],
      {
        LD_PRELOAD: library!,
        FAKETIME_TIMESTAMP_FILE: offset,
        FAKETIME_CACHE_DURATION: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        NO_FAKE_STAT: '1',
      },
    );
    let hours = 0;
    const setBack = async (): Promise<void> => {
      await writeFile(offset, `-${++hours * 3600}\n`);
      await eventually('the node has the other time', 20, async () => {
        const { headers } = await fetch(`http://127.0.0.1:${node.httpPort}/health/live`);
        return Date.parse(headers.get('date')!) < Date.now() - (hours - 0.5) * 3_600_000 ? true : undefined;
      });
    };
    const images = async (seed: number): Promise<Buffer[]> =>
      Promise.all((await phantomCt(t, seed)).files.map((file) => readFile(file)));
    const send = async (files: readonly Buffer[], beforeRelease = async (): Promise<void> => {}): Promise<void> => {
      const sender = await rawSender(node.dicomPort, 'SCANNER', explicitVrLittleEndian);
      for (const file of files) assert.equal(await sender.store(file), 0);
      await beforeRelease();
      assert.equal(await sender.release(), true);
      sender.peer.socket.destroy();
    };
    const [first, second, third] = [await images(561), await images(562), await images(563)];

    await send(first);
    const [before] = await node.settled(1, ['delivered']);

    // Quiet period and delivery: the TPS has no room at first.
    tps.misbehave({ does: 'answer', status: 0xa700 });
    await send(second, setBack);
    await eventually('a delivery failed', 60, () => (tps.received.length === 1 && tps.deliveries === 2) || undefined);
    await setBack();
    const [, after] = (await node.settled(2, ['delivered'], 60)).toSorted(
      (a, b) => Number(a.key !== before!.key) - Number(b.key !== before!.key),
    );
    assert.equal(tps.imported.length, 2);

    // A worker dies with a job.
    const engines = node.processes('engine-child');
    for (const pid of engines) process.kill(pid, 'SIGSTOP');
    await setBack();
    await send(third);
    await eventually(
      'it is contoured',
      60,
      async () => (await node.list()).some(({ state }) => state === 'contouring') || undefined,
    );
    for (const pid of node.processes('contour-node.ts worker')) process.kill(pid, 'SIGKILL');
    // A process that is stopped does not see that its parent has gone, and holds the output of this test open.
    for (const pid of engines) process.kill(pid, 'SIGKILL');
    const all = await node.settled(3, ['delivered'], 150);
    assert.equal(tps.imported.length, 3);
    const last = all.find(({ key }) => key !== before!.key && key !== after!.key);
    assert.equal((await node.show(last!.key)).orders[0]?.tries, 2);

    await eventually('the log says by how much the clock was set back', 30, () => {
      const lines = node.log().matchAll(/"seconds":(-\d+),"message":"the clock of this machine was set back"/g);
      const seconds = [...lines].reduce((sum, [, text]) => sum + Number(text), 0);
      return Math.abs(seconds + 3 * 3600) < 10 ? true : undefined;
    });
    const { history, stages } = await node.show(after!.key);
    const kinds = history
      .map(({ kind }) => kind)
      .filter((kind) => kind !== 'contour started' && kind !== 'deliver started');
    assert.deepEqual(kinds, [
      'association',
      'association ended',
      'revision',
      'ordered',
      'contour try',
      'result',
      'deliver try',
      'deliver outcome',
      'deliver try',
      'deliver outcome',
    ]);
    for (const { stage, from, to } of stages)
      assert.ok(to !== undefined && to >= from, `${stage} ended before it began`);
  },
);
