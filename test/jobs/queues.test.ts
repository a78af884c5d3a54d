import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { type Job, Worker, type WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { ZodError } from 'zod';
import type { JobEvent } from '../../src/jobs/job-queues.ts';
import { connectQueues } from '../../src/jobs/queues.ts';
import { contourJobId, deliverJobId, deliverQueue } from '../../src/jobs/queue-names.ts';
import type { RedisAddress } from '../../src/jobs/redis-connection.ts';
import type { ContourPayload, DeliverPayload } from '../../src/work/payloads.ts';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { openQueues, runningRedis, silentLog } from './running-redis.ts';

const payload: ContourPayload = { series: '00112233445566ff', revision: 1, order: 'aabbccddeeff0011', try: 1 };
const delivery: DeliverPayload = { ...payload, profile: '1234567890abcdef', destination: 'pinnacle' };

/** A series of its own. */
function numbered(n: number): ContourPayload {
  return { ...payload, series: n.toString(16).padStart(16, '0') };
}

function workOn(
  t: TestContext,
  address: RedisAddress,
  queue: string,
  run: (job: Job) => Promise<unknown>,
  options: Partial<WorkerOptions> = {},
): Worker {
  const connection = new Redis({ ...address.options, maxRetriesPerRequest: null });
  connection.on('error', () => undefined);
  const worker = new Worker(queue, run, { connection, prefix: 'test', runRetryDelay: 500, ...options });
  worker.on('error', () => undefined);
  afterwards(t, async () => {
    await worker.close();
    connection.disconnect();
  });
  return worker;
}

test('the same try is in the queue once, whoever adds it how often', async (t) => {
  const { address } = await runningRedis(t);
  const queues = await openQueues(t, address, []);
  for (let i = 0; i < 5; i++) await queues.addContour(payload, 'normal');
  assert.equal(await queues.depth('contour'), 1);
  await queues.addContour({ ...payload, try: 2 }, 'normal');
  assert.equal(await queues.depth('contour'), 2);
  assert.doesNotMatch(deliverJobId(delivery) + contourJobId(payload), /:/);
});

test('an urgent series overtakes twenty that wait, a low one comes last', async (t) => {
  const { address } = await runningRedis(t);
  const queues = await openQueues(t, address, []);
  await queues.addContour(numbered(1000), 'low');
  for (let n = 0; n < 20; n++) await queues.addContour(numbered(n), 'normal');
  await queues.addContour(numbered(2000), 'urgent');
  const order: number[] = [];
  workOn(t, address, 'contour', async (job) => order.push(Number.parseInt((job.data as ContourPayload).series, 16)));
  await eventually('all are done', 20, () => (order.length === 22 ? true : undefined));
  assert.deepEqual(order, [2000, ...Array.from({ length: 20 }, (_, n) => n), 1000]);
});

test('the node hears when a job starts and how it ended, and can ask later', async (t) => {
  const { address } = await runningRedis(t);
  const queues = await openQueues(t, address, ['pinnacle']);
  const events: JobEvent[] = [];
  queues.onEvent((event) => events.push(event));
  const queue = deliverQueue('pinnacle');
  const id = deliverJobId(delivery);
  assert.deepEqual(await queues.statusOf(queue, id), { state: 'missing' });
  await queues.addDeliver(delivery);
  assert.deepEqual(await queues.statusOf(queue, id), { state: 'waiting' });
  workOn(t, address, queue, async () => {
    throw new Error('PEER_UNREACHABLE: pinnacle does not answer');
  });
  await eventually('the failure is heard', 20, () => events.find(({ kind }) => kind === 'failed'));
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['active', 'failed'],
  );
  assert.ok(events.every((event) => event.jobId === id && event.queue === queue));
  assert.deepEqual(await queues.statusOf(queue, id), {
    state: 'failed',
    failedReason: 'PEER_UNREACHABLE: pinnacle does not answer',
  });
  assert.equal(await queues.depth(queue), 0);
});

test('a waiting job can be taken out, one that runs is left', async (t) => {
  const { address } = await runningRedis(t);
  const queues = await openQueues(t, address, []);
  let end: () => void = () => undefined;
  const worker = workOn(t, address, 'contour', () => new Promise<void>((resolve) => (end = resolve)));
  await queues.addContour(numbered(1), 'normal');
  await once(worker, 'active');
  await queues.addContour(numbered(2), 'normal');
  await queues.remove('contour', contourJobId(numbered(1)));
  await queues.remove('contour', contourJobId(numbered(2)));
  await queues.remove('contour', contourJobId(numbered(3)));
  assert.deepEqual(await queues.statusOf('contour', contourJobId(numbered(1))), { state: 'active' });
  assert.deepEqual(await queues.statusOf('contour', contourJobId(numbered(2))), { state: 'missing' });
  end();
});

test('a payload with anything but keys and numbers does not reach Redis', async (t) => {
  const { address } = await runningRedis(t);
  const queues = await openQueues(t, address, ['pinnacle']);
  const withName = { ...payload, patientName: 'Doe^Jane' };
  const withUid = { ...payload, series: '1.2.840.113619.2.55.3' };
  for (const wrong of [withName, withUid, { ...payload, try: 0 }])
    await assert.rejects(queues.addContour(wrong, 'normal'), ZodError);
  await assert.rejects(queues.addDeliver({ ...delivery, profile: 'Doe^Jane' }), ZodError);
  const redis = new Redis(address.options.path!);
  afterwards(t, () => redis.disconnect());
  assert.deepEqual(
    (await redis.keys('*')).filter((key) => !/:(meta|events|stalled-check)$/.test(key)),
    [],
  );
});

test('while Redis is away every call says so at once, and afterwards the jobs are added and heard of again', async (t) => {
  const { address, server } = await runningRedis(t);
  const queues = await openQueues(t, address, []);
  const done: string[] = [];
  workOn(t, address, 'contour', async (job) => done.push(job.id ?? ''));
  let back = 0;
  queues.onReady(() => back++);
  const events: JobEvent[] = [];
  queues.onEvent((event) => events.push(event));

  process.kill(server.pid, 'SIGKILL');
  await eventually('the loss is seen', 10, async () => ((await queues.problem()) === undefined ? undefined : true));
  assert.equal((await queues.problem())?.code, 'REDIS_UNAVAILABLE');
  await assert.rejects(queues.addContour(payload, 'normal'), { code: 'REDIS_UNAVAILABLE' });
  await assert.rejects(queues.statusOf('contour', 'x'), { code: 'REDIS_UNAVAILABLE' });
  assert.deepEqual(await queues.counts(), []);

  await eventually('Redis is back', 20, () => (back > 0 ? true : undefined));
  await queues.addContour(payload, 'normal');
  await eventually('the job is done', 20, () => (done.length === 1 ? true : undefined));
  await eventually('its end is heard', 20, () => events.find(({ kind }) => kind === 'completed'));
});

test('queues can be opened before Redis runs', async (t) => {
  const { address, server } = await runningRedis(t);
  const path = address.options.path!;
  const elsewhere = { label: 'nowhere', options: { path: `${path}.not-there` } };
  const queues = connectQueues({ address: elsewhere, prefix: 'test', destinations: ['a'], log: silentLog });
  afterwards(t, () => queues.close());
  await assert.rejects(queues.addContour(payload, 'normal'), { code: 'REDIS_UNAVAILABLE' });
  await symlink(server.path, `${path}.not-there`);
  await eventually('it connects', 20, () => queues.addContour(payload, 'normal').then(() => true));
  assert.equal(await queues.depth('contour'), 1);
});

test('a destination that a new configuration brings gets its queue, one that it drops loses it', async (t) => {
  const { address } = await runningRedis(t);
  const queues = await openQueues(t, address, ['pinnacle']);
  queues.setDestinations(['eclipse']);
  assert.deepEqual(
    (await queues.counts()).map(({ queue }) => queue),
    ['contour', 'compare', 'deliver-eclipse'],
  );
  await queues.addDeliver({ ...delivery, destination: 'eclipse' });
  assert.equal(await queues.depth('deliver-eclipse'), 1);
});

test('when the clock of Redis is set back, the job of a worker that died is noticed all the same', async (t) => {
  const { address } = await runningRedis(t);
  const queues = await openQueues(t, address, []);
  const redis = new Redis(address.options.path!);
  afterwards(t, () => redis.disconnect());
  const died = workOn(t, address, 'contour', () => new Promise(() => undefined), { lockDuration: 1000 });
  await queues.addContour(payload, 'normal');
  await once(died, 'active');
  await died.close(true);
  // What it means for Redis: what is to run out in a moment stands for an hour.
  const check = 'test:contour:stalled-check';
  await redis.set(check, '1', 'PX', 3_600_000);
  const options = { stalledInterval: 500, maxStalledCount: 0 };
  workOn(t, address, 'contour', () => Promise.reject(new Error('a failed job is not run again')), options);
  await queues.clockSetBack();
  const { state } = await eventually('it is noticed', 20, async () => {
    const status = await queues.statusOf('contour', contourJobId(payload));
    return status.state === 'active' ? undefined : status;
  });
  assert.equal(state, 'failed');
});
