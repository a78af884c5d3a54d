import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { ContourLeases } from '../../src/jobs/contour-leases.ts';
import { contourJobId } from '../../src/jobs/queue-names.ts';
import type { RedisAddress } from '../../src/jobs/redis-connection.ts';
import type { ContourPayload } from '../../src/work/payloads.ts';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { openQueues, runningRedis, silentLog } from './running-redis.ts';

async function openLeases(t: TestContext, address: RedisAddress): Promise<ContourLeases> {
  const leases = new ContourLeases({ address, prefix: 'test', log: silentLog });
  afterwards(t, () => leases.close());
  await eventually('Redis answers', 20, () => leases.waiting().catch(() => undefined));
  return leases;
}

function numbered(n: number): ContourPayload {
  return { series: n.toString(16).padStart(16, '0'), revision: 1, order: 'aabbccddeeff0011', try: 1 };
}

test('a lease is taken in the order of priority, renewed, and ended once', async (t) => {
  const { address } = await runningRedis(t);
  const queues = await openQueues(t, address, []);
  const leases = await openLeases(t, address);
  assert.equal(await leases.take(), undefined);
  await queues.addContour(numbered(1), 'normal');
  await queues.addContour(numbered(2), 'low');
  await queues.addContour(numbered(3), 'urgent');
  assert.deepEqual(await leases.waiting(), { urgent: 1, normal: 1, low: 1 });
  const urgent = await leases.take();
  assert.deepEqual(urgent?.payload, numbered(3));
  assert.equal(await leases.renew(urgent), true);
  assert.deepEqual((await leases.find(urgent))?.payload, numbered(3), 'as after a restart of the node');
  await leases.progress(urgent, { stage: 'volume', fraction: 0.1 });
  const state = async (n: number) => (await queues.statusOf('contour', contourJobId(numbered(n)))).state;
  assert.equal(await state(3), 'active');
  assert.equal(await leases.complete(urgent, { status: 'contoured' }), true);
  assert.equal(await state(3), 'completed');
  for (const end of [leases.renew(urgent), leases.complete(urgent, {}), leases.fail(urgent, 'INTERNAL: late')])
    assert.equal(await end, false, 'an ended lease stays ended');
  assert.equal(await state(3), 'completed');

  const normal = await leases.take();
  assert.equal(await leases.fail(normal!, 'ENGINE_FAILED: broken'), true);
  assert.deepEqual(await queues.statusOf('contour', contourJobId(numbered(1))), {
    state: 'failed',
    failedReason: 'ENGINE_FAILED: broken',
  });
});

test('a lease that is given back waits again at its place; with the wrong token nothing can be done', async (t) => {
  const { address } = await runningRedis(t);
  const queues = await openQueues(t, address, []);
  const leases = await openLeases(t, address);
  for (const n of [1, 2]) await queues.addContour(numbered(n), 'normal');
  const first = (await leases.take())!;
  const stranger = { ...first, token: '0'.repeat(32) };
  assert.equal(await leases.renew(stranger), false);
  assert.equal(await leases.complete(stranger, {}), false);
  assert.equal(await leases.giveBack(stranger), false);
  assert.equal(await leases.renew(first), true);
  assert.equal(await leases.giveBack(first), true);
  assert.deepEqual(await leases.waiting(), { urgent: 0, normal: 2, low: 0 });
  const again = (await leases.take())!;
  assert.deepEqual(again.payload, numbered(1));
  assert.equal(await leases.renew(first), false, 'the earlier lease of the same job stays over');
  assert.equal(await leases.renew(again), true);
});

test('a lease that runs out ends as a failed try, also where no worker is beside the node', async (t) => {
  const { address } = await runningRedis(t);
  const queues = await openQueues(t, address, []);
  const leases = await openLeases(t, address);
  await queues.addContour(numbered(1), 'normal');
  const lease = (await leases.take())!;
  const redis = new Redis(address.options);
  afterwards(t, () => redis.disconnect());
  // As if it had not been renewed for 60 s.
  await redis.del(`test:contour:${lease.jobId}:lock`);
  const failed = await eventually('the job has failed', 30, async () => {
    const { urgent } = await leases.waiting();
    if (urgent > 0) assert.equal(await leases.take(), undefined, 'nobody gets it again');
    const status = await queues.statusOf('contour', lease.jobId);
    return status.state === 'failed' ? status : undefined;
  });
  assert.match(failed.failedReason ?? '', /stalled/);
  assert.equal(await leases.complete(lease, {}), false);
});
