import assert from 'node:assert/strict';
import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { readJournal } from '../../src/store/journal.ts';
import { pseudonymKey } from '../../src/store/pseudonym-key.ts';
import { applyRetention } from '../../src/intake/upkeep/retention.ts';
import { Store } from '../../src/store/store.ts';
import { writeOnce } from '../../src/work/write-once.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { IntakeHarness, quietLog, range } from '../intake/intake-harness.ts';

const a = '1.2.826.5.1';

/** A store with a series that went all the way, one that failed on it, one that is incomplete and one rejected. */
async function manySeries(t: Parameters<typeof IntakeHarness.open>[0]): Promise<IntakeHarness> {
  const bench = await IntakeHarness.open(t);
  for (const n of range(1, 4)) await bench.sendAll(`${a}.${n}`, range(1, 12), n === 3 ? 'aborted' : 'released');
  await bench.sendAll(`${a}.4`, [13], 'released', { patient: 'Roe^Richard' });
  await bench.pass(21);
  const problem = { code: 'PEER_UNREACHABLE', message: 'connection refused', remedy: 'check' };
  const warning = { code: 'TOUCHES_END', text: 'touches the end of the scan' };
  for (const n of [1, 2]) {
    const key = bench.keyOf(`${a}.${n}`);
    const order = `${n}`.repeat(16);
    const delivery = { order, destination: 'tps' };
    const { store } = bench;
    store.record(key, {
      kind: 'ordered',
      revision: 1,
      route: 'all',
      priority: 'urgent',
      orders: [
        {
          order,
          bundle: { name: 'one', version: '1.0.0' },
          deliveries: [{ destination: 'tps', profile: 'f'.repeat(16) }],
        },
      ],
      problems: [],
      superseded: [],
    });
    store.record(key, { kind: 'contour try', order, try: 1 });
    store.record(key, { kind: 'contour started', order, try: 1 });
    store.record(key, { kind: 'contour try failed', order, try: 1, problem, nextTryAt: bench.store.nowIso() });
    store.record(key, { kind: 'contour try', order, try: 2 });
    store.record(key, {
      kind: 'result',
      order,
      status: 'contoured',
      profiles: ['f'.repeat(16)],
      rois: [],
      timings: [],
      warnings: [warning],
    });
    store.record(key, { kind: 'deliver try', ...delivery, try: 1, deadlineAt: bench.store.nowIso() });
    store.record(key, {
      kind: 'deliver outcome',
      ...delivery,
      try: 1,
      outcome: 'retry',
      next: n === 1 ? 'waiting' : 'failed',
      reported: true,
      alarmed: false,
      problem,
    });
    if (n === 1) {
      store.record(key, { kind: 'deliver try', ...delivery, try: 2, deadlineAt: bench.store.nowIso() });
      store.record(key, {
        kind: 'deliver outcome',
        ...delivery,
        try: 2,
        outcome: 'delivered',
        next: 'delivered',
        reported: true,
        alarmed: true,
        status: 0xb007,
        commitmentDeadlineAt: bench.store.nowIso(),
      });
      const nextTryAt = bench.store.nowIso();
      store.record(key, { kind: 'commitment try', ...delivery, try: 1, transactionUid: '2.25.1', nextTryAt });
      store.record(key, { kind: 'commitment try failed', ...delivery, try: 1, problem });
      store.record(key, { kind: 'commitment try', ...delivery, try: 2, transactionUid: '2.25.2', nextTryAt });
      store.record(key, { kind: 'commitment requested', ...delivery, try: 2 });
      store.record(key, { kind: 'commitment outcome', ...delivery, outcome: 'missing', problem });
    }
  }
  assert.deepEqual(
    range(1, 4).map((n) => bench.show(`${a}.${n}`).state),
    ['delivered', 'delivery failed', 'incomplete', 'rejected'],
  );
  return bench;
}

function everything(store: Store): unknown {
  return [store.list(), store.counts(), store.keys().map((key) => store.show(key))];
}

const open = (bench: IntakeHarness): Promise<Store> =>
  Store.open({ dataDirectory: bench.dataDirectory, log: quietLog, now: () => bench.clock.now() });

test('the tables come out of the files alone as they were', async (t) => {
  const bench = await manySeries(t);
  const before = everything(bench.store);
  const commitment = bench.show(`${a}.1`).orders[0]?.deliveries[0]?.commitment;
  assert.deepEqual([commitment?.state, commitment?.tries], ['missing', 2]);
  await bench.crash();
  for (const end of ['', '-wal', '-shm']) await rm(join(bench.dataDirectory, `state.sqlite${end}`), { force: true });
  const store = await open(bench);
  t.after(() => store.close());
  assert.deepEqual(everything(store), before);
});

test('damaged tables are put aside and made again', async (t) => {
  const bench = await manySeries(t);
  const before = everything(bench.store);
  await bench.crash();
  await writeFile(join(bench.dataDirectory, 'state.sqlite'), Buffer.alloc(20_000, 'not a database '));
  const store = await open(bench);
  t.after(() => store.close());
  assert.deepEqual(everything(store), before);
  assert.ok((await stat(join(bench.dataDirectory, 'state.sqlite.damaged'))).size > 0);
});

test('tables that are behind the journal catch up, at the start or with the next event', async (t) => {
  const bench = await manySeries(t);
  const key = bench.keyOf(`${a}.2`);
  const journal = join(bench.dataDirectory, 'series', key, 'journal.jsonl');
  const resend = JSON.stringify({
    kind: 'resend',
    at: bench.store.nowIso(),
    order: '2'.repeat(16),
    destination: 'tps',
  });
  await appendFile(journal, `${resend}\n`);
  bench.store.record(key, {
    kind: 'deliver try',
    order: '2'.repeat(16),
    destination: 'tps',
    try: 2,
    deadlineAt: bench.store.nowIso(),
  });
  assert.deepEqual(
    bench
      .show(`${a}.2`)
      .history.slice(-2)
      .map(({ kind }) => kind),
    ['resend', 'deliver try'],
  );
  const before = everything(bench.store);
  await bench.crash();
  const store = await open(bench);
  t.after(() => store.close());
  assert.deepEqual(everything(store), before);
});

test('a journal with a torn end and a broken line in it is read as far as it goes', async (t) => {
  const bench = await manySeries(t);
  const key = bench.keyOf(`${a}.1`);
  const journal = join(bench.dataDirectory, 'series', key, 'journal.jsonl');
  const { events } = readJournal(bench.dataDirectory, key);
  await bench.crash();
  const text = await readFile(journal, 'utf8');
  await writeFile(journal, `not an event\n${text}{"kind":"resend","at":"20`);
  const read = readJournal(bench.dataDirectory, key);
  assert.deepEqual([read.events, read.unreadable, read.bytes], [events, 1, Buffer.byteLength(text) + 13]);
  assert.equal((await stat(journal)).size, read.bytes);
});

test('images without a journal are held for a person', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, range(1, 12));
  const key = bench.keyOf(a);
  await bench.crash();
  await rm(join(bench.dataDirectory, 'series', key, 'journal.jsonl'));
  const again = await IntakeHarness.open(t, { dataDirectory: bench.dataDirectory, clock: bench.clock });
  await again.pass(3600);
  assert.deepEqual([again.show(a).state, again.show(a).images], ['incomplete', 12]);
});

test('tables of a newer program are refused in words', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.crash();
  const database = new DatabaseSync(join(bench.dataDirectory, 'state.sqlite'));
  database.exec('PRAGMA user_version = 999');
  database.close();
  await assert.rejects(open(bench), { code: 'DATA_DIRECTORY', message: /version 999/ });
});

test('the list can be narrowed to states and paged', async (t) => {
  const bench = await manySeries(t);
  assert.deepEqual(
    bench.store.list({ states: ['rejected'] }).map(({ key }) => key),
    [bench.keyOf(`${a}.4`)],
  );
  assert.equal(bench.store.list({ limit: 2 }).length, 2);
  const { updatedAt } = bench.store.list()[0]!;
  assert.ok(bench.store.list({ before: updatedAt }).length < 4);
  assert.equal(bench.store.show('0'.repeat(16)), undefined);
});

test('what the store shows and records holds neither names nor UIDs', async (t) => {
  const bench = await manySeries(t);
  assert.doesNotMatch(JSON.stringify(everything(bench.store)), /Doe|Roe|P-1|1\.2\.826|1\.2\.3\.90/);
});

test('a series under storage commitment stays, whatever its age and the disk', async (t) => {
  const bench = await manySeries(t);
  const day = 86_400_000;
  const left = () => range(1, 4).filter((n) => bench.store.show(bench.keyOf(`${a}.${n}`)) !== undefined);
  const apply = (days: number, free: number) =>
    applyRetention({
      store: bench.store,
      log: quietLog,
      now: bench.clock.now() + days * day,
      limits: { deliveredDays: 14, undeliveredDays: 90, minimumFreeGigabytes: 2 },
      held: (series) => series === bench.keyOf(`${a}.1`),
      remove: (series) => bench.store.remove(series, 'retention'),
      freeBytes: async () => free,
    });

  await apply(100, 1e9);
  assert.deepEqual(left(), [1], 'what is under storage commitment stays');
});

test('what a TPS is asked about stays until it has answered or its time is over', async (t) => {
  const bench = await manySeries(t);
  const key = bench.keyOf(`${a}.1`);
  const delivery = { order: '1'.repeat(16), destination: 'tps' };
  const deliver = { kind: 'deliver outcome', ...delivery, try: 2, outcome: 'delivered', next: 'delivered' } as const;
  const commitmentDeadlineAt = bench.store.nowIso();
  bench.store.record(key, { ...deliver, reported: true, alarmed: false, status: 0, commitmentDeadlineAt });
  const apply = () =>
    applyRetention({
      store: bench.store,
      log: quietLog,
      now: bench.clock.now() + 20 * 86_400_000,
      limits: { deliveredDays: 14, undeliveredDays: 90, minimumFreeGigabytes: 2 },
      held: () => false,
      remove: (series) => bench.store.remove(series, 'retention'),
      freeBytes: async () => 1e9,
    });
  await apply();
  assert.equal(bench.show(`${a}.1`).orders[0]?.deliveries[0]?.commitment?.state, 'due');
  bench.store.record(key, { kind: 'commitment outcome', ...delivery, outcome: 'committed' });
  await apply();
  assert.equal(bench.store.show(key), undefined);
});

test('delivered data goes by age and for want of space, undelivered by age alone and with a word in the log', async (t) => {
  const bench = await manySeries(t);
  const words: string[] = [];
  const log = {
    ...quietLog,
    info: () => undefined,
    warn: (_: object, text: string) => words.push(text),
    error: (_: object, text: string) => words.push(text),
  };
  const day = 86_400_000;
  const left = () => range(1, 4).filter((n) => bench.store.show(bench.keyOf(`${a}.${n}`)) !== undefined);
  const apply = (days: number, free: number) =>
    applyRetention({
      store: bench.store,
      log: log as unknown as typeof quietLog,
      now: bench.clock.now() + days * day,
      limits: { deliveredDays: 14, undeliveredDays: 90, minimumFreeGigabytes: 2 },
      held: () => false,
      remove: (series) => bench.store.remove(series, 'retention'),
      freeBytes: async () => free,
    });

  await apply(13, 3e9);
  assert.deepEqual(left(), [1, 2, 3, 4]);
  await apply(1, 1e9);
  assert.deepEqual(left(), [2, 3, 4]);
  assert.match(words.join('\n'), /removed before its time/);
  assert.match(words.join('\n'), /nothing delivered is left to remove/);
  words.length = 0;
  await apply(91, 3e9);
  assert.deepEqual(left(), []);
  assert.equal(words.filter((text) => text.includes('although it was not delivered')).length, 3);
});

test('a file is written once: the same again is fine, other content is a conflict', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'deep', 'result.json');
  await writeOnce(path, 'one');
  await writeOnce(path, 'one');
  await assert.rejects(writeOnce(path, 'two'), { code: 'RESULT_CONFLICT' });
  assert.equal(await readFile(path, 'utf8'), 'one');
});

test('the key of the pseudonyms is made once and is readable by its owner alone', async (t) => {
  const folder = await temporaryFolder(t);
  const key = await pseudonymKey(folder);
  assert.deepEqual(await pseudonymKey(folder), key);
  assert.equal((await stat(join(folder, 'pseudonym.key'))).mode & 0o777, 0o600);
  await writeFile(join(folder, 'pseudonym.key'), 'short');
  await assert.rejects(pseudonymKey(folder), { code: 'DATA_DIRECTORY' });
});
