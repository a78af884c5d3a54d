import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SeriesState } from '../../src/store/series.ts';
import { startPickyTps } from '../../worker/demo/picky-tps.ts';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { runProgram } from '../support/run-program.ts';
import { plainState, startRunningNode, type RunningNode } from '../support/running-node.ts';

/** Part of the command line by which a process below `start` is known. */
const victims = { node: 'contour-node.ts node', worker: 'contour-node.ts worker', redis: 'redis-server' } as const;

/** Kills it as soon as it runs: after the first kill `start` takes a moment to start it again. */
async function kill(node: RunningNode, victim: keyof typeof victims): Promise<void> {
  const pids = await eventually(`${victim} runs`, 60, () => {
    const found = node.processes(victims[victim]);
    return found.length > 0 ? found : undefined;
  });
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

/** Waits until the one series is in a state (or beyond it: a small phantom is drawn in a moment). */
async function reached(node: RunningNode, states: readonly SeriesState[]): Promise<void> {
  await eventually(`state ${states.join(' or ')}`, 60, async () => {
    const [series] = await node.list();
    return series !== undefined && states.includes(plainState(series.state)) ? true : undefined;
  });
}

const beyond: Record<string, readonly SeriesState[]> = {
  received: ['receiving', 'queued', 'contouring', 'contoured', 'delivering', 'delivered'],
  contouring: ['contouring', 'contoured', 'delivering', 'delivered'],
  delivering: ['delivering', 'delivered'],
};

async function survives(t: TestContext, victim: keyof typeof victims, seed: number): Promise<void> {
  const { ct, files } = await phantomCt(t, seed);
  const directory = await mkdtemp(join(tmpdir(), 'contour-node-tps-'));
  // Slow enough for the kill to fall into the delivery.
  const tps = await startPickyTps({
    directory,
    ct,
    script: Array.from({ length: 4 }, () => ({ does: 'import after', seconds: 1 })),
  });
  t.after(async () => {
    await tps.close();
    await rm(directory, { recursive: true });
  });
  const node = await startRunningNode(t, {
    peers: [{ name: 'tps', aeTitle: tps.aeTitle, host: '127.0.0.1', port: tps.port }],
    destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration'], retrySeconds: 1 }],
    routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['tps'] }],
  });
  const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '127.0.0.1', String(node.dicomPort), ...files]);
  assert.equal(sent.code, 0, sent.stderr);

  for (const point of Object.values(beyond)) {
    await reached(node, point);
    for (let twice = 0; twice < 2; twice++) await kill(node, victim);
  }
  const [series] = await node.settled(1, ['delivered'], 180);
  assert.equal(series?.images, files.length);
  assert.equal(new Set(tps.received.map(({ sopInstanceUid }) => sopInstanceUid)).size, 1, 'one structure set');
  assert.ok(
    tps.received.every(({ bytes }) => bytes.equals(tps.received[0]?.bytes ?? Buffer.alloc(0))),
    'repeats are the same bytes',
  );
  assert.equal(tps.imported.length, 1);
}

test('kill -9 of the node, twice at each stage, ends with one structure set at the TPS', (t) =>
  survives(t, 'node', 301));
test('kill -9 of the worker, twice at each stage, ends with one structure set at the TPS', (t) =>
  survives(t, 'worker', 302));
test('kill -9 of Redis, twice at each stage, ends with one structure set at the TPS', (t) => survives(t, 'redis', 303));
