import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { startHeartbeat } from '../../../src/jobs/worker-heartbeat.ts';
import type { ContourQueues } from '../../../src/jobs/queues.ts';
import type { RedisAddress } from '../../../src/jobs/redis-connection.ts';
import type { SeriesDetail } from '../../../src/store/series.ts';
import { orderFolder } from '../../../src/work/paths.ts';
import type { ContourPayload } from '../../../src/work/payloads.ts';
import { workOrderSchema } from '../../../src/work/work-order.ts';
import { openQueues, runningRedis } from '../../jobs/running-redis.ts';
import { workOn } from '../../jobs/work-on.ts';
import { afterwards } from '../../support/afterwards.ts';
import { eventually } from '../../support/eventually.ts';
import { IntakeHarness, ManualClock, range, writeBundleManifest } from '../intake-harness.ts';

const a = '1.2.826.7.1';

interface Stage {
  readonly bench: IntakeHarness;
  readonly address: RedisAddress;
  readonly queues: ContourQueues;
  readonly shown: () => SeriesDetail;
}

/** A node with one slot for contouring, and nobody who takes its jobs yet. */
async function stage(t: TestContext, config: Record<string, unknown> = {}, slots = 1): Promise<Stage> {
  const redis = await runningRedis(t);
  const queues = await openQueues(t, redis.address, ['tps']);
  const models = join(redis.directory, 'models');
  await writeBundleManifest(models, 'one');
  await haveSlots(t, redis.address, slots);
  const bench = await IntakeHarness.open(t, {
    queues,
    config: {
      peers: [{ name: 'tps', aeTitle: 'TPS', host: '127.0.0.1', port: 104 }],
      destinations: [{ name: 'tps', peer: 'tps' }],
      routes: [{ name: 'all', models: ['one'], destinations: ['tps'] }],
      models: { directory: models },
      ...config,
    },
  });
  return { bench, address: redis.address, queues, shown: () => bench.show(a) };
}

/** The heartbeat of a worker with so many slots. */
async function haveSlots(t: TestContext, address: RedisAddress, slots: number): Promise<void> {
  const connection = new Redis({ ...address.options });
  await connection.ping();
  const engines = { workerBytes: 0, engineBytes: 0, problems: [] };
  const heartbeat = startHeartbeat(connection, 'test', () => ({
    name: 'test-1',
    version: '0',
    queues: ['contour'],
    slots,
    ...engines,
  }));
  await connection.ping();
  afterwards(t, async () => {
    await heartbeat.stop();
    connection.disconnect();
  });
}

/** Lets the time pass from the release of the association to the early look, and waits for it. */
async function lookEarly(bench: IntakeHarness): Promise<void> {
  bench.clock.pass(0.3);
  // The look asks for the count without the lock.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await bench.lock.idle();
}

async function writeResult(bench: IntakeHarness, { series, revision, order }: ContourPayload): Promise<void> {
  const folder = join(bench.dataDirectory, orderFolder(series, revision, order));
  const { profiles } = workOrderSchema.parse(JSON.parse(await readFile(join(folder, 'order.json'), 'utf8')));
  const structureSets = profiles.map(({ key }) => ({
    profile: key,
    sopInstanceUid: '2.25.1',
    seriesInstanceUid: '2.25.2',
    files: {},
  }));
  const figures = { volumeCm3: 12, slices: 5, contours: 5, components: 1 };
  const result = {
    formatVersion: 1,
    status: 'contoured',
    rois: [{ name: 'GTVp', found: true, delivered: true, ...figures }],
    structureSets,
    warnings: [],
    timings: [{ stage: 'inference', seconds: 1 }],
    peakResidentMegabytes: 100,
  };
  await writeFile(join(folder, 'result.json'), JSON.stringify(result));
}

/** A worker that takes the jobs of the queue and writes results. @returns the jobs that it had, as they came */
function contourAll({ bench, address }: Stage, t: TestContext, before?: (job: ContourPayload) => Promise<void>) {
  const jobs: ContourPayload[] = [];
  workOn(t, address, 'contour', async ({ data }) => {
    const payload = data as ContourPayload;
    jobs.push(payload);
    await before?.(payload);
    await writeResult(bench, payload);
  });
  return jobs;
}

/** Sends the twelve images of the series, and waits until it is contoured within its quiet period. */
async function contouredAhead({ bench, queues }: Stage, jobs: readonly ContourPayload[]): Promise<void> {
  await bench.sendAll(a, range(1, 12));
  await lookEarly(bench);
  await eventually('it is contoured', 20, async () => ((await queues.depth('contour')) === 0 && jobs[0]) || undefined);
}

async function becomes({ shown }: Stage, state: string): Promise<SeriesDetail> {
  return eventually(`the series is ${state}`, 20, () => (shown().state === state ? shown() : undefined)).catch(
    (cause: unknown) => {
      throw new Error(JSON.stringify(shown(), undefined, 1), { cause });
    },
  );
}

function kinds({ history }: SeriesDetail): string[] {
  return history.map(({ kind }) => kind);
}

async function ordersOf({ bench }: Stage, revision = 1): Promise<string[]> {
  return readdir(join(bench.dataDirectory, 'series', bench.keyOf(a), `revision-${revision}`, 'orders'));
}

/** Files of the images that the revision was made of. */
async function slicesOf({ bench }: Stage, revision: number): Promise<number> {
  const path = join(bench.dataDirectory, 'series', bench.keyOf(a), `revision-${revision}`, 'manifest.json');
  return (JSON.parse(await readFile(path, 'utf8')) as { slices: unknown[] }).slices.length;
}

test('a series is contoured within its quiet period, and its result is there when the period is over', async (t) => {
  const node = await stage(t);
  const jobs = contourAll(node, t);
  await contouredAhead(node, jobs);
  assert.deepEqual([jobs.length, jobs[0]?.try], [1, 0]);
  assert.deepEqual([node.shown().state, node.shown().orders.length], ['receiving', 0]);
  assert.deepEqual(kinds(node.shown()), ['association', 'association ended']);

  await node.bench.pass(20);
  const delivering = await becomes(node, 'delivering');
  assert.deepEqual(
    kinds(delivering).filter((kind) => !kind.startsWith('deliver')),
    ['association', 'association ended', 'revision', 'ordered', 'result'],
  );
  assert.deepEqual([delivering.revision, delivering.orders[0]?.order], [1, jobs[0]?.order]);
  assert.equal(jobs.length, 1, 'nothing was contoured twice');
});

test('what was contoured of a series that grows is thrown away: its one structure set has every slice', async (t) => {
  const node = await stage(t);
  const jobs = contourAll(node, t);
  await contouredAhead(node, jobs);
  await node.bench.sendAll(a, range(13, 15));
  await eventually('it is gone', 20, async () => ((await ordersOf(node)).length === 0 ? true : undefined));
  await node.bench.pass(21);
  const { revision, orders } = await becomes(node, 'delivering');
  assert.deepEqual([revision, await slicesOf(node, 1), orders.length], [1, 15, 1]);
  assert.notEqual(orders[0]?.order, jobs[0]?.order);
  assert.deepEqual(await ordersOf(node), [orders[0]?.order]);
});

test('a worker that is at a series when more of it comes changes nothing, whatever it writes then', async (t) => {
  const node = await stage(t);
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
  const { bench, address } = node;
  const jobs: ContourPayload[] = [];
  workOn(t, address, 'contour', async ({ data }) => {
    const payload = data as ContourPayload;
    jobs.push(payload);
    if (jobs.length > 1) return writeResult(bench, payload);
    const folder = join(bench.dataDirectory, orderFolder(payload.series, payload.revision, payload.order));
    const order = await readFile(join(folder, 'order.json'));
    await mayEnd;
    // As if it had not seen that its order is gone.
    await writeFile(join(folder, 'order.json'), order);
    await writeResult(bench, payload);
  });
  await bench.sendAll(a, range(1, 12));
  await lookEarly(bench);
  await eventually('a worker has it', 20, () => (jobs.length === 1 ? true : undefined));
  await bench.sendAll(a, range(13, 15));
  await bench.pass(21);
  await eventually('the first try waits behind it', 20, () => (node.shown().orders[0]?.tries === 1 ? true : undefined));
  end();
  const { orders } = await becomes(node, 'delivering');
  assert.deepEqual([await slicesOf(node, 1), orders[0]?.order], [15, jobs[1]?.order]);
  assert.notEqual(jobs[0]?.order, jobs[1]?.order);
  await eventually('its folder is gone', 20, async () => ((await ordersOf(node)).length === 1 ? true : undefined));
});

test('a series that is complete while it is contoured waits for that, and is not contoured a second time', async (t) => {
  const node = await stage(t, {}, 2);
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
  const jobs = contourAll(node, t, () => mayEnd);
  await node.bench.sendAll(a, range(1, 12));
  await lookEarly(node.bench);
  await eventually('a worker has it', 20, () => (jobs.length === 1 ? true : undefined));
  await node.bench.pass(21);
  await becomes(node, 'queued');
  await node.bench.reconciler.settled();
  assert.equal(node.shown().orders[0]?.tries, 0);
  end();
  assert.ok(!kinds(await becomes(node, 'delivering')).includes('contour try'));
  assert.equal(jobs.length, 1);
});

test('a try ahead that fails is told to nobody; the first try runs as ever', async (t) => {
  const node = await stage(t);
  const jobs = contourAll(node, t, async ({ try: number }) => {
    if (number === 0) throw new Error('ENGINE_FAILED: out of memory');
  });
  await node.bench.sendAll(a, range(1, 12));
  await lookEarly(node.bench);
  await eventually(
    'it has failed',
    20,
    async () => ((await node.queues.depth('contour')) === 0 && jobs[0]) || undefined,
  );
  const counts = await node.queues.counts();
  assert.equal(counts.find(({ queue }) => queue === 'contour')?.failed, 0);
  await node.bench.pass(20);
  const { orders, history } = await becomes(node, 'delivering');
  assert.deepEqual(
    jobs.map(({ try: number }) => number),
    [0, 1],
  );
  assert.equal(orders[0]?.tries, 1);
  assert.ok(!history.some(({ kind }) => kind === 'contour try failed'));
});

test('a job ahead that nobody has taken makes way for the first try', async (t) => {
  const node = await stage(t);
  await node.bench.sendAll(a, range(1, 12));
  await lookEarly(node.bench);
  assert.equal(await node.queues.depth('contour'), 1);
  await node.bench.pass(20);
  await eventually('the first try waits', 20, () => (node.shown().orders[0]?.tries === 1 ? true : undefined));
  assert.equal(await node.queues.depth('contour'), 1);
  const jobs = contourAll(node, t);
  await becomes(node, 'delivering');
  assert.deepEqual(
    jobs.map(({ try: number }) => number),
    [1],
  );
});

test('a result under another configuration is not taken: the order is another one', async (t) => {
  const node = await stage(t);
  const jobs = contourAll(node, t);
  await contouredAhead(node, jobs);
  node.bench.config = { ...node.bench.config, dicom: { ...node.bench.config.dicom, uidRoot: '1.2.3' } };
  await node.bench.pass(20);
  const { orders } = await becomes(node, 'delivering');
  assert.equal(orders[0]?.tries, 1);
  assert.notEqual(orders[0]?.order, jobs[0]?.order);
  await eventually('the other is gone', 20, async () => ((await ordersOf(node)).length === 1 ? true : undefined));
});

test('a result that is there when the node ends is found after its start', async (t) => {
  const node = await stage(t);
  const jobs = contourAll(node, t);
  await contouredAhead(node, jobs);
  const { dataDirectory, clock, config } = node.bench;
  await node.bench.crash();
  assert.ok(clock instanceof ManualClock);
  const queues = await openQueues(t, node.address, ['tps']);
  const bench = await IntakeHarness.open(t, { dataDirectory, clock, config: { ...config }, queues });
  await bench.pass(21);
  const { orders, revision } = await becomes({ ...node, bench, shown: () => bench.show(a) }, 'delivering');
  assert.deepEqual([revision, orders[0]?.order, orders[0]?.tries, jobs.length], [1, jobs[0]?.order, 0, 1]);
});

for (const [when, config, slots] of [
  ['no worker is idle', {}, 0],
  ['the configuration says so', { intake: { contourAhead: false } }, 1],
] as const) {
  test(`nothing is contoured ahead where ${when}`, async (t) => {
    const node = await stage(t, config, slots);
    await node.bench.sendAll(a, range(1, 12));
    await lookEarly(node.bench);
    assert.equal(await node.queues.depth('contour'), 0);
    assert.deepEqual(await readdir(join(node.bench.dataDirectory, 'series', node.bench.keyOf(a))), [
      'instances',
      'journal.jsonl',
    ]);
    await node.bench.pass(20);
    await eventually('the first try waits', 20, () => (node.shown().orders[0]?.tries === 1 ? true : undefined));
  });
}

test('a sender that releases an association after every few images has three beginnings at most', async (t) => {
  const node = await stage(t);
  const jobs = contourAll(node, t);
  for (const last of range(12, 18)) {
    await node.bench.sendAll(a, last === 12 ? range(1, 12) : [last]);
    await lookEarly(node.bench);
    await eventually('nothing waits', 20, async () => ((await node.queues.depth('contour')) === 0 ? true : undefined));
  }
  assert.equal(jobs.length, 3);
  await node.bench.pass(20);
  await becomes(node, 'delivering');
  assert.equal(await slicesOf(node, 1), 18);
});
