import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ContourNodeError } from '../../src/errors.ts';
import type { WorkerHeartbeat } from '../../src/jobs/worker-heartbeat.ts';
import { version } from '../../src/version.ts';
import { packedContours, type RemoteContours } from '../../src/work/remote-contours.ts';
import { slicesFrom } from '../../src/work/slice-frame.ts';
import { NodeConnection, type TakenOrder } from '../../worker/remote/node-connection.ts';
import { certificate, certificateAuthority, fingerprintOf } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { remoteClinic, type RemoteClinic } from '../support/remote-clinic.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const heartbeat: WorkerHeartbeat = {
  name: 'pool-1',
  version,
  queues: ['contour'],
  slots: 1,
  workerBytes: 1,
  engineBytes: 1,
  problems: [],
};
const never = new AbortController().signal;

const code = (wanted: string) => (error: unknown) => error instanceof ContourNodeError && error.code === wanted;

/** A worker that does what the test says, and nothing else. */
async function connection({ httpPort, tokenFile }: RemoteClinic, t: TestContext): Promise<NodeConnection> {
  const node = await NodeConnection.open({ url: `http://127.0.0.1:${httpPort}`, tokenFile });
  t.after(() => node.close());
  return node;
}

async function slicesOf(node: NodeConnection, lease: string, first: number, last: number): Promise<Buffer[]> {
  const { stream } = await node.images(lease, first, last, { idleSeconds: 10, signal: never });
  return Array.fromAsync(slicesFrom(stream, 1e9));
}

/** Contours nothing: no ROI was found. */
function nothingFound({ order }: TakenOrder): RemoteContours {
  const { columns, rows, z } = order.geometry;
  return {
    formatVersion: 1,
    version,
    bundles: [order.bundle.digest],
    outcome: {
      kind: 'contours',
      rois: [],
      ctWarnings: [],
      inputs: [],
      networks: [],
      beside: [],
      body: {
        low: [-1, -1, -1],
        high: [1, 1, 1],
        centre: [0, 0],
        median: [0, 0],
        volumeCm3: columns * rows * z.length,
      },
    },
    timings: [],
    batchSeconds: [],
  };
}

async function taken(node: NodeConnection): Promise<TakenOrder> {
  return eventually('an order', 30, async () => {
    await node.waiting(heartbeat, 5, never);
    return node.take('pool-1');
  });
}

const orderOf = (clinic: RemoteClinic) => clinic.node.series.show(clinic.list()[0]!.key)!.orders[0]!;

test('a worker waits for an order, has it alone, fetches any slices of it, and gives it back', async (t) => {
  const { files } = await phantomCt(t, 321);
  const clinic = await remoteClinic(t);
  const node = await connection(clinic, t);
  const waiting = node.waiting(heartbeat, 20, never);
  await clinic.send(files);
  assert.deepEqual(await waiting, { version, waiting: { urgent: 0, normal: 1, low: 0 } });
  const order = await taken(node);
  assert.equal(await node.take('pool-2'), undefined);
  assert.equal(order.order.geometry.z.length, 60);
  const all = await slicesOf(node, order.lease, 0, 59);
  assert.equal(all.length, 60);
  assert.deepEqual(await slicesOf(node, order.lease, 7, 9), all.slice(7, 10), 'whoever goes on gets the same bytes');
  await assert.rejects(node.images(order.lease, 60, 60, { idleSeconds: 5, signal: never }), code('USAGE'));
  const workers = (await (await clinic.ask('/metrics')).text()).match(
    /contour_node_workers\{queue="contour"\} \d/,
  )?.[0];
  assert.equal(workers, 'contour_node_workers{queue="contour"} 1', 'the node counts it among its workers');
  await node.giveBack(order.lease);
  await assert.rejects(node.progress(order.lease, { stage: 'volume', fraction: 0.1 }), code('REMOTE_LEASE'));
  assert.notEqual((await taken(node)).lease, order.lease);
  assert.equal(orderOf(clinic).tries, 1, 'no try is counted for what is given back');
});

test('contours are written once: the same again is answered alike, those of an earlier lease change nothing', async (t) => {
  const { files } = await phantomCt(t, 322);
  const clinic = await remoteClinic(t);
  const node = await connection(clinic, t);
  await clinic.send(files);
  const early = await taken(node);
  await node.giveBack(early.lease);
  const late = await taken(node);
  const contours = await packedContours(nothingFound(late));
  await assert.rejects(node.returnContours(early.lease, contours, never), code('REMOTE_LEASE'));
  const folder = join(clinic.config.dataDirectory, 'series');
  const results = async () =>
    (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('result.json'));
  assert.deepEqual(await results(), []);

  await node.returnContours(late.lease, contours, never);
  const [result] = await results();
  const bytes = await readFile(join(folder, result!));
  await node.returnContours(late.lease, contours, never);
  await eventually('the series is done', 20, () => clinic.list()[0]?.state.startsWith('nothing found') || undefined);
  await node.returnContours(late.lease, await packedContours({ ...nothingFound(late), bundles: [] }), never);
  assert.deepEqual(await readFile(join(folder, result!)), bytes, 'the result of the lease stands');
  await assert.rejects(node.giveBack(late.lease), code('REMOTE_LEASE'), 'it cannot be undone either');
});

test('contours with a wrong digest are asked for again; wrong ones, and a failure, are a counted try', async (t) => {
  const { files } = await phantomCt(t, 323);
  const clinic = await remoteClinic(t);
  const node = await connection(clinic, t);
  await clinic.send(files);
  const first = await taken(node);
  const good = await packedContours(nothingFound(first));
  const digest = createHash('sha256').update('other').digest('base64');
  const token = (await readFile(clinic.tokenFile, 'utf8')).trim();
  const answer = await fetch(`http://127.0.0.1:${clinic.httpPort}/api/worker/leases/${first.lease}/contours`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/gzip',
      'content-digest': `sha-256=:${digest}:`,
    },
    body: new Uint8Array(good),
  });
  assert.deepEqual([answer.status, /REMOTE_TRANSFER/.test(await answer.text())], [400, true]);
  await node.progress(first.lease, { stage: 'contours', fraction: 0.9 });
  await assert.rejects(
    node.returnContours(
      first.lease,
      await packedContours({ ...nothingFound(first), bundles: ['0'.repeat(64)] }),
      never,
    ),
    code('REMOTE_RESULT'),
  );
  const second = await taken(node);
  assert.equal(orderOf(clinic).tries, 2);
  await node.fail(second.lease, { code: 'ENGINE_FAILED', message: 'broken', remedy: '' });
  const third = await taken(node);
  assert.equal(orderOf(clinic).tries, 3);
  await node.returnContours(third.lease, await packedContours(nothingFound(third)), never);
  await eventually('the series is done', 20, () => clinic.list()[0]?.state.startsWith('nothing found') || undefined);
});

test('a worker that falls silent while it fetches images costs no try, one that does so later costs one', async (t) => {
  const { files } = await phantomCt(t, 324);
  const clinic = await remoteClinic(t, { leaseSeconds: 4 });
  const node = await connection(clinic, t);
  await clinic.send(files);
  const first = await taken(node);
  const second = await taken(node);
  assert.equal(orderOf(clinic).tries, 1);
  assert.notEqual(second.lease, first.lease);
  await node.progress(second.lease, { stage: 'inference', fraction: 0.5 });
  const third = await taken(node);
  assert.equal(orderOf(clinic).tries, 2);
  for (const lost of [first, second])
    await assert.rejects(
      node.returnContours(lost.lease, await packedContours(nothingFound(lost)), never),
      code('REMOTE_LEASE'),
    );
  await node.returnContours(third.lease, await packedContours(nothingFound(third)), never);
});

test('a lease outlives a restart of the node', async (t) => {
  const { files } = await phantomCt(t, 325);
  const clinic = await remoteClinic(t);
  const node = await connection(clinic, t);
  await clinic.send(files);
  const order = await taken(node);
  const before = await slicesOf(node, order.lease, 0, 59);
  await clinic.restart();
  const after = await eventually('the node is back', 20, () => slicesOf(node, order.lease, 0, 59));
  assert.deepEqual(after, before);
  await node.progress(order.lease, { stage: 'contours', fraction: 0.9 });
  await node.returnContours(order.lease, await packedContours(nothingFound(order)), never);
  assert.equal(orderOf(clinic).tries, 1);
});

test('only the role worker takes orders, and it sees nothing else; another version gets none', async (t) => {
  const folder = await temporaryFolder(t);
  const ca = await certificateAuthority(folder);
  const [server, known, unknown] = [
    await certificate(folder, 'node', ca),
    await certificate(folder, 'pool1', ca),
    await certificate(folder, 'other', ca),
  ];
  const own = await certificate(folder, 'own');
  const clinic = await remoteClinic(t, {
    sections: {
      http: {
        tls: { ...server, caFile: ca.certificateFile },
        certificates: [
          { name: 'pool1', role: 'worker', certificate: 'CN=pool1, O=Clinic' },
          { name: 'own', role: 'worker', certificate: await fingerprintOf(own) },
        ],
      },
    },
  });
  const url = `https://127.0.0.1:${clinic.httpPort}`;
  const asked = async (files: object): Promise<unknown> => {
    const node = await NodeConnection.open({ url, caFile: ca.certificateFile, ...files });
    t.after(() => node.close());
    return node.waiting(heartbeat, 0, never);
  };
  const answer = { version, waiting: { urgent: 0, normal: 0, low: 0 } };
  assert.deepEqual(await asked(known), answer);
  assert.deepEqual(await asked(own), answer);
  assert.deepEqual(await asked({ tokenFile: clinic.tokenFile }), answer);
  await assert.rejects(asked(unknown), code('LOGIN_NEEDED'));
  await assert.rejects(asked({}), code('LOGIN_NEEDED'));

  const plain = await remoteClinic(t);
  const at = (path: string, headers: Record<string, string>, method = 'GET') =>
    fetch(`http://127.0.0.1:${plain.httpPort}${path}`, { method, headers, redirect: 'manual' });
  const worker = { authorization: `Bearer ${(await readFile(plain.tokenFile, 'utf8')).trim()}` };
  for (const path of ['/api/series', '/metrics', '/', '/quality.csv', '/queues', '/api/openapi.json'])
    assert.equal((await at(path, worker)).status, 403, path);
  assert.equal((await at('/health/live', worker)).status, 200);
  const operator = await plain.ask('/api/worker/leases', {
    method: 'POST',
  });
  assert.equal(operator.status, 403, 'an operator is no worker');
  const old = await fetch(`http://127.0.0.1:${plain.httpPort}/api/worker/leases`, {
    method: 'POST',
    headers: { ...worker, 'content-type': 'application/json' },
    body: JSON.stringify({ worker: 'old', version: '0.0.1' }),
  });
  assert.deepEqual([old.status, /REMOTE_VERSION/.test(await old.text())], [409, true]);
});
