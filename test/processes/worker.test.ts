import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { type Config, configSchema } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { contourJobId, deliverJobId, deliverQueue } from '../../src/jobs/queue-names.ts';
import type { ContourQueues } from '../../src/jobs/queues.ts';
import type { DeliverPayload } from '../../src/work/payloads.ts';
import { deliveryTrySchema } from '../../src/work/delivery-try.ts';
import { type WorkResult, workResultSchema } from '../../src/work/work-result.ts';
import { workOrderSchema } from '../../src/work/work-order.ts';
import type { JobStatus } from '../../src/jobs/job-queues.ts';
import { deliver } from '../../worker/processes/deliver.ts';
import { type RunningWorker, startWorker, type WorkerOptions } from '../../worker/processes/worker.ts';
import { openQueues, runningRedis, type RunningRedis, silentLog } from '../jobs/running-redis.ts';
import { type PickyTps, type PickyTpsOptions, startPickyTps } from '../../worker/demo/picky-tps.ts';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { prepared, type Prepared } from './prepared.ts';

interface Bench extends Prepared {
  readonly redis: RunningRedis;
  readonly queues: ContourQueues;
  readonly config: Config;
  readonly worker: RunningWorker;
}

const otherPeer = { name: 'other', aeTitle: 'PICKY', host: '127.0.0.1' };

/** Redis, a data directory with one order, and a worker; destination `TPS` is on `tpsPort`. */
async function bench(
  t: TestContext,
  tpsPort: number,
  queues: WorkerOptions['queues'] = ['contour', 'deliver'],
): Promise<Bench> {
  const ready = await prepared(t);
  const redis = await runningRedis(t);
  const config = configFor(
    ready,
    [{ name: 'tps', aeTitle: 'PICKY', host: '127.0.0.1', port: tpsPort }],
    [{ name: 'TPS', peer: 'tps' }],
  );
  const opened = await openQueues(t, redis.address, ['TPS', 'other']);
  const worker = startWorker(config, { queues, address: redis.address, log: silentLog });
  afterwards(t, () => worker.close(0));
  await worker.ready;
  return { ...ready, redis, queues: opened, config, worker };
}

function configFor({ dataDirectory, modelsDirectory }: Prepared, peers: object[], destinations: object[]): Config {
  return configSchema.parse({
    dataDirectory,
    models: { directory: modelsDirectory },
    redis: { queuePrefix: 'test' },
    routes: [{ name: 'all', models: ['threshold'] }],
    logging: { level: 'error' },
    engine: { threads: 1 },
    peers,
    destinations: destinations.map((one) => ({ allow: ['demonstration'], timeoutSeconds: 10, ...one })),
  });
}

async function pickyTps(
  t: TestContext,
  { ct, dataDirectory }: Prepared,
  options: Partial<PickyTpsOptions> = {},
): Promise<PickyTps> {
  const tps = await startPickyTps({
    directory: join(dataDirectory, '..', `tps-${options.port ?? 0}`),
    ct,
    aeTitle: 'PICKY',
    ...options,
  });
  afterwards(t, () => tps.close());
  return tps;
}

async function ended(queues: ContourQueues, queue: string, job: string): Promise<JobStatus> {
  return eventually(`${job} ended`, 60, async () => {
    const status = await queues.statusOf(queue, job);
    return status.state === 'completed' || status.state === 'failed' ? status : undefined;
  });
}

async function contoured({ queues, order }: Bench): Promise<WorkResult> {
  await queues.addContour(order.payload, 'normal');
  assert.deepEqual(await ended(queues, 'contour', contourJobId(order.payload)), { state: 'completed' });
  return workResultSchema.parse(JSON.parse(await readFile(join(order.folder, 'result.json'), 'utf8')));
}

function delivery({ order }: Prepared, result: WorkResult, number = 1, destination = 'TPS'): DeliverPayload {
  return { ...order.payload, try: number, destination, profile: result.structureSets[0]!.profile };
}

async function delivered({ queues }: Bench, payload: DeliverPayload): Promise<JobStatus> {
  await queues.addDeliver(payload);
  return ended(queues, deliverQueue(payload.destination), deliverJobId(payload));
}

async function tryFile({ order }: Prepared, number: number) {
  const path = join(order.folder, 'deliveries', 'TPS', `try-${String(number).padStart(3, '0')}.json`);
  return deliveryTrySchema.parse(JSON.parse(await readFile(path, 'utf8')));
}

test('a queued order is drawn, and its structure set arrives at the planning system byte for byte', async (t) => {
  const port = await freePort();
  const work = await bench(t, port);
  const tps = await pickyTps(t, work, { port });
  const result = await contoured(work);
  assert.deepEqual(await delivered(work, delivery(work, result)), { state: 'completed' });
  assert.equal(tps.imported.length, 1, tps.refused.join());
  assert.equal(tps.imported[0]?.sopInstanceUid, result.structureSets[0]?.sopInstanceUid);
  const stored = await readFile(join(work.order.folder, result.structureSets[0]!.files.implicit!.file));
  assert.ok(stored.subarray(-tps.imported[0]!.bytes.length).equals(tps.imported[0]!.bytes));
  const { outcome, status, alarmed, transferSyntax } = await tryFile(work, 1);
  assert.deepEqual(
    { outcome, status, alarmed, transferSyntax },
    { outcome: 'delivered', status: 0, alarmed: false, transferSyntax: 'implicit' },
  );
});

test('a planning system that is down, then refuses, then accepts: each try says what came of it', async (t) => {
  const port = await freePort();
  const work = await bench(t, port);
  const result = await contoured(work);
  const down = await delivered(work, delivery(work, result, 1));
  assert.equal(down.state, 'failed');
  assert.match(down.failedReason ?? '', /^PEER_UNREACHABLE: /);
  assert.equal((await tryFile(work, 1)).outcome, 'retry');

  const tps = await pickyTps(t, work, { port, script: [{ does: 'answer', status: 0xa900 }] });
  assert.match((await delivered(work, delivery(work, result, 2))).failedReason ?? '', /^STORE_REFUSED: .*0xA900/);
  assert.equal((await tryFile(work, 2)).outcome, 'failed');
  assert.deepEqual(await delivered(work, delivery(work, result, 3)), { state: 'completed' });
  assert.equal(tps.imported.length, 1);
});

test('a planning system that imports and hangs up has it: the repeat, answered as duplicate, counts as delivered', async (t) => {
  const port = await freePort();
  const work = await bench(t, port);
  const tps = await pickyTps(t, work, { port, script: [{ does: 'import and hang up' }] });
  const result = await contoured(work);
  assert.equal((await delivered(work, delivery(work, result, 1))).state, 'failed');
  assert.deepEqual(await delivered(work, delivery(work, result, 2)), { state: 'completed' });
  assert.equal((await tryFile(work, 2)).status, 0x0111);
  assert.equal(tps.imported.length, 1);
  assert.ok(tps.received.every(({ bytes }) => bytes.equals(tps.received[0]!.bytes)));
});

test('a structure set that was changed on disk is not sent', async (t) => {
  const port = await freePort();
  const work = await bench(t, port);
  const tps = await pickyTps(t, work, { port });
  const result = await contoured(work);
  await appendFile(join(work.order.folder, result.structureSets[0]!.files.explicit!.file), '\0');
  assert.match((await delivered(work, delivery(work, result))).failedReason ?? '', /^RESULT_CONFLICT: /);
  assert.equal(tps.deliveries, 0);
  assert.equal((await tryFile(work, 1)).outcome, 'failed');
});

test('a try that stands on disk is not made again when Redis forgot the job', async (t) => {
  const port = await freePort();
  const work = await bench(t, port);
  const tps = await pickyTps(t, work, { port });
  const payload = delivery(work, await contoured(work));
  await delivered(work, payload);
  const again = await deliver(payload, work.config);
  assert.deepEqual(again, await tryFile(work, 1));
  assert.equal(tps.deliveries, 1);
});

test('a destination that hangs holds up no other', async (t) => {
  const [port, other] = [await freePort(), await freePort()];
  const work = await bench(t, port);
  await pickyTps(t, work, { port, script: [{ does: 'not answer' }] });
  const tps = await pickyTps(t, work, { port: other });
  const { config } = work;
  const { taken } = await work.worker.reload(async () => ({
    config: {
      ...config,
      peers: [...config.peers, configSchema.shape.peers.unwrap().element.parse({ ...otherPeer, port: other })],
      destinations: [...config.destinations, { ...config.destinations[0]!, name: 'other', peer: 'other' }],
    },
    digest: '',
    source: 'test',
  }));
  assert.equal(taken, true);
  const result = await contoured(work);
  const hanging = delivery(work, result, 1);
  await work.queues.addDeliver(hanging);
  await eventually('it hangs', 30, async () =>
    (await work.queues.statusOf('deliver-TPS', deliverJobId(hanging))).state === 'active' ? true : undefined,
  );
  assert.deepEqual(await delivered(work, delivery(work, result, 1, 'other')), { state: 'completed' });
  assert.equal((await work.queues.statusOf('deliver-TPS', deliverJobId(hanging))).state, 'active');
  assert.equal(tps.imported.length, 1);
});

test('a configuration that cannot be loaded leaves the old one in force', async (t) => {
  const port = await freePort();
  const work = await bench(t, port, ['deliver']);
  const { taken } = await work.worker.reload(async () => {
    throw new ContourNodeError('CONFIG_INVALID', 'clinic.yaml, line 3: unknown key');
  });
  assert.equal(taken, false);
  const tps = await pickyTps(t, work, { port });
  const second = startWorker(work.config, { queues: ['contour'], address: work.redis.address, log: silentLog });
  afterwards(t, () => second.close(0));
  await second.ready;
  assert.deepEqual(await delivered(work, delivery(work, await contoured(work))), { state: 'completed' });
  assert.equal(tps.imported.length, 1);
});

test('a worker that is stopped gives its running order back, and the next worker draws it', async (t) => {
  const work = await bench(t, await freePort());
  const [pid] = work.worker.enginePids;
  process.kill(pid!, 'SIGSTOP');
  const id = contourJobId(work.order.payload);
  await work.queues.addContour(work.order.payload, 'normal');
  await eventually('it runs', 30, async () =>
    (await work.queues.statusOf('contour', id)).state === 'active' ? true : undefined,
  );
  await work.worker.close(0.1);
  assert.deepEqual(await work.queues.statusOf('contour', id), { state: 'waiting' });
  const next = startWorker(work.config, { queues: ['contour'], address: work.redis.address, log: silentLog });
  afterwards(t, () => next.close(0));
  assert.deepEqual(await ended(work.queues, 'contour', id), { state: 'completed' });
});

test('an order that was being drawn when Redis died ends as if nothing had been', async (t) => {
  const work = await bench(t, await freePort());
  const [pid] = work.worker.enginePids;
  process.kill(pid!, 'SIGSTOP');
  const id = contourJobId(work.order.payload);
  await work.queues.addContour(work.order.payload, 'normal');
  await eventually('it runs', 30, async () =>
    (await work.queues.statusOf('contour', id)).state === 'active' ? true : undefined,
  );
  process.kill(work.redis.server.pid, 'SIGKILL');
  await eventually('Redis is away', 20, async () => ((await work.queues.problem()) === undefined ? undefined : true));
  process.kill(pid!, 'SIGCONT');
  await eventually('the result is there', 30, async () =>
    (await readdir(work.order.folder)).includes('result.json') ? true : undefined,
  );
  await eventually('Redis is back', 30, async () => ((await work.queues.problem()) === undefined ? true : undefined));
  assert.deepEqual(await ended(work.queues, 'contour', id), { state: 'completed' });
});

test('a destination that returns to the sender goes to the peer that the order names', async (t) => {
  const [port, elsewhere] = [await freePort(), await freePort()];
  const work = await bench(t, elsewhere);
  const tps = await pickyTps(t, work, { port });
  const payload = delivery(work, await contoured(work));
  const sender = configSchema.shape.peers.unwrap().element.parse({ ...otherPeer, port });
  const config = {
    ...work.config,
    peers: [...work.config.peers, sender],
    destinations: [{ ...work.config.destinations[0]!, peer: 'return-to-sender' }],
  };
  assert.equal((await deliver(payload, config)).code, 'CONFIG_INVALID', 'an order without sender');
  const path = join(work.order.folder, 'order.json');
  const order = workOrderSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  await writeFile(path, JSON.stringify({ ...order, sender: 'other' }));
  assert.equal((await deliver({ ...payload, try: 2 }, config)).outcome, 'delivered');
  assert.equal(tps.imported.length, 1);
});
