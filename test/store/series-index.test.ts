import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { problem } from '../../src/problem.ts';
import { type SeriesFilter, type SeriesView, seriesStates } from '../../src/store/series.ts';
import { Store } from '../../src/store/store.ts';
import { quietLog } from '../intake/intake-harness.ts';
import { afterwards } from '../support/afterwards.ts';
import { writeManySeries } from '../support/many-series.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const now = Date.parse('2026-11-23T18:00:00.000Z');

async function manySeries(t: TestContext): Promise<Store> {
  const dataDirectory = await temporaryFolder(t);
  writeManySeries(dataDirectory, 120, now);
  const store = await Store.open({ dataDirectory, log: quietLog, now: Date.now });
  afterwards(t, async () => store.close());
  return store;
}

/** Each series as it is shown by itself. */
function oneByOne(store: Store, filter: SeriesFilter): SeriesView[] {
  return store
    .keys()
    .map((key) => store.view(key)!)
    .filter((series) => {
      const { state, peer, callingAe, updatedAt, models, destinations, orders } = series;
      const current = orders.filter(({ revision }) => revision === series.revision);
      const words = JSON.stringify([series.key, callingAe, peer, series.address, series.problem, models, destinations])
        .concat(JSON.stringify([series.warnings, current.map(({ warnings, problem: why }) => [warnings, why])]))
        .toLowerCase();
      return (
        (filter.states ?? seriesStates).includes(state) &&
        (filter.sender ?? peer ?? callingAe) === (peer ?? callingAe) &&
        updatedAt >= (filter.since ?? '') &&
        (filter.bundle === undefined || models.includes(filter.bundle)) &&
        (filter.destination === undefined || destinations.includes(filter.destination)) &&
        words.includes((filter.search ?? '').toLowerCase())
      );
    })
    .toSorted((a, b) => (a.updatedAt === b.updatedAt ? (a.key < b.key ? -1 : 1) : a.updatedAt < b.updatedAt ? 1 : -1));
}

const filters: SeriesFilter[] = [
  {},
  { states: ['rejected', 'set aside'] },
  { states: [] },
  { sender: 'ct-sim' },
  { sender: 'STUDY-PC', states: ['delivered'] },
  { bundle: 'phantom-gtvp', destination: 'pinnacle' },
  { destination: 'eclipse', since: new Date(now - 3_600_000).toISOString() },
  { search: 'GAP OF 10.0' },
  { search: 'touches the end' },
  { search: 'out of memory', states: ['set aside'] },
  { search: '10.0.3.21' },
  { search: 'no such word' },
];

function assertSame(store: Store): void {
  for (const filter of filters) {
    const expected = oneByOne(store, filter);
    const found = [0, 30, 60, 90, 120].map((offset) => store.page(filter, { offset, limit: 30 }));
    assert.deepEqual(
      found.flatMap(({ series }) => series),
      expected,
      JSON.stringify(filter),
    );
    const { states: _, ...anyState } = filter;
    const inAnyState = oneByOne(store, anyState);
    for (const { total, counts } of found) {
      assert.equal(total, expected.length);
      for (const state of seriesStates)
        assert.equal(counts[state], inAnyState.filter((one) => one.state === state).length, state);
    }
  }
}

test('filters, search and pages show each series as it is shown by itself', async (t) => {
  const store = await manySeries(t);
  assertSame(store);
  const matched = filters.map((filter) => store.page(filter, { offset: 0, limit: 1 }).total > 0);
  assert.equal(matched.filter(Boolean).length, filters.length - 2, 'all but the two that cannot match do');
  assert.deepEqual(store.choices(), {
    senders: ['STUDY-PC', 'ct-sim', 'pinnacle'],
    bundles: ['openkbp-head-neck', 'phantom-gtvp'],
    destinations: ['eclipse', 'pinnacle'],
  });
});

test('what changes, goes away or is made again from its files shows at once', async (t) => {
  const store = await manySeries(t);
  assertSame(store);
  const [first = '', second = '', third = ''] = store.keys();
  const why = problem('SERIES_MISSING_SLICE', 'gap of 10.0 mm between slices 3 and 4');
  store.record(first, { kind: 'rejected', files: [], problem: why });
  assert.equal(store.show(first)?.problem?.message, why.message);
  assertSame(store);

  store.record('00000000000000aa', {
    kind: 'association',
    association: 'b',
    calledAe: 'CONTOUR',
    callingAe: 'NEW-CT',
    address: '10.0.0.9',
  });
  assert.ok(store.choices().senders.includes('NEW-CT'));
  assertSame(store);

  await store.remove(second, 'retention');
  assert.equal(store.show(second), undefined);
  assertSame(store);

  await rm(join(store.dataDirectory, 'series', third, 'journal.jsonl'));
  store.record(third, { kind: 'rejected', files: [], problem: why });
  await store.rebuild(third);
  assert.equal(store.show(third)?.history.length, 1);
  assertSame(store);
});
