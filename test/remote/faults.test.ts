import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { type FaultyProxy, faultyProxy } from '../support/faulty-proxy.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { poolWorker, remoteClinic, type PoolWorker, type RemoteClinic } from '../support/remote-clinic.ts';

interface Line {
  readonly clinic: RemoteClinic;
  readonly pool: PoolWorker;
  readonly proxy: FaultyProxy;
  /** Sends a phantom of its own, and waits until its structure set is at the TPS. */
  readonly contour: (seed: number, seconds?: number) => Promise<void>;
}

async function line(t: Parameters<typeof remoteClinic>[0]): Promise<Line> {
  const clinic = await remoteClinic(t);
  const proxy = await faultyProxy(t, clinic.httpPort, false);
  const pool = await poolWorker(t, [{ url: `http://127.0.0.1:${proxy.port}`, tokenFile: clinic.tokenFile }]);
  let sent = 0;
  return {
    clinic,
    pool,
    proxy,
    contour: async (seed, seconds = 90) => {
      const { files } = await phantomCt(t, seed);
      sent += 1;
      await clinic.send(files);
      await clinic.delivered(sent, seconds);
      assert.equal(clinic.tps.imported.length, sent, 'one structure set each, never two');
    },
  };
}

/** Tries of the last order. */
function triesOf(clinic: RemoteClinic): number {
  return clinic.node.series.show(clinic.list()[0]!.key)!.orders[0]!.tries;
}

test('a way that breaks in every phase costs time and no try: images go on where they broke off, contours are sent again', async (t) => {
  const { clinic, pool, proxy, contour } = await line(t);
  // 60 slices of 32 kB: within the images.
  proxy.faults.cutAfterReceived = 800_000;
  await contour(311);
  assert.equal(proxy.faults.cutAfterReceived, undefined, 'it was cut');
  assert.equal(triesOf(clinic), 1);

  const requests = ['/api/worker/leases HTTP', '/images HTTP', '/contours HTTP'];
  proxy.faults.cutAtRequests = requests;
  await contour(312);
  assert.deepEqual(proxy.faults.cutAtRequests, [], 'each was cut');
  assert.equal(triesOf(clinic), 1);
  assert.deepEqual(
    pool.ends
      .map(({ outcome }) => outcome)
      .toSorted()
      .slice(-2),
    ['returned', 'returned'],
  );
});

test('a slice whose bytes were changed on the way is asked for again, and never contoured', async (t) => {
  const { clinic, pool, proxy, contour } = await line(t);
  let spoilt = 0;
  proxy.faults.spoil = (chunk) => {
    // In the middle of the pixels of some slice.
    if (spoilt < 3 && chunk.length > 8000) {
      spoilt += 1;
      chunk[4000]! ^= 0xff;
    }
    return chunk;
  };
  await contour(313);
  assert.equal(spoilt, 3);
  assert.equal(triesOf(clinic), 1);
  assert.ok(pool.ends.every(({ outcome }) => outcome === 'returned'));
});

test('a link of 1 Mbit/s, and a proxy that gathers answers, only take longer', async (t) => {
  const { clinic, pool, proxy, contour } = await line(t);
  proxy.faults.bitsPerSecond = 1_000_000;
  await contour(314, 120);
  const [slow] = pool.ends;
  // 60 slices of 128 x 128 words: 1.97 MB.
  assert.ok(slow!.seconds.images > 12, `${slow!.seconds.images} s for the images`);
  assert.equal(triesOf(clinic), 1);
  proxy.faults = { gatherMilliseconds: 300 };
  await contour(315);
  assert.equal(triesOf(clinic), 1);
});

test('a token that has expired stops the worker in words; with a new one it goes on, and nothing is lost', async (t) => {
  const { clinic, pool } = await line(t);
  const good = await readFile(clinic.tokenFile, 'utf8');
  await writeFile(clinic.tokenFile, 'contour_expired');
  const { files } = await phantomCt(t, 316);
  await clinic.send(files);
  await eventually('the order waits', 30, () => clinic.list()[0]?.state === 'queued' || undefined);
  await sleep(3000);
  assert.equal(clinic.tps.imported.length, 0);
  assert.deepEqual(pool.ends, []);
  await writeFile(clinic.tokenFile, good);
  await clinic.delivered(1, 60);
  assert.equal(triesOf(clinic), 1);
});
