import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { IntakeHarness, range } from '../intake-harness.ts';

const a = '1.2.826.10.1';
const b = '1.2.826.10.2';
const peer = { name: 'pacs', aeTitle: 'PACS', addresses: ['127.0.0.1'], host: '127.0.0.1', port: 104 };

/** Lets the time pass in steps, so that what waits looks again. */
async function wait(bench: IntakeHarness, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 5) {
    await bench.pass(5);
    await setTimeout(2);
    await bench.lock.idle();
  }
}

async function sendFrom(bench: IntakeHarness, numbers: number[]): Promise<void> {
  const association = bench.associate({ peer: bench.config.peers[0]!, callingAe: 'PACS' });
  for (const number of numbers) await bench.send(association, { series: a, number });
  bench.assembly.ended(association, 'released');
}

test('a scanner that pauses longer than the quiet period is waited for where it says that more exists', async (t) => {
  const bench = await IntakeHarness.open(t, {
    config: { peers: [{ ...peer, seriesCountQuery: true }] },
    countInstances: async () => 24,
  });
  await sendFrom(bench, range(1, 12));
  await wait(bench, 100);
  const waiting = bench.show(a);
  assert.deepEqual([waiting.state, waiting.problem?.message], ['receiving', '12 of 24 instances have arrived']);
  assert.equal(waiting.history.filter(({ kind }) => kind === 'waits').length, 1);
  await sendFrom(bench, range(13, 20));
  await wait(bench, 250);
  assert.equal(bench.show(a).state, 'receiving');
  await sendFrom(bench, range(21, 24));
  await wait(bench, 30);
  assert.deepEqual([bench.show(a).state, bench.show(a).revision], ['unrouted', 1]);
});

test('a sender that says that more exists and never sends it leaves the series to a person after some minutes', async (t) => {
  const bench = await IntakeHarness.open(t, {
    config: { peers: [{ ...peer, seriesCountQuery: true }] },
    countInstances: async () => 24,
  });
  await sendFrom(bench, range(1, 12));
  await wait(bench, 350);
  assert.deepEqual([bench.show(a).state, bench.show(a).expectedImages], ['incomplete', 24]);
});

test('a series is not closed while images of its study still arrive on another association of the sender', async (t) => {
  const bench = await IntakeHarness.open(t);
  const [other, stranger] = [bench.associate(), bench.associate({ callingAe: 'ELSEWHERE' })];
  await bench.sendAll(a, range(1, 12));
  for (const number of range(1, 8)) {
    await bench.send(other, { series: b, number });
    await bench.pass(15);
  }
  assert.equal(bench.show(a).state, 'receiving');
  assert.match(bench.show(a).problem?.message ?? '', /images of its study still arrive on another association/);
  // An association that has fallen silent holds nobody, nor does another sender or another study.
  await bench.pass(21);
  await bench.send(stranger, { series: '1.2.826.10.3', number: 1 });
  await bench.send(other, { series: '1.2.826.10.4', number: 1, study: '1.2.3.5' });
  await wait(bench, 20);
  assert.deepEqual([bench.show(a).state, bench.show(a).problem], ['unrouted', undefined]);
});

test('missing images are fetched from the sender once before a person is asked, and the history says so', async (t) => {
  let asked = 0;
  const bench: IntakeHarness = await IntakeHarness.open(t, {
    config: { peers: [{ ...peer, retrieve: true }] },
    retrieve: async (_, { seriesInstanceUid }) => {
      asked++;
      assert.equal(seriesInstanceUid, a);
      await sendFrom(bench, [13]);
      return { completed: 1, failed: 1 };
    },
  });
  const association = bench.associate({ peer: bench.config.peers[0]!, callingAe: 'PACS' });
  for (const number of range(1, 12)) await bench.send(association, { series: a, number, relatedInstances: 14 });
  bench.assembly.ended(association, 'released');
  await wait(bench, 60);
  const held = bench.show(a);
  assert.deepEqual([asked, held.state, held.images], [1, 'incomplete', 13]);
  const history = held.history.map(({ text }) => text);
  assert.ok(history.includes('2 images are missing: fetched from pacs by C-MOVE'));
  assert.ok(history.includes('pacs says that it sent 1 images, and could not send 1'));
  await sendFrom(bench, [14]);
  await wait(bench, 30);
  assert.equal(bench.show(a).state, 'unrouted');
});

test('a sender from which nothing can be fetched is named in the history, and the series waits for a person', async (t) => {
  const bench = await IntakeHarness.open(t, { config: { peers: [{ ...peer, port: 1, retrieve: true }] } });
  const association = bench.associate({ peer: bench.config.peers[0]!, callingAe: 'PACS' });
  for (const number of range(1, 12)) await bench.send(association, { series: a, number, relatedInstances: 14 });
  bench.assembly.ended(association, 'released');
  for (let i = 0; i < 50 && bench.show(a).state !== 'incomplete'; i++) {
    await bench.pass(21);
    await setTimeout(20);
  }
  const held = bench.show(a);
  assert.equal(held.state, 'incomplete');
  assert.ok(held.history.some(({ kind, code }) => kind === 'retrieved' && code === 'PEER_UNREACHABLE'));
});
