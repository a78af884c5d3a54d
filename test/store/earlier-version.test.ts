import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { predecessors } from '../../src/store/orders.ts';
import type { HistoryEvent, SeriesDetail, SeriesState } from '../../src/store/series.ts';
import { Store } from '../../src/store/store.ts';
import { deliveryTryFile } from '../../src/work/paths.ts';
import { deliverPayloadSchema } from '../../src/work/payloads.ts';
import { IntakeHarness, ManualClock, quietLog } from '../intake/intake-harness.ts';
import { openQueues, runningRedis } from '../jobs/running-redis.ts';
import { workOn } from '../jobs/work-on.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const expected = JSON.parse(await readFile(fixture('expected-41aae6c.json'), 'utf8')) as Record<string, unknown> & {
  counts: Record<string, number>;
  now: string;
};
// States that the earlier version did not know.
const newStates = 'nothing to contour,held,delivered check,contoured check,complete,awaiting input'.split(',');
for (const state of newStates) expected.counts[state] = 0;

/** A copy of what commit 41aae6c wrote (fixtures/README.md). */
async function unpacked(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  execFileSync('tar', ['-xzf', fixture('data-41aae6c.tar.gz'), '-C', folder, '--no-same-owner']);
  return join(folder, 'data');
}

/** The words of the history may get better. */
function withoutText(event: HistoryEvent): Omit<HistoryEvent, 'text'> {
  const { text: _, ...rest } = event;
  return rest;
}

function everything(store: Store): unknown {
  const keys = store.keys();
  const shown = (key: string) => {
    const { history, ...series } = store.show(key)!;
    return { ...asThen(series), history: history.map(withoutText) };
  };
  // The earlier version showed the warnings of the revision alone, without their severity.
  const asThen = <T extends { key: string }>(series: T) => ({ ...series, warnings: store.get(series.key)!.warnings });
  return {
    now: store.nowIso(),
    counts: store.counts(),
    list: store.list().map(asThen),
    shown: keys.map(shown),
    choices: store.choices(),
    quality: store.quality(),
    unfinishedSeries: store.unfinishedSeries(),
    dueWork: store.dueWork().toSorted((a, b) => (a.queue < b.queue ? -1 : 1)),
    predecessors: Object.fromEntries(keys.map((key) => [key, predecessors(store.get(key)!.orders, 9, 'one')])),
  };
}

test('a data directory of an earlier version opens with the same states, histories and stage times', async (t) => {
  const dataDirectory = await unpacked(t);
  const options = { dataDirectory, log: quietLog, now: () => Date.parse(expected.now) };
  const store = await Store.open(options);
  assert.deepEqual(everything(store), expected);
  store.close();
  const database = new DatabaseSync(join(dataDirectory, 'state.sqlite'));
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  database.close();
  assert.deepEqual(
    tables.map(({ name }) => name),
    ['instances', 'quality_values', 'records'],
  );

  // Once more, as it now is; then from journals and images alone.
  const again = await Store.open(options);
  assert.deepEqual(everything(again), expected);
  again.close();
  await rm(join(dataDirectory, 'state.sqlite'));
  const folded = await Store.open(options);
  t.after(() => folded.close());
  assert.deepEqual(everything(folded), expected);
});

test('a data directory of an earlier version goes on: what is due is delivered, what was rejected can be retried', async (t) => {
  const dataDirectory = await unpacked(t);
  const clock = new ManualClock();
  clock.setBack((clock.now() - Date.parse(expected.now)) / 1000);
  const redis = await runningRedis(t);
  const queues = await openQueues(t, redis.address, ['tps', 'archive']);
  const peer = { name: 'tps', aeTitle: 'TPS', host: '127.0.0.1', port: 104 };
  const destinations = ['tps', 'archive'].map((name) => ({ name, peer: 'tps' }));
  const config = { peers: [peer], destinations };
  const harness = await IntakeHarness.open(t, { dataDirectory, clock, queues, config });
  const find = (state: SeriesState, code: string): SeriesDetail =>
    harness.store
      .list({ states: [state] })
      .map(({ key }) => harness.store.show(key)!)
      .find(({ problem }) => problem?.code === code)!;

  // Its TPS could not be reached; the next try is due within two minutes.
  const { key, orders } = find('delivering', 'PEER_UNREACHABLE');
  workOn(t, redis.address, 'deliver-tps', async (job) => {
    const { series, revision, order, destination, try: number } = deliverPayloadSchema.parse(job.data);
    const at = new Date(clock.now()).toISOString();
    const report = { formatVersion: 1, destination, try: number, startedAt: at, endedAt: at, outcome: 'delivered' };
    const path = join(dataDirectory, deliveryTryFile(series, revision, order, destination, number));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, JSON.stringify({ ...report, alarmed: false, status: 0 }));
  });
  clock.pass(120);
  await eventually('it is delivered', 20, () => harness.store.view(key)?.state === 'delivered' || undefined);
  assert.equal(harness.store.view(key)?.orders[0]?.deliveries[0]?.tries, orders[0]!.deliveries[0]!.tries + 1);

  const rejected = find('rejected', 'SERIES_MIXED_IDENTITY');
  await harness.actions.retry(rejected.key);
  await harness.pass(1);
  const checkedAgain = harness.store.show(rejected.key)!;
  assert.equal(checkedAgain.state, 'rejected');
  // Today's remedy says which attribute differs.
  assert.deepEqual(
    [checkedAgain.problem?.code, checkedAgain.problem?.message],
    [rejected.problem?.code, rejected.problem?.message],
  );
  assert.deepEqual(
    checkedAgain.history.slice(rejected.history.length).map(({ kind }) => kind),
    ['retry', 'rejected'],
  );
  // The association that stood when the earlier version ended is lost.
  assert.equal(harness.store.counts().receiving, 0);
  assert.equal(harness.store.counts().incomplete, 2);
});
