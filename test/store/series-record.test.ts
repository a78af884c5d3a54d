import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problem } from '../../src/problem.ts';
import type { JournalEvent, NewEvent } from '../../src/store/events.ts';
import { contouredOrders, predecessors, standingOrders, supersededOrders } from '../../src/store/orders.ts';
import { emptyRecord, evolve, foldRecord, type KeptFile, type SeriesRecord } from '../../src/store/series-record.ts';
import { isFinished, stateOf } from '../../src/store/series-state.ts';
import { stageTimes } from '../../src/store/stage-times.ts';
import {
  commitmentsOf,
  dueJobs,
  turnOf,
  unfinishedComparisons,
  unfinishedDeliveries,
  unfinishedOrders,
  waitingTries,
} from '../../src/store/unfinished-work.ts';

const key = '0'.repeat(16);
const order = 'a'.repeat(16);
const other = 'b'.repeat(16);
const set = 'c'.repeat(16);
const profile = 'f'.repeat(16);
const instance = '1'.repeat(16);
const bundle = { name: 'one', version: '1.0.0' };
const broken = problem('ENGINE_FAILED', 'out of memory');
const gap = problem('SERIES_MISSING_SLICE', 'gap of 10.0 mm');
const noMr = problem('SERIES_INPUT_MISSING', 'MR: no MR of the patient has come');
const until = '2026-11-03T09:00:00.000Z';
const scout = problem('SERIES_LOCALISER', 'nothing to contour: localiser');
const uid = problem('DICOM_UID', '1 instance refused: the Series Instance UID has 70 characters');
const missing = problem('SERIES_INCOMPLETE', '10 of 12 images are here');
const away = problem('PEER_UNREACHABLE', 'connection refused');

/** ISO time of a minute. */
const minute = (n: number): string => new Date(Date.parse('2026-05-04T08:00:00Z') + n * 60_000).toISOString();

/** One event a minute, from 08:00 on. */
function events(...happened: NewEvent[]): JournalEvent[] {
  return happened.map((event, index) => ({ ...event, at: minute(index) }));
}

function image(file: string, at: number): KeptFile {
  const [name = '', version = '1'] = file.split('.');
  return { instance: name, version: Number(version === 'dcm' ? '1' : version), file, receivedAt: minute(at) };
}

const arrives: NewEvent = {
  kind: 'association',
  association: 'x',
  callingAe: 'CT',
  calledAe: 'AI',
  address: '10.0.0.1',
};
const ended = { kind: 'association ended', association: 'x', images: 1 } as const;
const arrived: NewEvent = { ...ended, how: 'released', unconfirmed: [] };
const revision = (number: number, files: string[] = []): NewEvent => ({
  kind: 'revision',
  revision: number,
  files,
  warnings: [],
});
function ordered(number: number, ...orders: string[]): Extract<NewEvent, { kind: 'ordered' }> {
  const deliveries = [{ destination: 'tps', profile }];
  return {
    kind: 'ordered',
    revision: number,
    route: 'all',
    priority: 'normal',
    orders: orders.map((one) => ({ order: one, bundle, deliveries })),
    problems: [],
    superseded: [],
  };
}
const tried = (number: number): NewEvent => ({ kind: 'contour try', order, try: number });
function result(status: 'contoured' | 'nothing-found' | 'rejected' | 'failed', of = order): NewEvent {
  const profiles = status === 'contoured' ? [profile] : [];
  return { kind: 'result', order: of, status, profiles, rois: [], timings: [], warnings: [] };
}
const delivery = { order, destination: 'tps' } as const;
const sent = (number: number): NewEvent => ({ kind: 'deliver try', ...delivery, try: number, deadlineAt: minute(600) });
function outcome(next: 'delivered' | 'waiting' | 'failed', changes: object = {}): NewEvent {
  const how = { delivered: 'delivered', waiting: 'retry', failed: 'failed' } as const;
  const common = { kind: 'deliver outcome', ...delivery, try: 1, reported: true, alarmed: false } as const;
  return { ...common, outcome: how[next], next, ...changes };
}
const came = (approval: 'APPROVED' | 'UNAPPROVED'): NewEvent => ({
  kind: 'structure set',
  structureSet: set,
  instance: set,
  sender: 'tps',
  matchedBy: 'images',
  approval,
  orders: [order],
});
const contoured = [arrives, arrived, revision(1), ordered(1, order), tried(1), result('contoured')];
const delivered = [...contoured, sent(1), outcome('delivered')];
/** Somebody has to look at its result. */
const toCheck = (check: 'held' | 'not held', of = order): NewEvent =>
  ({ ...result('contoured', of), check }) as NewEvent;
const looked: NewEvent = { kind: 'acknowledged', orders: [order], by: 'ann' };
const heldBack = [...contoured.slice(0, 3), { ...ordered(1, order), hold: 'check' }, toCheck('held')] as NewEvent[];

/** What happened to a series, and its state. */
const states: [string, NewEvent[], ReturnType<typeof stateOf>][] = [
  ['nothing yet', [], { state: 'receiving' }],
  ['images arrive', [arrives], { state: 'receiving' }],
  [
    'its association was aborted',
    [arrives, { ...ended, how: 'aborted', unconfirmed: [instance], problem: missing }],
    { state: 'incomplete', problem: missing },
  ],
  [
    'an association repeats what is missing',
    [arrives, { ...ended, how: 'aborted', unconfirmed: [instance], problem: missing }, arrives],
    { state: 'receiving' },
  ],
  [
    'fewer images than its sender has',
    [arrives, arrived, { kind: 'held', problem: missing, expected: 12 }],
    { state: 'incomplete', problem: missing },
  ],
  [
    'an operator releases it',
    [arrives, arrived, { kind: 'held', problem: missing, expected: 12 }, { kind: 'released' }],
    { state: 'receiving' },
  ],
  [
    'its images do not make a volume',
    [arrives, arrived, { kind: 'rejected', files: [], problem: gap }],
    { state: 'rejected', problem: gap },
  ],
  [
    'it is a localiser',
    [arrives, arrived, { kind: 'nothing to contour', files: [], problem: scout }],
    { state: 'nothing to contour', problem: scout },
  ],
  [
    'it is an MR that is seen beside a CT',
    [arrives, arrived, revision(1), { kind: 'complete', revision: 1, modality: 'MR' }],
    { state: 'complete' },
  ],
  [
    'its route wants an MR, which has not come',
    [arrives, arrived, { kind: 'awaits input', files: [], until, problem: noMr }],
    { state: 'awaiting input', problem: noMr },
  ],
  [
    'images arrive while it waits for an MR',
    [arrives, arrived, { kind: 'awaits input', files: [], until, problem: noMr }, arrives],
    { state: 'receiving' },
  ],
  [
    'the MR came after it was contoured',
    [...contoured, { kind: 'input came', series: instance }],
    { state: 'receiving' },
  ],
  [
    'what came later speaks against the MR that it was contoured with',
    [...contoured, { kind: 'input doubted', text: 'contoured with MR x; since then 2 series fit the route' }],
    { state: 'contoured' },
  ],
  [
    'an operator chooses the CT alone',
    [
      arrives,
      arrived,
      { kind: 'awaits input', files: [], until, problem: noMr },
      { kind: 'input chosen', input: 'MR', choice: 'none', text: 'the CT without MR', by: 'ann' },
    ],
    { state: 'receiving' },
  ],
  [
    'every image of it was refused',
    [
      arrives,
      { kind: 'refused', instance, problem: uid },
      { ...ended, how: 'released', unconfirmed: [instance], problem: uid },
    ],
    { state: 'rejected', problem: uid },
  ],
  ['no route matches', [arrives, arrived, revision(1), { kind: 'unrouted', revision: 1 }], { state: 'unrouted' }],
  [
    'its bundle cannot be read',
    [arrives, arrived, revision(1), { ...ordered(1), problems: [broken] }],
    { state: 'failed', problem: broken },
  ],
  ['ordered', [arrives, arrived, revision(1), ordered(1, order)], { state: 'queued' }],
  [
    'a worker has it',
    [arrives, arrived, revision(1), ordered(1, order), tried(1), { kind: 'contour started', order, try: 1 }],
    { state: 'contouring' },
  ],
  [
    'a try failed',
    [...contoured.slice(0, 5), { kind: 'contour try failed', order, try: 1, problem: broken, nextTryAt: minute(9) }],
    { state: 'queued', problem: broken },
  ],
  [
    'set aside',
    [...contoured.slice(0, 5), { kind: 'set aside', order, problem: broken }],
    { state: 'set aside', problem: broken },
  ],
  ['an operator retries it', [...contoured.slice(0, 5), { kind: 'retry', orders: [order] }], { state: 'receiving' }],
  ['contoured', contoured, { state: 'contoured' }],
  ['nothing was found', [...contoured.slice(0, 5), result('nothing-found')], { state: 'nothing found' }],
  ['its delivery runs', [...contoured, sent(1)], { state: 'delivering' }],
  [
    'its TPS is away',
    [...contoured, sent(1), outcome('waiting', { problem: away, nextTryAt: minute(9) })],
    { state: 'delivering', problem: away },
  ],
  ['delivered', delivered, { state: 'delivered' }],
  ['held until somebody has looked', heldBack, { state: 'held' }],
  ['held, and an operator has looked', [...heldBack, looked], { state: 'contoured' }],
  ['held, looked at, and delivered', [...heldBack, looked, sent(1), outcome('delivered')], { state: 'delivered' }],
  [
    'held, and contoured anew',
    [...heldBack, revision(2), { ...ordered(2, other), superseded: [order] }],
    { state: 'queued' },
  ],
  [
    'delivered, and to be looked at',
    [...contoured.slice(0, 5), toCheck('not held'), sent(1), outcome('delivered')],
    { state: 'delivered check' },
  ],
  [
    'to be looked at, and on its way',
    [...contoured.slice(0, 5), toCheck('not held'), sent(1)],
    { state: 'delivering' },
  ],
  [
    'delivered, and looked at',
    [...contoured.slice(0, 5), toCheck('not held'), sent(1), outcome('delivered'), looked],
    { state: 'delivered' },
  ],
  [
    'to be looked at, without a destination',
    [...contoured.slice(0, 3), { ...ordered(1), orders: [{ order, bundle, deliveries: [] }] }, toCheck('not held')],
    { state: 'contoured check' },
  ],
  [
    'one of two orders is held, the other one delivered',
    [
      ...contoured.slice(0, 3),
      ordered(1, order, other),
      toCheck('held'),
      result('contoured', other),
      { ...sent(1), order: other } as NewEvent,
      outcome('delivered', { order: other }),
    ],
    { state: 'held' },
  ],
  [
    'its TPS refuses it',
    [...contoured, sent(1), outcome('failed', { problem: away })],
    { state: 'delivery failed', problem: away },
  ],
  [
    'its destination is gone',
    [...contoured, { kind: 'deliver impossible', ...delivery, problem: away }],
    { state: 'delivery failed', problem: away },
  ],
  [
    'its bundle is not allowed there',
    [
      ...contoured.slice(0, 3),
      {
        ...ordered(1),
        orders: [{ order, bundle, deliveries: [{ destination: 'tps', profile, refused: away }] }],
      },
      result('contoured'),
    ],
    { state: 'delivery failed', problem: away },
  ],
  ['sent again', [...delivered, { kind: 'resend', ...delivery }], { state: 'delivering' }],
  ['one of two orders failed', [...delivered, ordered(1, other), result('failed', other)], { state: 'failed' }],
  ['a later revision is on its way', [...delivered, revision(2)], { state: 'receiving' }],
  [
    'a later revision replaces what was not contoured',
    [...contoured.slice(0, 4), revision(2), { ...ordered(2, other), superseded: [order] }, result('contoured', other)],
    { state: 'contoured' },
  ],
  [
    'told, and corrected',
    [...delivered, { kind: 'notified', channel: 'mail', notice: 'x-1' }, came('APPROVED')],
    { state: 'delivered' },
  ],
];

for (const [what, happened, state] of states)
  test(`${what}: ${state.state}`, () => {
    assert.deepEqual(stateOf(foldRecord(key, [], events(...happened))), state);
  });

/** What happened to a series, and what of its record it changes. */
const records: [string, NewEvent[], (record: SeriesRecord) => unknown, unknown][] = [
  [
    'who sends it, and what is missing',
    [
      { ...arrives, peer: 'ct' },
      { ...ended, how: 'lost', unconfirmed: [instance], problem: missing },
    ],
    ({ assembly }) => assembly,
    {
      callingAe: 'CT',
      calledAe: 'AI',
      address: '10.0.0.1',
      peer: 'ct',
      associations: [],
      toRepeat: [instance],
      unread: [],
      incomplete: missing,
      released: false,
      retrieved: false,
    },
  ],
  [
    'what was refused unread and is of another series',
    [
      arrives,
      { ...ended, how: 'released', unconfirmed: [instance], unread: [instance], problem: missing },
      { kind: 'identified elsewhere', instance },
    ],
    ({ assembly: { toRepeat, unread, incomplete } }) => [toRepeat, unread, incomplete],
    [[], [], undefined],
  ],
  [
    'what a quiet series waits for, and that it was fetched once',
    [arrives, arrived, { kind: 'waits', problem: missing }, { kind: 'retrieve', peer: 'ct', missing: 2 }],
    ({ assembly: { waits, retrieved } }) => [waits, retrieved],
    [undefined, true],
  ],
  [
    'a whole series',
    [
      arrives,
      arrived,
      { kind: 'revision', revision: 1, files: [], expected: 12, warnings: [{ code: 'X', text: 'x' }] },
    ],
    ({ assembly, warnings, revision: newest, updatedAt }) => [assembly.expectedImages, warnings, newest, updatedAt],
    [12, [{ code: 'X', text: 'x' }], 1, minute(2)],
  ],
  [
    'images that an operator left out of a rejected series, after a retry too',
    [
      arrives,
      arrived,
      { kind: 'rejected', files: ['2.dcm'], problem: gap },
      { kind: 'chosen', leftOut: ['2.dcm'], text: 'x', by: 'ann' },
      revision(1, ['1.dcm']),
      { kind: 'retry', orders: [] },
    ],
    ({ chosen, outcome, operatorActed }) => [chosen, outcome, operatorActed],
    [{ leftOut: ['2.dcm'], text: 'x' }, 'revision', true],
  ],
  [
    'tries of an order',
    [...contoured.slice(0, 5), { kind: 'contour try failed', order, try: 1, problem: broken, nextTryAt: minute(9) }],
    ({ orders }) => [orders[0]?.tries, orders[0]?.job],
    [1, { createdAt: minute(3), triesBefore: 0, inQueue: false, started: false, nextTryAt: minute(9) }],
  ],
  [
    'tries before a retry do not count',
    [...contoured.slice(0, 5), { kind: 'retry', orders: [order] }, revision(1), ordered(1, order)],
    ({ orders, operatorActed }) => [orders[0]?.state, orders[0]?.tries, orders[0]?.job.triesBefore, operatorActed],
    ['queued', 1, 1, true],
  ],
  [
    'an order for two destinations, one of which has nothing to send',
    [
      ...contoured.slice(0, 3),
      {
        ...ordered(1),
        orders: [
          {
            order,
            bundle,
            deliveries: [
              { destination: 'tps', profile },
              { destination: 'archive', profile: set },
            ],
          },
        ],
      },
      result('contoured'),
    ],
    ({ orders }) => orders[0]?.deliveries.map(({ destination, state, nextTryAt }) => [destination, state, nextTryAt]),
    [
      ['archive', 'nothing to send', undefined],
      ['tps', 'waiting', minute(4)],
    ],
  ],
  [
    'a delivery',
    [
      ...contoured,
      sent(1),
      outcome('waiting', { problem: away, nextTryAt: minute(20) }),
      sent(2),
      outcome('delivered', { try: 2, status: 0xb007, alarmed: true }),
    ],
    ({ orders }) => orders[0]?.deliveries,
    [
      {
        destination: 'tps',
        profile,
        state: 'delivered',
        tries: 2,
        failedTries: 0,
        deadlineAt: minute(600),
        deliveredAt: minute(9),
        status: 0xb007,
        alarmed: true,
        job: { reportedTry: 2, started: false, since: minute(5) },
      },
    ],
  ],
  [
    'a resend begins anew, without what was told of storage commitment',
    [
      ...contoured,
      sent(1),
      outcome('delivered', { commitmentDeadlineAt: minute(90) }),
      { kind: 'resend', ...delivery },
    ],
    ({ orders }) => {
      const { state, tries, commitment, deadlineAt, job } = orders[0]!.deliveries[0]!;
      return [state, tries, commitment, deadlineAt, job.since];
    },
    ['waiting', 1, undefined, undefined, minute(8)],
  ],
  [
    'a storage commitment',
    [
      ...contoured,
      sent(1),
      outcome('delivered', { commitmentDeadlineAt: minute(90) }),
      { kind: 'commitment try', ...delivery, try: 1, transactionUid: '2.25.1', nextTryAt: minute(10) },
      { kind: 'commitment try failed', ...delivery, try: 1, problem: away },
      { kind: 'commitment try', ...delivery, try: 2, transactionUid: '2.25.2', nextTryAt: minute(20) },
      { kind: 'commitment requested', ...delivery, try: 2 },
    ],
    (record) => commitmentsOf(record).map(({ state, tries, problem: why, job }) => [state, tries, why, job]),
    [['requested', 2, undefined, { transactions: ['2.25.1', '2.25.2'] }]],
  ],
  [
    'a correction, compared and confirmed',
    [
      ...delivered,
      came('UNAPPROVED'),
      { kind: 'compare try', structureSet: set, order, try: 1 },
      { kind: 'compare started', structureSet: set, order, try: 1 },
      { kind: 'compared', structureSet: set, order, status: 'compared', own: false, rois: [], warnings: [] },
      { kind: 'confirmed', structureSet: set, confirmed: true, by: 'mphys' },
    ],
    ({ corrections }) => [corrections[0]?.confirmed, corrections[0]?.comparisons[0]?.state],
    [{ by: 'mphys', at: minute(12) }, 'compared'],
  ],
  [
    'a comparison that fails, and is made again',
    [
      ...delivered,
      came('UNAPPROVED'),
      { kind: 'compare try', structureSet: set, order, try: 1 },
      { kind: 'compare try failed', structureSet: set, order, try: 1, problem: broken },
      { kind: 'compare again', structureSet: set },
    ],
    ({ corrections }) => {
      const { state, tries, problem: why, job } = corrections[0]!.comparisons[0]!;
      return [state, tries, why, job.triesBefore];
    },
    ['queued', 1, undefined, 1],
  ],
  [
    'orders of two revisions',
    [...delivered, revision(2), { ...ordered(2, other), superseded: [] }, result('contoured', other)],
    ({ orders }) => [
      standingOrders(orders, 2),
      supersededOrders(orders, 3),
      predecessors(orders, 2, 'one'),
      contouredOrders(orders),
    ],
    [['one'], [other], [{ revision: 1, order }], [other]],
  ],
  [
    'unfinished work of an order in the queue',
    contoured.slice(0, 5),
    (record) => [
      unfinishedOrders(record).length,
      turnOf(record),
      waitingTries(record),
      dueJobs(record),
      isFinished(record),
    ],
    [1, { rank: 1, since: minute(3) }, [], [{ queue: 'contour', since: minute(3) }], false],
  ],
  [
    'nothing is due of what is held, and it is not finished',
    heldBack,
    (record) => [
      unfinishedDeliveries(record),
      waitingTries(record),
      dueJobs(record),
      turnOf(record),
      isFinished(record),
      stageTimes(record.stages, false).map(({ stage }) => stage),
      supersededOrders(record.orders, 2),
    ],
    [[], [], [], undefined, false, ['receive', 'assemble', 'queue', 'contour'], [order]],
  ],
  [
    'what was held is due from the moment that somebody has looked',
    [...heldBack, looked],
    (record) => [
      record.orders[0]?.check,
      waitingTries(record),
      dueJobs(record),
      stageTimes(record.stages, false).at(-1),
      record.operatorActed,
    ],
    [
      { acknowledged: { by: 'ann', at: minute(5) } },
      [minute(5)],
      [{ queue: 'deliver-tps', since: minute(5) }],
      { stage: 'deliver', from: minute(5) },
      true,
    ],
  ],
  [
    'a look counts for the orders that it names',
    [...contoured.slice(0, 3), ordered(1, order, other), toCheck('held'), toCheck('held', other), looked],
    ({ orders }) => orders.map(({ deliveries, check }) => [deliveries[0]?.state, check]),
    [
      ['waiting', { acknowledged: { by: 'ann', at: minute(6) } }],
      ['held', {}],
    ],
  ],
  [
    'a later revision replaces what is held',
    [...heldBack, revision(2), { ...ordered(2, other), superseded: [order] }, looked],
    ({ orders }) => orders.map(({ state, deliveries }) => [state, deliveries[0]?.state]),
    [
      ['superseded', 'superseded'],
      ['queued', 'pending'],
    ],
  ],
  [
    'unfinished work of a delivery that waits',
    [...contoured, sent(1), outcome('waiting', { nextTryAt: minute(20) })],
    (record) => [unfinishedDeliveries(record).length, waitingTries(record), dueJobs(record)],
    [1, [minute(20)], [{ queue: 'deliver-tps', since: minute(5) }]],
  ],
  [
    'unfinished work of a correction',
    [...delivered, came('APPROVED')],
    (record) => [unfinishedComparisons(record).length, turnOf(record), waitingTries(record), dueJobs(record)],
    [1, { rank: 3, since: minute(8) }, [minute(8)], [{ queue: 'compare', since: minute(8) }]],
  ],
  [
    'no unfinished work',
    delivered,
    (record) => [turnOf(record), dueJobs(record), isFinished(record)],
    [undefined, [], true],
  ],
  [
    'times of the stages',
    delivered,
    ({ stages }) => stageTimes(stages, false),
    [
      { stage: 'receive', from: minute(0), to: minute(1) },
      { stage: 'assemble', from: minute(1), to: minute(3) },
      { stage: 'queue', from: minute(3), to: minute(5) },
      { stage: 'contour', from: minute(5), to: minute(5) },
      { stage: 'deliver', from: minute(5), to: minute(7) },
    ],
  ],
];

for (const [what, happened, part, expected] of records)
  test(`the record keeps ${what}`, () => {
    assert.deepEqual(part(foldRecord(key, [], events(...happened))), expected);
  });

test('an image is checked with the newest version of its instance; one that comes later is not', () => {
  const files = [image(`${instance}.dcm`, 0), image(`${instance}.2.dcm`, 1), image(`${set}.dcm`, 2)];
  const { images } = foldRecord(key, files, events(revision(1, [`${instance}.2.dcm`])));
  assert.deepEqual(images, {
    instances: 2,
    files: 3,
    firstReceivedAt: minute(0),
    lastReceivedAt: minute(2),
    unchecked: [`${set}.dcm`],
  });
});

test('an order says which networks contoured; one of an earlier version does not', () => {
  const network = { bundle: 'b', version: '1.0.0', engine: 'onnxruntime', device: 'cpu', precision: 'int8' } as const;
  const said = { ...result('contoured'), networks: [network] } as NewEvent;
  const networksAfter = (event: NewEvent) =>
    foldRecord(key, [], events(...contoured.slice(0, -1), event)).orders[0]!.networks;
  assert.deepEqual(networksAfter(said), [network]);
  assert.equal(networksAfter(result('contoured')), undefined);
});

test('a record is never changed in place, and is the same after JSON', () => {
  const freeze = <T>(value: T): T => {
    if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
    return value;
  };
  for (const [, happened] of [...states, ...records]) {
    let record = freeze(emptyRecord(key));
    for (const event of events(...happened)) {
      record = freeze(evolve(record, event));
      assert.deepEqual(JSON.parse(JSON.stringify(record)), record);
    }
  }
});
