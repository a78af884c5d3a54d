import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { faultyProxy } from '../support/faulty-proxy.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { poolWorker, remoteClinic } from '../support/remote-clinic.ts';

test('one worker serves several clinics in turns; one that is away or silent holds up no other', async (t) => {
  const [large, small] = [await remoteClinic(t), await remoteClinic(t)];
  const away = await remoteClinic(t);
  const [down, silent] = [await faultyProxy(t, away.httpPort, false), await faultyProxy(t, away.httpPort, false)];
  down.faults.isDown = true;
  silent.faults.isSilent = true;
  // Before the worker starts, so that all wait at once.
  for (const seed of [331, 332, 333]) await large.send((await phantomCt(t, seed)).files);
  await small.send((await phantomCt(t, 334)).files);
  const queued = (clinic: typeof large, count: number) =>
    eventually(
      'all wait',
      30,
      () => clinic.list().filter(({ state }) => state === 'queued').length === count || undefined,
    );
  await queued(large, 3);
  await queued(small, 1);
  const at = (port: number, { tokenFile }: typeof large) => ({ url: `http://127.0.0.1:${port}`, tokenFile });
  const pool = await poolWorker(t, [
    at(down.port, away),
    at(silent.port, away),
    at(large.httpPort, large),
    at(small.httpPort, small),
  ]);
  await small.delivered(1);
  await large.delivered(3, 90);
  const nodes = pool.ends.map(({ node }) => node);
  assert.equal(nodes.length, 4);
  assert.ok(nodes.indexOf(`127.0.0.1:${small.httpPort}`) <= 1, 'the one order of the small clinic had its turn early');

  // Whoever comes back is served.
  down.faults = {};
  await away.send((await phantomCt(t, 335)).files);
  await away.delivered(1, 90);
});

test('a worker that is stopped gives its order back, and another one finishes it', async (t) => {
  const clinic = await remoteClinic(t);
  const url = `http://127.0.0.1:${clinic.httpPort}`;
  const slow = await faultyProxy(t, clinic.httpPort, false);
  const first = await poolWorker(t, [{ url: `http://127.0.0.1:${slow.port}`, tokenFile: clinic.tokenFile }]);
  slow.faults.bitsPerSecond = 500_000;
  await clinic.send((await phantomCt(t, 336)).files);
  await eventually('it has the order', 30, () => clinic.list()[0]?.state === 'contouring' || undefined);
  await first.worker.close(0.5);
  assert.deepEqual(
    first.ends.map(({ outcome }) => outcome),
    ['given back'],
  );
  await poolWorker(t, [{ url, tokenFile: clinic.tokenFile }]);
  await clinic.delivered(1);
  assert.equal(clinic.node.series.show(clinic.list()[0]!.key)!.orders[0]!.tries, 1);
});
