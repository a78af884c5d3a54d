import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { CtSlice } from '../../support/ct-slice.ts';
import { IntakeHarness, range } from '../intake-harness.ts';

const a = '1.2.826.8.1';
const peer = { name: 'pacs', aeTitle: 'PACS', addresses: ['127.0.0.1'], seriesCountQuery: true };

interface Sent {
  readonly numbers: readonly number[];
  /** What the peer answers; undefined: it says nothing. */
  readonly answer?: number;
  readonly changes?: (number: number) => Partial<CtSlice>;
  readonly config?: Record<string, unknown>;
}

/** A series that was sent and released; the quiet period has just begun. */
async function released(t: TestContext, { numbers, answer, changes, config }: Sent): Promise<IntakeHarness> {
  const bench = await IntakeHarness.open(t, {
    config: { peers: [peer], ...config },
    countInstances: async () => answer,
  });
  const association = bench.associate({ peer: bench.config.peers[0]!, callingAe: 'PACS' });
  for (const number of numbers) await bench.send(association, { series: a, number, ...changes?.(number) });
  bench.assembly.ended(association, 'released');
  bench.clock.pass(0.3);
  await setTimeout(50);
  await bench.lock.idle();
  return bench;
}

const complete: [string, Sent][] = [
  ['the peer answers', { numbers: range(1, 12), answer: 12 }],
  ['every image says', { numbers: range(1, 12), changes: () => ({ relatedInstances: 12 }) }],
];
for (const [who, sent] of complete) {
  test(`a series with as many images as ${who} is complete before the quiet period is over`, async (t) => {
    const bench = await released(t, sent);
    assert.deepEqual([bench.show(a).state, bench.show(a).revision], ['unrouted', 1]);
    assert.ok(bench.clock.elapsed() < 1000);
  });
}

// Each of them is left to the quiet period, and to what is checked at its end.
const waits: [string, Sent, string][] = [
  ['the peer answers fewer than there are', { numbers: range(1, 12), answer: 11 }, 'unrouted'],
  ['the peer answers more', { numbers: range(1, 12), answer: 13 }, 'receiving'],
  ['the peer answers nothing', { numbers: range(1, 12) }, 'unrouted'],
  [
    'the number is reached and a slice is missing in the middle',
    { numbers: [...range(1, 8), 10, 11, 12], answer: 11 },
    'rejected',
  ],
  [
    'one image says another number',
    { numbers: range(1, 12), changes: (number) => ({ relatedInstances: number === 3 ? 11 : 12 }) },
    'unrouted',
  ],
  [
    'only some images say the number',
    { numbers: range(1, 12), changes: (number) => (number === 3 ? {} : { relatedInstances: 12 }) },
    'unrouted',
  ],
  [
    'the configuration leaves it to the quiet period',
    { numbers: range(1, 12), answer: 12, config: { intake: { completeByCount: false } } },
    'unrouted',
  ],
];
for (const [when, sent, end] of waits) {
  test(`no count ends the quiet period where ${when}`, async (t) => {
    const bench = await released(t, sent);
    await bench.pass(18);
    assert.equal(bench.show(a).state, 'receiving');
    await bench.pass(3);
    await setTimeout(20);
    await bench.lock.idle();
    assert.equal(bench.show(a).state, end);
  });
}

test('an image that comes after a count was reached is a late one: a second revision, nothing is cut off', async (t) => {
  const bench = await released(t, { numbers: range(1, 12), answer: 12 });
  await bench.sendAll(a, [13]);
  await bench.pass(21);
  assert.deepEqual([bench.show(a).revision, bench.show(a).images], [2, 13]);
});

test('a count is not trusted while images of the study still arrive from its sender', async (t) => {
  const bench = await IntakeHarness.open(t, { config: { peers: [peer] }, countInstances: async () => 12 });
  const [one, other] = [1, 2].map(() => bench.associate({ peer: bench.config.peers[0]!, callingAe: 'PACS' }));
  for (const number of range(1, 12)) await bench.send(one!, { series: a, number });
  await bench.send(other!, { series: '1.2.826.8.2', number: 1 });
  bench.assembly.ended(one!, 'released');
  await bench.pass(5);
  await setTimeout(20);
  await bench.lock.idle();
  assert.equal(bench.show(a).state, 'receiving');
});
