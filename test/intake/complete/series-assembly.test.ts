import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { revisionManifestSchema } from '../../../src/work/revision-manifest.ts';
import { Store } from '../../../src/store/store.ts';
import { IntakeHarness, quietLog, range } from '../intake-harness.ts';

const a = '1.2.826.1.1';
const b = '1.2.826.1.2';

async function manifest(bench: IntakeHarness, series: string, revision: number) {
  const path = join(bench.dataDirectory, 'series', bench.keyOf(series), `revision-${revision}`, 'manifest.json');
  return revisionManifestSchema.parse(JSON.parse(await readFile(path, 'utf8')));
}

/** What the tables say has to come out of the files alone, too. */
async function assertRebuilds(bench: IntakeHarness): Promise<void> {
  const before = { list: bench.store.list(), shown: bench.store.keys().map((key) => bench.store.show(key)) };
  await bench.crash();
  for (const end of ['', '-wal', '-shm']) await rm(join(bench.dataDirectory, `state.sqlite${end}`), { force: true });
  const store = await Store.open({ dataDirectory: bench.dataDirectory, log: quietLog, now: () => bench.clock.now() });
  const after = { list: store.list(), shown: store.keys().map((key) => store.show(key)) };
  store.close();
  assert.deepEqual(after, before);
}

test('a series is complete after the quiet period, in any order of slices', async (t: TestContext) => {
  const bench = await IntakeHarness.open(t);
  assert.deepEqual(await bench.sendAll(a, range(1, 12).toReversed()), []);
  assert.equal(bench.show(a).state, 'receiving');
  await bench.pass(19);
  assert.equal(bench.show(a).state, 'receiving');
  await bench.pass(2);
  assert.equal(bench.show(a).state, 'unrouted');
  const { slices } = await manifest(bench, a, 1);
  assert.deepEqual(
    slices.map(({ z }) => z),
    range(1, 12).map((n) => n * 3),
  );
  assert.deepEqual(bench.show(a).warnings, [], 'nobody can be asked how many images there are: no warning');
  await assertRebuilds(bench);
});

test('the quiet period counts from the last image, and not while an association stands that carries the series', async (t) => {
  const bench = await IntakeHarness.open(t);
  const association = bench.associate();
  for (const number of range(1, 12)) await bench.send(association, { series: a, number });
  await bench.pass(3600);
  assert.equal(bench.show(a).state, 'receiving');
  bench.assembly.ended(association, 'released');
  await bench.pass(0);
  assert.equal(bench.show(a).state, 'unrouted');
});

test('one series over three associations, and two series in one', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, range(1, 5));
  await bench.pass(10);
  const both = bench.associate();
  for (const number of range(6, 9)) {
    await bench.send(both, { series: a, number });
    await bench.send(both, { series: b, number });
  }
  for (const number of range(10, 20)) await bench.send(both, { series: b, number });
  bench.assembly.ended(both, 'released');
  await bench.pass(10);
  await bench.sendAll(a, range(10, 14));
  await bench.pass(21);
  assert.deepEqual([bench.show(a).revision, bench.show(a).images], [1, 14]);
  assert.deepEqual([bench.show(b).revision, bench.show(b).images], [1, 15]);
  await assertRebuilds(bench);
});

test('an aborted association leaves the series incomplete until the sender has repeated what it brought (CS 4.1)', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, range(1, 7), 'aborted');
  await bench.pass(3600);
  const held = bench.show(a);
  assert.equal(held.state, 'incomplete');
  assert.equal(held.problem?.code, 'SERIES_INCOMPLETE');
  assert.match(held.problem?.message ?? '', /aborted: the sender has to send 7 instances again/);

  // The rest alone does not tell whether more was on its way.
  await bench.sendAll(a, range(8, 12));
  await bench.pass(3600);
  assert.equal(bench.show(a).state, 'incomplete');

  const repeat = bench.associate();
  await bench.send(repeat, { series: a, number: 1 });
  assert.equal(bench.show(a).state, 'receiving');
  for (const number of range(2, 12)) await bench.send(repeat, { series: a, number });
  bench.assembly.ended(repeat, 'released');
  await bench.pass(21);
  const done = bench.show(a);
  assert.deepEqual([done.state, done.images, done.revision], ['unrouted', 12, 1]);
  await assertRebuilds(bench);
});

test('a lost connection during the repeat keeps the series incomplete', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, range(1, 7), 'lost');
  await bench.sendAll(a, range(1, 9), 'lost');
  await bench.pass(3600);
  assert.match(bench.show(a).problem?.message ?? '', /lost: the sender has to send 9 instances again/);
  await bench.sendAll(a, range(1, 12));
  await bench.pass(21);
  assert.equal(bench.show(a).state, 'unrouted');
});

test('half a series, and the rest an hour later: held where the count is known, else two revisions, the second whole', async (t) => {
  const [told, untold] = ['1.2.826.3.31', '1.2.826.3.32'];
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(told, range(1, 12), 'released', { relatedInstances: 24 });
  await bench.sendAll(untold, range(1, 12));
  await bench.pass(3600);
  assert.deepEqual([bench.show(told).state, bench.show(told).revision], ['incomplete', 0]);
  assert.equal(bench.show(untold).revision, 1);
  await bench.sendAll(told, range(13, 24), 'released', { relatedInstances: 24 });
  await bench.sendAll(untold, range(13, 24));
  await bench.pass(21);
  assert.deepEqual([bench.show(told).revision, bench.show(told).images], [1, 24]);
  assert.deepEqual([bench.show(untold).revision, bench.show(untold).images], [2, 24]);
});

test('the end of an association that the journal would not take is not taken for a lost one after a restart', async (t) => {
  const bench = await IntakeHarness.open(t);
  const first = bench.associate();
  for (const number of range(1, 11)) await bench.send(first, { series: a, number });
  const journal = join(bench.dataDirectory, 'series', bench.keyOf(a), 'journal.jsonl');
  await rename(journal, `${journal}.aside`);
  await mkdir(journal);
  bench.assembly.ended(first, 'released');
  await rmdir(journal);
  await rename(`${journal}.aside`, journal);
  assert.deepEqual(await bench.sendAll(a, [12]), []);

  await bench.crash();
  const again = await IntakeHarness.open(t, { dataDirectory: bench.dataDirectory, clock: bench.clock });
  await again.pass(60);
  assert.deepEqual([again.show(a).state, again.show(a).images], ['unrouted', 12]);
});

test('a refused image keeps the series incomplete until it is accepted (CS 4.1)', async (t) => {
  const bench = await IntakeHarness.open(t);
  const association = bench.associate();
  for (const number of range(1, 11)) await bench.send(association, { series: a, number });
  assert.equal(await bench.send(association, { series: a, number: 12 }, { sopInstanceUid: '1.2.3' }), 0xa900);
  bench.assembly.ended(association, 'released');
  await bench.pass(3600);
  assert.equal(bench.show(a).state, 'incomplete');
  assert.match(bench.show(a).problem?.message ?? '', /1 instance refused/);
  await assertRebuilds(bench);
});

test('a refused image that the same association repeats successfully is forgotten', async (t) => {
  const bench = await IntakeHarness.open(t);
  const association = bench.associate();
  for (const number of range(1, 11)) await bench.send(association, { series: a, number });
  const uid = `${a}.12`;
  assert.equal(await bench.sendBytes(association, Buffer.from('no DICOM'), { sopInstanceUid: uid }), 0xc000);
  assert.equal(await bench.send(association, { series: a, number: 12 }), 0);
  bench.assembly.ended(association, 'released');
  await bench.pass(21);
  assert.deepEqual([bench.show(a).state, bench.show(a).images], ['unrouted', 12]);
});

test('an operator releases an incomplete series; it says so', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, range(1, 12), 'aborted');
  await bench.pass(30);
  bench.assembly.release(bench.keyOf(a));
  await bench.pass(0);
  const released = bench.show(a);
  assert.equal(released.state, 'unrouted');
  assert.ok(released.warnings.some(({ code }) => code === 'RELEASED'));
  assert.throws(() => bench.assembly.release(bench.keyOf(a)), { code: 'STATE_CONFLICT' });
  await assertRebuilds(bench);
});

test('a series that says how many images it has waits for all of them', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, range(1, 12), 'released', { relatedInstances: 14 });
  await bench.pass(30);
  assert.equal(bench.show(a).state, 'incomplete');
  assert.equal(bench.show(a).problem?.message, '12 of 14 instances have arrived');
  assert.equal(bench.show(a).expectedImages, 14);
  await bench.sendAll(a, range(13, 14), 'released', { relatedInstances: 14 });
  await bench.pass(30);
  assert.equal(bench.show(a).state, 'unrouted');
  assert.deepEqual(bench.show(a).warnings, []);
  await assertRebuilds(bench);
});

test('the peer is asked for the count where it is configured so, and an answer that fails is none (CS 4.2.3.3)', async (t) => {
  const peers = [{ name: 'ct', aeTitle: 'SCANNER', addresses: ['127.0.0.1'], seriesCountQuery: true }];
  let answer: number | Error = 13;
  const bench = await IntakeHarness.open(t, {
    config: { peers },
    countInstances: async () => {
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  const sender = { peer: bench.config.peers[0]! };
  for (const numbers of [range(1, 12), [13]]) {
    const association = bench.associate(sender);
    for (const number of numbers) await bench.send(association, { series: a, number });
    bench.assembly.ended(association, 'released');
    await bench.pass(21);
    if (numbers.length > 1) assert.equal(bench.show(a).state, 'receiving');
    answer = new Error('no association');
  }
  assert.equal(bench.show(a).state, 'unrouted');
  assert.deepEqual(
    bench.show(a).warnings.map(({ code }) => code),
    ['COUNT_NOT_CONFIRMED'],
  );
});

test('a peer may have its own quiet period, or complete with the release', async (t) => {
  const bench = await IntakeHarness.open(t, {
    config: {
      peers: [
        { name: 'slow', aeTitle: 'SLOW', addresses: ['127.0.0.1'], quietPeriodSeconds: 100 },
        { name: 'fast', aeTitle: 'FAST', addresses: ['127.0.0.1'], completeOnRelease: true },
      ],
    },
  });
  const [slow, fast] = bench.config.peers;
  for (const [peer, series] of [
    [slow!, a],
    [fast!, b],
  ] as const) {
    const association = bench.associate({ peer, callingAe: peer.aeTitle });
    for (const number of range(1, 12)) await bench.send(association, { series, number });
    bench.assembly.ended(association, 'released');
  }
  await bench.pass(0);
  assert.deepEqual([bench.show(a).state, bench.show(b).state], ['receiving', 'unrouted']);
  await bench.pass(99);
  assert.equal(bench.show(a).state, 'receiving');
  await bench.pass(2);
  assert.equal(bench.show(a).state, 'unrouted');
});

test('a late image starts a new revision, and so does a changed header; a repeat does not (CS 4.1)', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, range(1, 12));
  await bench.pass(21);
  await bench.sendAll(a, range(1, 12));
  await bench.pass(21);
  assert.equal(bench.show(a).revision, 1);

  await bench.sendAll(a, [13]);
  await bench.pass(21);
  assert.deepEqual([bench.show(a).revision, bench.show(a).images], [2, 13]);
  const first = await manifest(bench, a, 1);
  assert.equal(first.slices.length, 12);

  await bench.sendAll(a, range(1, 13), 'released', { protocol: 'corrected' });
  await bench.pass(21);
  assert.deepEqual([bench.show(a).revision, bench.show(a).images], [3, 13]);
  const files = await readdir(join(bench.dataDirectory, 'series', bench.keyOf(a), 'instances'));
  assert.equal(files.length, 26);
  assert.ok((await manifest(bench, a, 3)).slices.every(({ file }) => file.endsWith('.2.dcm')));
  assert.ok((await manifest(bench, a, 2)).slices.every(({ file }) => !file.endsWith('.2.dcm')));
  await assertRebuilds(bench);
});

test('a header that changes before the series is complete belongs to its first revision', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, range(1, 12));
  await bench.sendAll(a, [5], 'released', { protocol: 'changed' });
  await bench.pass(21);
  const { state, revision, images } = bench.show(a);
  assert.deepEqual([state, revision, images], ['unrouted', 1, 12]);
  const { slices } = await manifest(bench, a, 1);
  assert.equal(slices.filter(({ file }) => file.endsWith('.2.dcm')).length, 1);
  await assertRebuilds(bench);
});

test('an aborted repeat of a series that is complete changes nothing', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, range(1, 12));
  await bench.pass(21);
  await bench.sendAll(a, range(1, 4), 'aborted');
  await bench.pass(3600);
  assert.deepEqual([bench.show(a).state, bench.show(a).revision], ['unrouted', 1]);
});

test('two patients under one Series Instance UID are rejected in words, kept and shown', async (t) => {
  const bench = await IntakeHarness.open(t);
  assert.deepEqual(await bench.sendAll(a, range(1, 12)), []);
  assert.deepEqual(await bench.sendAll(a, range(13, 16), 'released', { patient: 'Roe^Richard', patientId: 'P-2' }), []);
  await bench.pass(21);
  const rejected = bench.show(a);
  assert.deepEqual([rejected.state, rejected.images, rejected.revision], ['rejected', 16, 0]);
  assert.deepEqual(
    [rejected.problem?.code, rejected.problem?.message],
    ['SERIES_MIXED_IDENTITY', 'two patients in one series'],
  );
  assert.doesNotMatch(JSON.stringify(rejected), /Doe|Roe|P-1|P-2|1\.2\.826/);
  await assertRebuilds(bench);
});

test('a missing slice is refused in words; the slice that comes late mends it', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, [...range(1, 6), ...range(8, 12)]);
  await bench.pass(21);
  assert.equal(bench.show(a).state, 'rejected');
  assert.equal(bench.show(a).problem?.message, 'gap of 6.0 mm between slices 6 and 7, expected 3.0 mm');
  await bench.sendAll(a, [7]);
  await bench.pass(21);
  assert.deepEqual([bench.show(a).state, bench.show(a).revision], ['unrouted', 1]);
  await assertRebuilds(bench);
});

test('all four patient positions make a revision', async (t) => {
  const bench = await IntakeHarness.open(t);
  const positions = {
    HFS: [1, 0, 0, 0, 1, 0],
    HFP: [-1, 0, 0, 0, -1, 0],
    FFS: [-1, 0, 0, 0, 1, 0],
    FFP: [1, 0, 0, 0, -1, 0],
  };
  for (const [i, orientation] of Object.values(positions).entries()) {
    await bench.sendAll(`${a}.${i}`, range(1, 12), 'released', { orientation });
  }
  await bench.pass(21);
  for (const i of range(0, 3)) assert.equal(bench.show(`${a}.${i}`).state, 'unrouted');
});

test('a clock that is set back makes no quiet period longer', async (t) => {
  const bench = await IntakeHarness.open(t);
  const association = bench.associate();
  for (const number of range(1, 12)) await bench.send(association, { series: a, number });
  bench.clock.setBack(3600);
  bench.assembly.ended(association, 'released');
  await bench.pass(19);
  assert.equal(bench.show(a).state, 'receiving');
  await bench.pass(2);
  assert.equal(bench.show(a).state, 'unrouted');
});
