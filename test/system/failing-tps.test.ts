import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeliveryView } from '../../src/store/series.ts';
import { startPickyTps, type Misbehaviour, type PickyTps } from '../../worker/demo/picky-tps.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { contourNode, runProgram } from '../support/run-program.ts';
import { startRunningNode, type RunningNode } from '../support/running-node.ts';

interface Clinic {
  readonly node: RunningNode;
  readonly tps: PickyTps;
  /** Key of the one series. */
  readonly key: string;
  readonly delivery: () => Promise<DeliveryView | undefined>;
}

/** A CT is sent to a node whose TPS misbehaves. */
async function clinicWith(t: TestContext, script: Misbehaviour[], seed: number): Promise<Clinic> {
  const { ct, files } = await phantomCt(t, seed);
  const directory = await mkdtemp(join(tmpdir(), 'contour-node-tps-'));
  const tps = await startPickyTps({ directory, ct, script });
  t.after(async () => {
    await tps.close();
    await rm(directory, { recursive: true });
  });
  const node = await startRunningNode(t, deliverTo(tps.aeTitle, tps.port));
  await send(node, files);
  const [series] = await eventually('the series is there', 30, async () => {
    const list = await node.list();
    return list.length === 1 ? list : undefined;
  });
  const key = series?.key ?? '';
  return { node, tps, key, delivery: async () => (await node.show(key)).orders[0]?.deliveries[0] };
}

function deliverTo(aeTitle: string, port: number): Record<string, unknown> {
  return {
    peers: [{ name: 'tps', aeTitle, host: '127.0.0.1', port }],
    destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration'], retrySeconds: 1, timeoutSeconds: 2 }],
    routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['tps'] }],
  };
}

async function send(node: RunningNode, files: readonly string[]): Promise<void> {
  const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '127.0.0.1', String(node.dicomPort), ...files]);
  assert.equal(sent.code, 0, sent.stderr);
}

test('a TPS that answers out of resources, then nothing, then aborts gets the structure set once it takes it', async (t) => {
  const script: Misbehaviour[] = [{ does: 'answer', status: 0xa700 }, { does: 'not answer' }, { does: 'abort' }];
  const { node, tps, delivery } = await clinicWith(t, script, 201);
  await node.settled(1, ['delivered'], 90);
  const done = await delivery();
  assert.equal(done?.state, 'delivered');
  assert.equal(done.tries, 4);
  assert.equal(done.status, 0);
  assert.equal(tps.imported.length, 1);
  assert.deepEqual(tps.refused, []);
});

test('a TPS that refuses the presentation context ends as a visible failure; resend delivers it', async (t) => {
  const refusal: Misbehaviour = { does: 'refuse context', result: 3 };
  const { node, tps, key, delivery } = await clinicWith(t, [refusal, refusal, refusal], 202);
  const [failed] = await node.settled(1, ['delivery failed'], 90);
  assert.equal(failed?.problem?.code, 'PRESENTATION_CONTEXT_REFUSED');
  assert.equal((await delivery())?.failedTries, 3);
  assert.equal(tps.imported.length, 0);

  const resent = await contourNode('jobs', 'resend', key, '--url', `http://127.0.0.1:${node.httpPort}`);
  assert.equal(resent.code, 0, resent.stderr);
  await node.settled(1, ['delivered'], 30);
  assert.equal(tps.imported.length, 1);
});

test('warnings of the TPS count as delivered: coercion recorded, elements discarded alarmed', async (t) => {
  const { node, tps, delivery } = await clinicWith(t, [{ does: 'import and answer', status: 0xb006 }], 203);
  await node.settled(1, ['delivered'], 60);
  const done = await delivery();
  assert.deepEqual([done?.state, done?.status, done?.alarmed], ['delivered', 0xb006, true]);
  assert.equal(tps.imported.length, 1);
});

test('a TPS that imported but lost the answer ends with one structure set, not two', async (t) => {
  const { node, tps, delivery } = await clinicWith(t, [{ does: 'import and hang up' }], 204);
  await node.settled(1, ['delivered'], 60);
  assert.equal(tps.imported.length, 1);
  const done = await delivery();
  assert.deepEqual([done?.tries, done?.status], [2, 0x0111]);
});

test('a TPS that is down is tried until it is back', async (t) => {
  const { ct, files } = await phantomCt(t, 205);
  const port = await freePort();
  const node = await startRunningNode(t, deliverTo('PINNACLE', port));
  await send(node, files);
  await eventually('a second try', 60, async () => {
    const [series] = await node.list();
    if (series === undefined) return undefined;
    const delivery = (await node.show(series.key)).orders[0]?.deliveries[0];
    assert.notEqual(delivery?.state, 'delivered');
    return (delivery?.tries ?? 0) >= 2 ? true : undefined;
  });
  const directory = await mkdtemp(join(tmpdir(), 'contour-node-tps-'));
  const tps = await startPickyTps({ directory, ct, port });
  t.after(async () => {
    await tps.close();
    await rm(directory, { recursive: true });
  });
  await node.settled(1, ['delivered'], 60);
  assert.equal(tps.imported.length, 1);
});
