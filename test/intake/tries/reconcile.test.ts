import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { deliverQueue } from '../../../src/jobs/queue-names.ts';
import type { RedisAddress } from '../../../src/jobs/redis-connection.ts';
import type { ContourPayload, DeliverPayload } from '../../../src/work/payloads.ts';
import { type DeliveryTry, deliveryTrySchema } from '../../../src/work/delivery-try.ts';
import { type WorkOrder, workOrderSchema } from '../../../src/work/work-order.ts';
import { type WorkResult, workResultSchema } from '../../../src/work/work-result.ts';
import { deliveryTryFile, orderFolder } from '../../../src/work/paths.ts';
import type { SeriesDetail, SeriesState } from '../../../src/store/series.ts';
import { openQueues, runningRedis } from '../../jobs/running-redis.ts';
import { workOn } from '../../jobs/work-on.ts';
import { eventually } from '../../support/eventually.ts';
import { IntakeHarness, ManualClock, range, writeBundleManifest } from '../intake-harness.ts';

const a = '1.2.826.1.1';

interface Stage {
  readonly bench: IntakeHarness;
  readonly address: RedisAddress;
  readonly shown: () => SeriesDetail;
  /** Waits for the series' state. */
  readonly becomes: (state: SeriesState) => Promise<SeriesDetail>;
  /** Sends a CT of 12 slices and lets the quiet period pass. */
  readonly sendCt: (last?: number) => Promise<void>;
}

const destinations = [
  { name: 'tps', peer: 'tps', retryHours: 1 },
  { name: 'archive', peer: 'tps', retryHours: 1, roiSuffix: '' },
];
const config = {
  peers: [{ name: 'tps', aeTitle: 'TPS', host: '127.0.0.1', port: 104 }],
  destinations,
  routes: [{ name: 'all', models: ['one'], destinations: ['tps'] }],
  worker: { maximumTries: 3 },
};

async function stage(t: TestContext, changes: Record<string, unknown> = {}): Promise<Stage> {
  const redis = await runningRedis(t);
  const queues = await openQueues(t, redis.address, ['tps', 'archive']);
  const models = join(redis.directory, 'models');
  await writeBundleManifest(models, 'one');
  const bench = await IntakeHarness.open(t, {
    queues,
    config: { ...config, models: { directory: models }, ...changes },
  });
  return stageOf(bench, redis.address);
}

function stageOf(bench: IntakeHarness, address: RedisAddress): Stage {
  const shown = (): SeriesDetail => bench.show(a);
  return {
    bench,
    address,
    shown,
    becomes: (state) =>
      eventually(`the series is ${state}`, 20, () => (shown().state === state ? shown() : undefined)).catch(
        (cause: unknown) => {
          throw new Error(JSON.stringify(shown(), undefined, 1), { cause });
        },
      ),
    sendCt: async (last = 12) => {
      await bench.sendAll(a, range(1, last));
      await bench.pass(21);
    },
  };
}

async function orderOf(bench: IntakeHarness, { series, revision, order }: ContourPayload): Promise<WorkOrder> {
  const path = join(bench.dataDirectory, orderFolder(series, revision, order), 'order.json');
  return workOrderSchema.parse(JSON.parse(await readFile(path, 'utf8')));
}

async function writeResult(
  bench: IntakeHarness,
  payload: ContourPayload,
  changes: Partial<WorkResult> = {},
): Promise<void> {
  const { profiles } = await orderOf(bench, payload);
  const result = workResultSchema.parse({
    formatVersion: 1,
    status: 'contoured',
    rois: [{ name: 'GTVp', found: true, delivered: true, volumeCm3: 12, slices: 5, contours: 5, components: 1 }],
    structureSets: profiles.map(({ key }) => ({
      profile: key,
      sopInstanceUid: '2.25.1',
      seriesInstanceUid: '2.25.2',
      files: {},
    })),
    warnings: [],
    timings: [{ stage: 'inference', seconds: 1 }],
    peakResidentMegabytes: 100,
    ...changes,
  });
  await writeFile(
    join(bench.dataDirectory, orderFolder(payload.series, payload.revision, payload.order), 'result.json'),
    JSON.stringify(result),
  );
}

async function writeTry(
  bench: IntakeHarness,
  payload: DeliverPayload,
  changes: Partial<DeliveryTry> = {},
): Promise<void> {
  const at = new Date(bench.clock.now()).toISOString();
  const report = deliveryTrySchema.parse({
    formatVersion: 1,
    destination: payload.destination,
    try: payload.try,
    startedAt: at,
    endedAt: at,
    outcome: 'delivered',
    alarmed: false,
    status: 0,
    ...changes,
  });
  const path = join(
    bench.dataDirectory,
    deliveryTryFile(payload.series, payload.revision, payload.order, payload.destination, payload.try),
  );
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, JSON.stringify(report));
}

/** What a new process finds of an earlier one: its folder, its configuration and the time. */
function goingOn({ dataDirectory, clock, config: { ...whole } }: IntakeHarness) {
  return { dataDirectory, clock, config: whole };
}

/** Waits until the first try is handed to the queue. */
async function queued(shown: () => SeriesDetail): Promise<void> {
  await eventually('the order is queued', 20, () => (shown().orders[0]?.tries === 1 ? true : undefined));
}

test('from the last slice to delivered, with every step in the history', async (t) => {
  const { bench, address, becomes, sendCt, shown } = await stage(t);
  await sendCt();
  await queued(shown);
  const order = await orderOf(bench, {
    series: bench.keyOf(a),
    revision: 1,
    order: bench.show(a).orders[0]!.order,
    try: 1,
  });
  assert.deepEqual(order.predecessors, []);
  assert.equal(order.bundle.name, 'one');

  workOn(t, address, 'contour', async (job) => writeResult(bench, job.data as ContourPayload));
  await becomes('delivering');
  workOn(t, address, deliverQueue('tps'), async (job) => writeTry(bench, job.data as DeliverPayload));
  const delivered = await becomes('delivered');
  assert.deepEqual(delivered.destinations, ['tps']);
  assert.deepEqual(
    delivered.history.map(({ kind }) => kind).filter((kind) => !kind.endsWith('started')),
    [
      'association',
      'association ended',
      'revision',
      'ordered',
      'contour try',
      'result',
      'deliver try',
      'deliver outcome',
    ],
  );
});

test('a TPS with storageCommitment is to be asked from the delivery on, and anew when it is sent again', async (t) => {
  const [tps] = destinations;
  const { bench, address, becomes, sendCt, shown } = await stage(t, {
    destinations: [{ ...tps, storageCommitment: { waitMinutes: 30 } }],
  });
  await sendCt();
  workOn(t, address, 'contour', async (job) => writeResult(bench, job.data as ContourPayload));
  workOn(t, address, deliverQueue('tps'), async (job) => writeTry(bench, job.data as DeliverPayload));
  const commitment = () => shown().orders[0]?.deliveries[0]?.commitment;
  assert.equal(commitment(), undefined);
  await becomes('delivered');
  const deadlineAt = new Date(bench.clock.now() + 30 * 60_000).toISOString();
  // Nothing listens at the TPS: it stays due, whether or not it was asked already.
  assert.deepEqual([commitment()?.state, commitment()?.deadlineAt], ['due', deadlineAt]);

  const order = shown().orders[0]?.order ?? '';
  bench.store.record(bench.keyOf(a), { kind: 'commitment outcome', order, destination: 'tps', outcome: 'committed' });
  assert.equal(commitment()?.state, 'committed');
  await bench.actions.resend(bench.keyOf(a));
  await eventually('it is delivered again', 20, () => (commitment()?.state === 'due' ? true : undefined));
});

test('an order that fails is tried again and then set aside; an operator has it drawn again', async (t) => {
  const { bench, address, becomes, sendCt, shown } = await stage(t);
  let fails = true;
  workOn(t, address, 'contour', async (job) => {
    if (fails) throw new Error('ENGINE_FAILED: out of memory');
    await writeResult(bench, job.data as ContourPayload);
  });
  await sendCt();
  for (let i = 1; i < 3; i++) {
    await eventually('a try has failed', 20, () =>
      shown().history.some(({ text }) => text.includes(`try ${i} failed`)) ? true : undefined,
    );
    await bench.pass(61);
  }
  const aside = await becomes('set aside');
  assert.equal(aside.orders[0]?.tries, 3);
  assert.equal(aside.problem?.code, 'SET_ASIDE');
  assert.match(aside.problem?.message ?? '', /3 tries failed; the last one: ENGINE_FAILED: out of memory/);

  fails = false;
  await bench.actions.retry(bench.keyOf(a));
  await bench.pass(0);
  await becomes('delivering');
  assert.deepEqual(
    shown().orders.map(({ state, tries }) => [state, tries]),
    [['contoured', 4]],
  );
});

test('a result that says failed is final; a retry puts it aside and draws again', async (t) => {
  const { bench, address, becomes, sendCt } = await stage(t);
  const error = { code: 'BUNDLE_DIGEST', message: 'changed', remedy: 'copy it again' };
  let answer: Partial<WorkResult> = { status: 'failed', error, structureSets: [], rois: [] };
  workOn(t, address, 'contour', async (job) => writeResult(bench, job.data as ContourPayload, answer));
  await sendCt();
  assert.deepEqual((await becomes('failed')).problem, error);
  answer = { status: 'nothing-found', structureSets: [], rois: [] };
  await bench.actions.retry(bench.keyOf(a));
  await bench.pass(0);
  const nothing = await becomes('nothing found');
  assert.deepEqual(
    nothing.orders[0]?.deliveries.map(({ state }) => state),
    ['nothing to send'],
  );
  const folder = await readdir(join(bench.dataDirectory, nothing.orders[0].folder));
  assert.deepEqual(folder.filter((name) => name.startsWith('result')).toSorted(), [
    'result.before-try-2.json',
    'result.json',
  ]);
  await assert.rejects(bench.actions.retry(bench.keyOf(a)), { code: 'STATE_CONFLICT' });
  await assert.rejects(bench.actions.resend(bench.keyOf(a)), { code: 'STATE_CONFLICT' });
  await assert.rejects(bench.actions.retry('0000000000000000'), { code: 'NOT_FOUND' });
});

test('a TPS that is down is tried for retryHours with growing distances, then failed; resend delivers', async (t) => {
  const { bench, address, becomes, sendCt, shown } = await stage(t);
  let down = true;
  workOn(t, address, 'contour', async (job) => writeResult(bench, job.data as ContourPayload));
  workOn(t, address, deliverQueue('tps'), async (job) =>
    writeTry(
      bench,
      job.data as DeliverPayload,
      down ? { outcome: 'retry', code: 'PEER_UNREACHABLE', message: 'connection refused' } : {},
    ),
  );
  await sendCt();
  const waits: number[] = [];
  for (let tries = 1; shown().state !== 'delivery failed'; tries++) {
    const delivery = await eventually(`try ${tries} is over`, 20, () => {
      const [found] = shown().orders[0]?.deliveries ?? [];
      return found?.tries === tries && found.state !== 'delivering' ? found : undefined;
    });
    assert.notEqual(shown().state, 'delivered');
    if (delivery.nextTryAt === undefined) break;
    const seconds = (Date.parse(delivery.nextTryAt) - bench.clock.now()) / 1000;
    waits.push(seconds);
    await bench.pass(seconds + 1);
  }
  const failed = await becomes('delivery failed');
  assert.equal(failed.problem?.code, 'PEER_UNREACHABLE');
  assert.deepEqual(waits.slice(0, 5), [60, 120, 240, 480, 960]);
  assert.ok(waits.reduce((sum, wait) => sum + wait, 0) <= 3600);

  down = false;
  await bench.actions.resend(bench.keyOf(a), 'tps');
  const delivered = await becomes('delivered');
  assert.equal(delivered.orders[0]?.deliveries[0]?.tries, waits.length + 2);
});

test('three refusals are final; a warning status is delivered, and alarmed where the worker says so', async (t) => {
  const { bench, address, becomes, sendCt, shown } = await stage(t);
  let answer: Partial<DeliveryTry> = {
    outcome: 'failed',
    status: 0xa900,
    code: 'STORE_REFUSED',
    message: 'refused with 0xA900',
  };
  workOn(t, address, 'contour', async (job) => writeResult(bench, job.data as ContourPayload));
  workOn(t, address, deliverQueue('tps'), async (job) => writeTry(bench, job.data as DeliverPayload, answer));
  await sendCt();
  for (let i = 1; i <= 3; i++) {
    await eventually('the try is over', 20, () =>
      shown().orders[0]?.deliveries[0]?.failedTries === i ? true : undefined,
    );
    await bench.pass(1801);
  }
  const failed = await becomes('delivery failed');
  assert.deepEqual(
    [failed.orders[0]?.deliveries[0]?.tries, failed.orders[0]?.deliveries[0]?.status, failed.problem?.code],
    [3, 0xa900, 'STORE_REFUSED'],
  );
  answer = { outcome: 'delivered', status: 0xb007, alarmed: true };
  await bench.actions.resend(bench.keyOf(a));
  const delivery = (await becomes('delivered')).orders[0]?.deliveries[0];
  assert.deepEqual([delivery?.alarmed, delivery?.status], [true, 0xb007]);
});

test('a destination that hangs does not hold up another', async (t) => {
  const routes = [{ name: 'all', models: ['one'], destinations: ['tps', 'archive'] }];
  const { bench, address, becomes, sendCt, shown } = await stage(t, { routes });
  workOn(t, address, 'contour', async (job) => writeResult(bench, job.data as ContourPayload));
  workOn(t, address, deliverQueue('archive'), async (job) => writeTry(bench, job.data as DeliverPayload));
  let letGo: () => void = () => undefined;
  workOn(t, address, deliverQueue('tps'), async (job) => {
    await new Promise<void>((resolve) => (letGo = resolve));
    await writeTry(bench, job.data as DeliverPayload);
  });
  await sendCt();
  await eventually('the archive has it', 20, () =>
    shown().orders[0]?.deliveries.find(({ destination }) => destination === 'archive')?.state === 'delivered'
      ? true
      : undefined,
  );
  assert.equal(shown().state, 'delivering');
  letGo();
  await becomes('delivered');
});

test('everything that Redis forgets is queued again, and a try that a worker had is spent', async (t) => {
  const { bench, address, becomes, sendCt, shown } = await stage(t);
  const redis = new Redis(address.options);
  t.after(() => redis.disconnect());
  await sendCt();
  await queued(shown);
  await redis.flushall();
  bench.reconciler.all();
  await bench.reconciler.settled();
  assert.equal(shown().orders[0]?.tries, 1, 'nobody had it: the same try');

  const lost = workOn(t, address, 'contour', () => new Promise(() => undefined));
  await becomes('contouring');
  await lost.close(true);
  await redis.flushall();
  bench.reconciler.all();
  await bench.reconciler.settled();
  await bench.pass(61);
  await eventually('the next try is queued', 20, () => (shown().orders[0]?.tries === 2 ? true : undefined));
  workOn(t, address, 'contour', async (job) => writeResult(bench, job.data as ContourPayload));
  workOn(t, address, deliverQueue('tps'), async (job) => writeTry(bench, job.data as DeliverPayload));
  await becomes('delivered');
  assert.equal(shown().orders[0]?.deliveries[0]?.tries, 1);
});

test('a Redis that is out of memory refuses jobs; they are queued when it has room, and no try is spent', async (t) => {
  const { bench, address, becomes, sendCt, shown } = await stage(t);
  const redis = new Redis(address.options);
  t.after(() => redis.disconnect());
  await redis.config('SET', 'maxmemory', '1');
  await sendCt();
  await becomes('queued');
  workOn(t, address, 'contour', async (job) => writeResult(bench, job.data as ContourPayload));
  workOn(t, address, deliverQueue('tps'), async (job) => writeTry(bench, job.data as DeliverPayload));
  await bench.pass(300);
  assert.equal(shown().state, 'queued');
  await redis.config('SET', 'maxmemory', '0');
  await eventually('it is delivered', 20, async () => {
    await bench.pass(31);
    return shown().state === 'delivered' ? true : undefined;
  });
  assert.equal(shown().orders[0]?.tries, 1);
});

test('results that nobody told the node of are found on disk, after a restart with an empty Redis', async (t) => {
  const { bench, address, sendCt, shown } = await stage(t);
  await sendCt();
  await queued(shown);
  const { orders } = shown();
  const payload = { series: bench.keyOf(a), revision: 1, order: orders[0]!.order, try: 1 };
  await bench.crash();
  await writeResult(bench, payload);
  const redis = new Redis(address.options);
  await redis.flushall();
  redis.disconnect();

  const queues = await openQueues(t, address, ['tps']);
  const again = stageOf(await IntakeHarness.open(t, { ...goingOn(bench), queues }), address);
  const delivering = await again.becomes('delivering');
  const [delivery] = delivering.orders[0]!.deliveries;
  await again.bench.crash();
  await writeTry(bench, { ...payload, profile: delivery!.profile, destination: 'tps', try: 1 });

  const third = stageOf(
    await IntakeHarness.open(t, { ...goingOn(bench), queues: await openQueues(t, address, ['tps']) }),
    address,
  );
  const delivered = await third.becomes('delivered');
  assert.deepEqual([delivered.orders[0]?.tries, delivered.orders[0]?.deliveries[0]?.tries], [1, 1]);
});

test('no more jobs than worker.maximumQueued lie in Redis, and the rest follows', async (t) => {
  const { bench, address } = await stage(t, { worker: { maximumQueued: 2 } });
  const uids = range(1, 5).map((n) => `${a}.${n}`);
  for (const uid of uids) await bench.sendAll(uid, range(1, 12));
  await bench.pass(21);
  await bench.reconciler.settled();
  const tried = () => uids.filter((uid) => bench.show(uid).orders[0]?.tries === 1).length;
  await eventually('two are queued', 20, () => (tried() >= 2 ? true : undefined));
  await bench.reconciler.settled();
  assert.equal(tried(), 2);
  workOn(t, address, 'contour', async (job) => writeResult(bench, job.data as ContourPayload));
  await eventually('all are drawn', 20, () =>
    uids.every((uid) => bench.show(uid).orders[0]?.state === 'contoured') ? true : undefined,
  );
});

test('a late slice supersedes what is not drawn yet, and names what went out as predecessor', async (t) => {
  const { bench, address, becomes, sendCt, shown } = await stage(t);
  await sendCt(12);
  await becomes('queued');
  await sendCt(13);
  await eventually('there is a second order', 20, () => (shown().orders.length === 2 ? true : undefined));
  assert.deepEqual(
    shown().orders.map(({ revision, state }) => [revision, state]),
    [
      [2, 'queued'],
      [1, 'superseded'],
    ],
  );

  workOn(t, address, 'contour', async (job) => writeResult(bench, job.data as ContourPayload));
  workOn(t, address, deliverQueue('tps'), async (job) => writeTry(bench, job.data as DeliverPayload));
  await becomes('delivered');
  assert.equal(shown().orders[1]?.deliveries[0]?.tries, 0, 'the superseded one is not drawn and not sent');

  const second = shown().orders[0]!;
  await sendCt(14);
  await becomes('delivered');
  const [third] = shown().orders;
  assert.equal(third?.revision, 3);
  const order = await orderOf(bench, { series: bench.keyOf(a), revision: 3, order: third.order, try: 1 });
  assert.deepEqual(order.predecessors, [{ revision: 2, order: second.order }]);
});

test('a destination that is not configured any more fails in words, and works once it is back', async (t) => {
  const { bench, address, becomes, sendCt } = await stage(t);
  workOn(t, address, 'contour', async (job) => writeResult(bench, job.data as ContourPayload));
  workOn(t, address, deliverQueue('tps'), async (job) => writeTry(bench, job.data as DeliverPayload));
  await sendCt();
  const whole = bench.config;
  bench.config = { ...whole, destinations: [] };
  const failed = await becomes('delivery failed');
  assert.deepEqual(
    [failed.problem?.code, failed.problem?.message],
    ['CONFIG_INVALID', 'destination tps is not configured any more'],
  );
  await assert.rejects(bench.actions.resend(bench.keyOf(a)), { code: 'STATE_CONFLICT' });
  bench.config = whole;
  await bench.actions.resend(bench.keyOf(a));
  await becomes('delivered');
});

test('return-to-sender needs a configured sender', async (t) => {
  const { bench, address, becomes, sendCt } = await stage(t, {
    destinations: [{ name: 'tps', peer: 'return-to-sender' }],
  });
  workOn(t, address, 'contour', async (job) => writeResult(bench, job.data as ContourPayload));
  await sendCt();
  assert.match((await becomes('delivery failed')).problem?.message ?? '', /return-to-sender/);
});

test('the clock of a test stands still', () => {
  const clock = new ManualClock();
  const calls: number[] = [];
  clock.after(1000, () => calls.push(clock.now()));
  const start = clock.now();
  clock.pass(5);
  assert.deepEqual([calls, clock.now()], [[start + 1000], start + 5000]);
});

test('tries that wait when the clock is set back are made within half a minute', async (t) => {
  const { bench, address, shown, becomes, sendCt } = await stage(t);
  let drawn = 0;
  workOn(t, address, 'contour', async (job) => {
    if (++drawn === 1) throw new Error('ENGINE_FAILED: once');
    await writeResult(bench, job.data as ContourPayload);
  });
  await sendCt();
  await eventually(
    'a try failed',
    20,
    () => shown().history.some(({ kind }) => kind === 'contour try failed') || undefined,
  );
  bench.clock.setBack(3600);
  await bench.pass(31);
  await eventually('it is drawn', 20, () => (drawn === 2 ? true : undefined));
  await becomes('delivering');
});
