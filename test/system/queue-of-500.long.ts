import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { embeddedRedisSocket } from '../../src/jobs/embedded-redis.ts';
import { pseudonym } from '../../src/pseudonym.ts';
import { pseudonymKey } from '../../src/store/pseudonym-key.ts';
import { startPickyTps } from '../../worker/demo/picky-tps.ts';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { residentMemory } from '../support/resident-memory.ts';
import { checkout, runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';
import { cylinderWithEllipsoids, grid, writeCtFolder } from '../support/synthetic-ct.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

const count = 500;
/** The series that kills whichever engine draws it; one of the first. */
const poison = 7;
const uidOf = (number: number): string => `2.25.7800.${number}`;

test('500 series wait for two workers, one of them kills its engine each time: it is set aside, each other is delivered once', async (t) => {
  const folder = await temporaryFolder(t);
  const bundle = await thresholdBundle(t);
  const armed = join(folder, 'armed');
  await mkdir(armed);
  const tps = await startPickyTps({ directory: join(folder, 'tps') });
  afterwards(t, () => tps.close());
  const node = await startRunningNode(
    { after: (undo) => afterwards(t, undo) },
    {
      models: { directory: dirname(bundle.directory) },
      engine: { threads: 1 },
      peers: [{ name: 'tps', aeTitle: tps.aeTitle, host: '127.0.0.1', port: tps.port }],
      destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration'] }],
      routes: [{ name: 'all', models: ['threshold'], destinations: ['tps'] }],
      worker: { maximumTries: 3 },
    },
    [],
    { CONTOUR_NODE_FAULT_POINTS: armed },
  );
  const poisonKey = pseudonym(await pseudonymKey(node.dataDirectory), uidOf(poison));
  await writeFile(join(armed, `contouring.${poisonKey}`), '1000');
  const pid = node.processes('contour-node.ts node')[0]!;
  const { now: before } = residentMemory(pid);

  // Nothing is taken until all of them wait, as when the workers are down over the weekend.
  const redis = new Redis({ path: embeddedRedisSocket(node.dataDirectory), maxRetriesPerRequest: null });
  const queue = new Queue('contour', { connection: redis, prefix: 'contour-node' });
  afterwards(t, async () => {
    await queue.close();
    redis.disconnect();
  });
  await queue.pause();

  const volume = cylinderWithEllipsoids(grid([32, 32, 12], [8, 8, 3]), { centre: [0, 0], radii: [90, 70] }, [
    { centre: [10, 5, 16], radii: [30, 25, 14] },
  ]);
  const batch = 50;
  for (let first = 1; first <= count; first += batch) {
    const ct = join(folder, `from-${first}`);
    for (let number = first; number < first + batch; number++)
      await writeCtFolder(join(ct, String(number)), volume, {
        seriesUid: uidOf(number),
        patientName: `Queue^${number}`,
      });
    const options = ['-aec', 'CONTOUR', '+sd', '+r', '127.0.0.1', String(node.dicomPort), ct];
    const sent = await runProgram('storescu', options);
    assert.equal(sent.code, 0, sent.stderr);
  }
  await node.settled(count, ['queued'], 120);
  const { now: waiting } = residentMemory(pid);
  assert.ok((await queue.getJobCountByTypes('waiting', 'prioritized')) <= 200, 'worker.maximumQueued');

  const second = spawn(`${checkout}contour-node`, ['worker', '--config', node.configFile], {
    stdio: 'ignore',
    env: { ...process.env, CONTOUR_NODE_FAULT_POINTS: armed },
  });
  afterwards(t, async () => {
    second.kill('SIGKILL');
    if (second.exitCode === null && second.signalCode === null) await once(second, 'exit');
  });
  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${node.httpPort}/metrics`)).text();
  await eventually('the second worker is there', 60, async () => /workers\S* 2\b/.test(await metrics()) || undefined);
  const begin = performance.now();
  await queue.resume();
  const all = await node.settled(count, ['delivered', 'set aside'], 1500);
  const seconds = (performance.now() - begin) / 1000;

  assert.deepEqual(
    all.filter(({ state }) => state === 'set aside').map(({ key }) => key),
    [poisonKey],
  );
  const { orders } = await node.show(poisonKey);
  assert.equal(orders[0]?.tries, 3);
  assert.match(orders[0]?.problem?.message ?? '', /3 tries failed.*ENGINE_FAILED/);
  assert.equal(tps.received.length, count - 1, 'each was sent once');
  const names = await Promise.all(
    tps.imported.map(async ({ path }) => parseDicom(await readFile(path)).string('00100010')),
  );
  const others = Array.from({ length: count }, (_, i) => i + 1).filter((number) => number !== poison);
  assert.deepEqual(new Set(names), new Set(others.map((number) => `Queue^${number}`)));
  assert.equal(names.length, count - 1);

  const { now: after, peak } = residentMemory(pid);
  t.diagnostic(
    `${(seconds / count).toFixed(2)} s a series; resident memory of the node: ${before.toFixed(0)} MB at the start, ${waiting.toFixed(0)} MB with ${count} in the queue, ${after.toFixed(0)} MB at the end, at most ${peak.toFixed(0)} MB`,
  );
  assert.ok(peak < 400, `${peak.toFixed(0)} MB`);
});
