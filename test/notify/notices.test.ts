import { test } from 'node:test';
import assert from 'node:assert/strict';
import { type Notice, noticesOf } from '../../src/notify/notice.ts';
import type { JournalEvent, NewEvent } from '../../src/store/events.ts';
import { problem } from '../../src/problem.ts';

const limits = { incompleteMinutes: 15, lateMinutes: 30 };
const order = '0123456789abcdef';
const lost = problem('SERIES_INCOMPLETE', 'a connection was lost: the sender has to send 7 instances again');

/** Minutes after noon, and what happened then. */
function journal(...entries: (readonly [number, NewEvent])[]): JournalEvent[] {
  return entries.map(([minute, event]) => ({ ...event, at: at(minute) }));
}

function at(minute: number): string {
  return new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString();
}

const arrives: NewEvent = {
  kind: 'association',
  association: 'a',
  callingAe: 'CT',
  calledAe: 'CONTOUR',
  address: '::1',
};
const ends = (why?: typeof lost): NewEvent => ({
  kind: 'association ended',
  association: 'a',
  how: why === undefined ? 'released' : 'lost',
  images: 40,
  unconfirmed: why === undefined ? [] : [order],
  ...(why !== undefined && { problem: why }),
});
const ordered: NewEvent = {
  kind: 'ordered',
  revision: 1,
  route: 'all',
  priority: 'normal',
  orders: [
    {
      order,
      bundle: { name: 'b', version: '1.0.0' },
      deliveries: [{ destination: 'tps', profile: order }],
    },
  ],
  problems: [],
  superseded: [],
};
const delivery = (next: 'delivered' | 'waiting' | 'failed', alarmed = false): NewEvent => ({
  kind: 'deliver outcome',
  order,
  destination: 'tps',
  try: 1,
  outcome: next === 'waiting' ? 'retry' : next,
  next,
  reported: true,
  alarmed,
});

function told(notices: readonly Notice[]): [string, string][] {
  return notices.map(({ kind, at: when }) => [kind, when]);
}

test('a series is told as incomplete once its time is over, and not at all if the sender repeats in time', () => {
  const aborted = journal([0, arrives], [1, ends(lost)]);
  assert.deepEqual(told(noticesOf(aborted, limits)), [['incomplete', at(16)]]);
  assert.deepEqual(noticesOf([...aborted, ...journal([10, arrives], [11, ends()])], limits), []);
  // Repeated too late: it was told, and stays the same notice.
  const late = noticesOf([...aborted, ...journal([20, arrives], [21, ends()])], limits);
  assert.deepEqual(late, noticesOf(aborted, limits));
});

test('each rejection is told once, also the one after a retry', () => {
  const gap = problem('SERIES_MISSING_SLICE', 'gap of 10.0 mm');
  const events = journal(
    [0, { kind: 'rejected', files: [], problem: gap }],
    [5, { kind: 'retry', orders: [] }],
    [6, { kind: 'rejected', files: [], problem: gap }],
  );
  const notices = noticesOf(events, limits);
  assert.deepEqual(told(notices), [
    ['rejected', at(0)],
    ['rejected', at(6)],
  ]);
  assert.equal(new Set(notices.map(({ key }) => key)).size, 2);
  assert.equal(notices[0]?.text, 'rejected: gap of 10.0 mm');
  assert.equal(notices[0].problem?.code, 'SERIES_MISSING_SLICE');
});

test('late is told while a structure set is late, once, whenever it arrives', () => {
  const waiting = journal([0, ordered], [3, delivery('waiting')]);
  assert.deepEqual(told(noticesOf(waiting, limits)), [['late', at(30)]]);
  const [before] = noticesOf(waiting, limits);
  const arrived = noticesOf([...waiting, ...journal([47, delivery('delivered')])], limits);
  assert.deepEqual(told(arrived), [['late', at(30)]]);
  assert.equal(arrived[0]?.key, before?.key);
  assert.match(arrived[0]?.text ?? '', /delivered tps 47 min after/);
  assert.deepEqual(noticesOf([...waiting, ...journal([29, delivery('delivered')])], limits), []);
});

test('a TPS that does not keep a structure set, or does not say so in time, is told; one that does is not', () => {
  const outcome = (state: 'committed' | 'refused' | 'missing'): NewEvent => ({
    kind: 'commitment outcome',
    order,
    destination: 'tps',
    outcome: state,
    ...(state === 'refused' && { problem: problem('COMMITMENT_REFUSED', 'tps does not keep the structure set') }),
    ...(state === 'missing' && { problem: problem('COMMITMENT_MISSING', 'tps has not confirmed in time') }),
  });
  const events = journal([0, outcome('missing')], [1, outcome('refused')], [2, outcome('committed')]);
  const notices = noticesOf(events, limits);
  assert.deepEqual(told(notices), [
    ['failed', at(0)],
    ['failed', at(1)],
  ]);
  assert.equal(notices[0]?.text, 'tps has not confirmed in time');
});

test('a localiser is told to nobody; a series of which every image was refused is told as rejected', () => {
  const scout: NewEvent = {
    kind: 'nothing to contour',
    files: [],
    problem: problem('SERIES_LOCALISER', 'nothing to contour: localiser'),
  };
  assert.deepEqual(noticesOf(journal([0, scout]), limits), []);
  const refused: NewEvent = {
    kind: 'association ended',
    association: 'x',
    how: 'released',
    images: 0,
    unconfirmed: [order],
    problem: problem('DICOM_UID', '1 instance refused: the Series Instance UID has 70 characters'),
  };
  assert.deepEqual(
    noticesOf(journal([0, refused]), limits).map(({ kind }) => kind),
    ['rejected'],
  );
});

test('what failed is told as failed, what found nothing as that, and neither as late', () => {
  const result = (status: 'failed' | 'nothing-found'): NewEvent => ({
    kind: 'result',
    order,
    status,
    ...(status === 'failed' && { error: problem('ENGINE_FAILED', 'the engine process ended') }),
    profiles: [],
    rois: [],
    timings: [],
    warnings: [],
  });
  assert.deepEqual(told(noticesOf(journal([0, ordered], [1, result('failed')]), limits)), [['failed', at(1)]]);
  assert.deepEqual(told(noticesOf(journal([0, ordered], [1, result('nothing-found')]), limits)), [
    ['nothing found', at(1)],
  ]);
  assert.deepEqual(told(noticesOf(journal([0, ordered], [9, delivery('failed')]), limits)), [['failed', at(9)]]);
  assert.deepEqual(told(noticesOf(journal([0, ordered], [9, delivery('delivered', true)]), limits)), [
    ['failed', at(9)],
  ]);
});

test('what somebody has to look at is told at once; held, it is not late before somebody has looked', () => {
  const result = (check: 'held' | 'not held'): NewEvent => ({
    kind: 'result',
    order,
    status: 'contoured',
    profiles: [order],
    rois: [{ name: 'GTVp', found: true, delivered: true, volumeCm3: 9, slices: 9, contours: 9, components: 1 }],
    timings: [],
    warnings: [
      { code: 'LOSSY', text: 'lossy compressed' },
      { code: 'CUT_SCAN', text: 'GTVp: the scan ends inside it' },
    ],
    check,
  });
  const held = journal([0, ordered], [5, result('held')]);
  assert.deepEqual(
    noticesOf(held, limits).map(({ kind, at: when, text }) => [kind, when, text]),
    [
      ['contoured', at(5), 'contoured: GTVp; lossy compressed; GTVp: the scan ends inside it'],
      ['check', at(5), 'held until somebody has looked; GTVp: the scan ends inside it'],
    ],
  );
  const looked = [...held, ...journal([300, { kind: 'acknowledged', orders: [order], by: 'ann' }])];
  assert.deepEqual(told(noticesOf(looked, limits)).slice(2), [['late', at(330)]]);
  assert.equal(noticesOf(looked, limits)[2]?.text, 'not delivered to tps 30 min after somebody had looked at it');
  assert.deepEqual(told(noticesOf([...looked, ...journal([301, delivery('delivered')])], limits)).slice(2), []);
  assert.deepEqual(told(noticesOf(journal([0, ordered], [5, result('not held')]), limits)).slice(1), [
    ['check', at(5)],
    ['late', at(30)],
  ]);
});

test('what contradicts the MR of a contoured CT is told: somebody has to look', () => {
  const text =
    'contoured with MR 0123456789abcdef; since then two registrations disagree by 3.5 mm about where it lies';
  const notices = noticesOf(journal([0, ordered], [7, { kind: 'input doubted', text }]), limits);
  assert.deepEqual(notices[0], { key: 'check-2', kind: 'check', at: at(7), text });
});
