import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadConfig, type LoadedConfig } from '../../src/config/load.ts';
import { type RunningNode, startNode } from '../../src/node.ts';
import { createLog } from '../../src/log.ts';
import type { SeriesState, SeriesSummary } from '../../src/store/series.ts';
import { openQueues, runningRedis } from '../jobs/running-redis.ts';
import { workerAtQueue } from '../jobs/worker-at-queue.ts';
import { type CtSlice, ctSliceFile } from '../support/ct-slice.ts';
import { eventually } from '../support/eventually.ts';
import { httpSink } from '../support/http-sink.ts';
import { freePort } from '../support/free-port.ts';
import { runProgram } from '../support/run-program.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { range } from './intake-harness.ts';

const a = '1.2.826.6.1';
const b = '1.2.826.6.2';

interface Running {
  readonly node: RunningNode;
  readonly loaded: LoadedConfig;
  readonly configFile: string;
  readonly log: () => string;
  /** Sends slices with storescu, `extra` before the files. @returns its exit code */
  readonly send: (slices: readonly CtSlice[], ...extra: string[]) => Promise<number | null>;
  readonly becomes: (states: readonly SeriesState[]) => Promise<SeriesSummary[]>;
}

/** The real node on a Redis of its own; a worker tells that it is there, and does nothing. */
async function running(t: TestContext, text = ''): Promise<Running> {
  const folder = await temporaryFolder(t);
  const redis = await runningRedis(t);
  const queues = await openQueues(t, redis.address, []);
  workerAtQueue(t, redis.address);
  const configFile = join(folder, 'config.yaml');
  const port = await freePort();
  await writeFile(
    configFile,
    `dataDirectory: ${folder}/data\ndicom: { host: 127.0.0.1, port: ${port}, shutdownSeconds: 0 }\nhttp: { port: 0 }\nintake: { quietPeriodSeconds: 1 }\n${text}`,
  );
  const loaded = await loadConfig(configFile);
  let output = '';
  const log = createLog({ logging: { level: 'debug' } }, 'test', { write: (line: string) => void (output += line) });
  const node = await startNode(loaded, { log, queues });
  t.after(() => node.close());
  let batches = 0;
  return {
    node,
    loaded,
    configFile,
    log: () => output,
    send: async (slices, ...extra) => {
      const batch = join(folder, `batch-${++batches}`);
      const files = await Promise.all(
        slices.map(async (slice, i) => {
          const file = `${batch}-${i}.dcm`;
          await writeFile(file, ctSliceFile(slice));
          return file;
        }),
      );
      const { code } = await runProgram('/usr/bin/storescu', [
        '-aec',
        'CONTOUR',
        ...extra,
        '127.0.0.1',
        String(port),
        ...files,
      ]);
      return code;
    },
    becomes: (states) =>
      eventually(`the series are ${states.join(', ')}`, 30, () => {
        const all = node.series.list();
        const found = all.map(({ state }) => state).toSorted();
        return JSON.stringify(found) === JSON.stringify(states.toSorted()) ? all : undefined;
      }).catch((cause: unknown) => {
        throw new Error(JSON.stringify(node.series.list(), undefined, 1), { cause });
      }),
  };
}

const slices = (series: string, numbers: number[], changes: Partial<CtSlice> = {}): CtSlice[] =>
  numbers.map((number) => ({ series, number, ...changes }));

test('two senders at once, one of them over three associations', async (t) => {
  const { send, becomes } = await running(t);
  const [whole, ...parts] = await Promise.all([
    send(slices(a, range(1, 20)), '-aet', 'CT1'),
    ...[range(1, 5), range(6, 9), range(10, 14)].map((part) => send(slices(b, part), '-aet', 'CT2')),
  ]);
  assert.deepEqual([whole, ...parts], [0, 0, 0, 0]);
  const series = await becomes(['unrouted', 'unrouted']);
  assert.deepEqual(series.map(({ callingAe, images, revision }) => `${callingAe} ${images} ${revision}`).toSorted(), [
    'CT1 20 1',
    'CT2 14 1',
  ]);
});

test('an association that is aborted half-way leaves the series incomplete; the repeat completes it', async (t) => {
  const { send, becomes, log } = await running(t);
  await send(slices(a, range(1, 7)), '--abort');
  assert.equal((await becomes(['incomplete']))[0]?.problem?.code, 'SERIES_INCOMPLETE');
  assert.equal(await send(slices(a, range(1, 12))), 0);
  await becomes(['unrouted']);
  assert.doesNotMatch(log(), /Doe|P-1|1\.2\.826/);
});

test('what ends as rejected was answered with success all the same', async (t) => {
  const { send, becomes, node } = await running(t);
  assert.equal(await send([...slices(a, range(1, 12)), ...slices(a, [13], { patient: 'Roe^Richard' })]), 0);
  const [rejected] = await becomes(['rejected']);
  assert.equal(rejected?.problem?.message, 'two patients in one series');
  const api = (await (await fetch(`${node.httpUrl}/api/series/${rejected.key}`)).json()) as { state: string };
  assert.equal(api.state, 'rejected');
});

test('a second node on the same data directory does not start', async (t) => {
  const { loaded } = await running(t);
  const redis = await runningRedis(t);
  const queues = await openQueues(t, redis.address, []);
  const log = createLog({ logging: { level: 'error' } }, 'test', { write: () => undefined });
  await assert.rejects(startNode(loaded, { log, queues }), { code: 'DATA_DIRECTORY_LOCKED' });
});

test('an occupied DICOM port is told, and what had started is taken back', async (t) => {
  const { loaded } = await running(t);
  const redis = await runningRedis(t);
  const queues = await openQueues(t, redis.address, []);
  const log = createLog({ logging: { level: 'error' } }, 'test', { write: () => undefined });
  const dataDirectory = await temporaryFolder(t);
  const elsewhere = { ...loaded, config: { ...loaded.config, dataDirectory } };
  await assert.rejects(startNode(elsewhere, { log, queues }), { code: 'PORT_IN_USE' });
  const port = await freePort();
  const node = await startNode(
    { ...elsewhere, config: { ...elsewhere.config, dicom: { ...loaded.config.dicom, port } } },
    { log, queues },
  );
  await node.close();
});

test('a reload takes peers, destinations, routes and notifications as a whole; a wrong file leaves the old ones in force', async (t) => {
  const { url, posts } = await httpSink(t);
  const { node, configFile, send, becomes, log } = await running(t);
  await send(slices(a, range(1, 12)));
  const [unrouted] = await becomes(['unrouted']);
  const text = await readFile(configFile, 'utf8');

  await writeFile(configFile, `${text}routes:\n  - { name: all, models: [nowhere], destinations: [tps] }\n`);
  assert.equal((await node.reload(() => loadConfig(configFile))).taken, false);
  assert.match(log(), /no destination 'tps'/);
  assert.equal((await fetch(`${node.httpUrl}/health/ready`)).status, 503);
  await node.actions.retry(unrouted!.key);
  await becomes(['unrouted']);

  await writeFile(
    configFile,
    `${text.replace('http:', 'logging: { level: debug }\nhttp:')}routes:\n  - { name: all, models: [nowhere] }
notifications: { webhooks: [{ name: chat, url: '${url}' }] }\n`,
  );
  assert.deepEqual(await node.reload(() => loadConfig(configFile)), { taken: true, needRestart: ['logging'] });
  assert.match(log(), /logging: changed; the change takes effect after a restart/);
  assert.equal((await fetch(`${node.httpUrl}/health/ready`)).status, 200);
  await node.actions.retry(unrouted!.key);
  const [failed] = await becomes(['failed']);
  assert.equal(failed?.problem?.code, 'MODEL_NOT_FOUND');
  await eventually('the new channel is told', 20, () => (posts.length === 1 ? true : undefined));
  assert.equal(posts[0]!.body['code'], 'MODEL_NOT_FOUND');
});

test('a node that is stopped while images come in says so to the sender and holds the series', async (t) => {
  const { node, loaded, send } = await running(t);
  const sending = send(slices(a, range(1, 400), { matrix: 256 }));
  // More than the ten slices that a series needs: fewer would be rejected after the release.
  await eventually('images come in', 60, () => ((node.series.list()[0]?.images ?? 0) > 15 ? true : undefined));
  await node.close();
  assert.notEqual(await sending, 0);

  const redis = await runningRedis(t);
  const queues = await openQueues(t, redis.address, []);
  const log = createLog({ logging: { level: 'error' } }, 'test', { write: () => undefined });
  const again = await startNode(loaded, { log, queues });
  t.after(() => again.close());
  const [held] = again.series.list();
  assert.equal(held?.state, 'incomplete');
  await again.actions.release(held.key);
  await eventually('it is released', 20, () => (again.series.list()[0]?.state === 'unrouted' ? true : undefined));
  assert.equal((await stat(join(loaded.config.dataDirectory, 'pseudonym.key'))).mode & 0o777, 0o600);
});
