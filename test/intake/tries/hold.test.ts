import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Warning } from '../../../src/warning.ts';
import { orderFile } from '../../../src/work/paths.ts';
import { workOrderSchema } from '../../../src/work/work-order.ts';
import { workResultSchema } from '../../../src/work/work-result.ts';
import { temporaryFolder } from '../../support/threshold-bundle.ts';
import { type BenchOptions, IntakeHarness, range, writeBundleManifest } from '../intake-harness.ts';

const a = '1.2.826.7.1';
const ann = { user: 'ann', address: '127.0.0.1' };
const cut = { code: 'CUT_SCAN', text: 'Parotid_L: the scan ends inside it at the head end, so it is cut' };
const harmless = { code: 'LOSSY', text: '12 of 12 slices were lossy compressed' };

/** Redis is away: what is due stays `waiting`, and nothing leaves. */
async function held(t: TestContext, hold: 'check' | 'never', options: BenchOptions = {}): Promise<IntakeHarness> {
  const models = await temporaryFolder(t);
  await writeBundleManifest(models, 'one');
  return IntakeHarness.open(t, {
    ...options,
    config: {
      peers: [{ name: 'tps', aeTitle: 'TPS', host: '127.0.0.1', port: 104 }],
      destinations: [
        { name: 'tps', peer: 'tps', storageCommitment: {} },
        { name: 'archive', peer: 'tps', roiSuffix: '' },
      ],
      routes: [{ name: 'all', models: ['one'], destinations: ['tps', 'archive'], hold }],
      models: { directory: models },
    },
  });
}

/** A CT arrives, and a worker leaves a result with these warnings. */
async function contour(bench: IntakeHarness, last: number, ...warnings: Warning[]): Promise<void> {
  await bench.sendAll(a, range(1, last));
  await bench.pass(21);
  await writeResult(bench, warnings);
}

/** The result of the newest order. */
async function writeResult(bench: IntakeHarness, warnings: readonly Warning[]): Promise<void> {
  const folder = join(bench.dataDirectory, bench.show(a).orders[0]!.folder);
  const { profiles } = workOrderSchema.parse(JSON.parse(await readFile(join(folder, orderFile), 'utf8')));
  const sets = profiles.map(({ key }) => ({
    profile: key,
    sopInstanceUid: '2.25.1',
    seriesInstanceUid: '2.25.2',
    files: {},
  }));
  const result = workResultSchema.parse({
    formatVersion: 1,
    status: 'contoured',
    rois: [],
    structureSets: sets,
    warnings,
    timings: [],
    peakResidentMegabytes: 1,
  });
  await writeFile(join(folder, 'result.json'), JSON.stringify(result));
  bench.reconciler.all();
  await bench.reconciler.settled();
}

const deliveries = (bench: IntakeHarness): unknown =>
  bench.show(a).orders.map(({ deliveries: all }) => all.map(({ destination, state }) => `${destination} ${state}`));

test('a result that somebody has to look at goes nowhere before; the look makes it due everywhere, with the name', async (t) => {
  const bench = await held(t, 'check');
  await contour(bench, 12, harmless, cut);
  assert.equal(bench.show(a).state, 'held');
  assert.deepEqual(deliveries(bench), [['archive held', 'tps held']]);
  assert.deepEqual(
    bench.show(a).warnings.map(({ severity, text }) => [severity, text]),
    [
      ['check', cut.text],
      ['warning', harmless.text],
    ],
  );
  await assert.rejects(bench.actions.resend(bench.keyOf(a)), { code: 'STATE_CONFLICT' }, 'no other way out');
  await bench.pass(30 * 24 * 3600);
  assert.deepEqual(deliveries(bench), [['archive held', 'tps held']], 'no time lets it go');

  await bench.actions.acknowledge(bench.keyOf(a), undefined, ann);
  assert.deepEqual(deliveries(bench), [['archive waiting', 'tps waiting']]);
  assert.deepEqual(bench.show(a).orders[0]?.check?.acknowledged?.by, 'ann');
  assert.match(bench.show(a).history.at(-1)?.text ?? '', /^ann has looked at the warnings/);
  await assert.rejects(bench.actions.acknowledge(bench.keyOf(a), undefined, ann), { code: 'STATE_CONFLICT' });
});

test('what is held stays held over a crash, and so does the look', async (t) => {
  const bench = await held(t, 'check');
  await contour(bench, 12, cut);
  const goesOn = { dataDirectory: bench.dataDirectory, clock: bench.clock };
  await bench.crash();
  // The configuration of today does not let go what was ordered under another one.
  const second = await held(t, 'never', goesOn);
  second.reconciler.all();
  await second.reconciler.settled();
  assert.deepEqual(deliveries(second), [['archive held', 'tps held']]);
  await second.actions.acknowledge(second.keyOf(a), undefined, ann);
  await second.crash();
  const third = await held(t, 'check', goesOn);
  assert.deepEqual(deliveries(third), [['archive waiting', 'tps waiting']]);
  assert.deepEqual(
    third.store
      .dueWork()
      .map(({ queue }) => queue)
      .toSorted(),
    ['deliver-archive', 'deliver-tps'],
  );
});

test('a result without such a warning is held by no route; without hold one that has it is due at once, and to be looked at', async (t) => {
  const strict = await held(t, 'check');
  await contour(strict, 12, harmless);
  assert.deepEqual([strict.show(a).state, deliveries(strict)], ['contoured', [['archive waiting', 'tps waiting']]]);

  const open = await held(t, 'never');
  await contour(open, 12, cut);
  assert.deepEqual([open.show(a).state, deliveries(open)], ['contoured check', [['archive waiting', 'tps waiting']]]);
  await open.actions.acknowledge(open.keyOf(a), undefined, ann);
  assert.deepEqual([open.show(a).state, deliveries(open)], ['contoured', [['archive waiting', 'tps waiting']]]);
});

test('a better CT replaces what is held: its own result counts, and a look at the old one does not count for it', async (t) => {
  const bench = await held(t, 'check');
  await contour(bench, 12, cut);
  const [old] = bench.show(a).orders;
  await contour(bench, 20, cut);
  assert.equal(bench.show(a).revision, 2);
  assert.deepEqual(deliveries(bench), [
    ['archive held', 'tps held'],
    ['archive superseded', 'tps superseded'],
  ]);
  await assert.rejects(bench.actions.acknowledge(bench.keyOf(a), [old!.order], ann), {
    code: 'STATE_CONFLICT',
    message: /look at it again/,
  });
  await bench.actions.acknowledge(bench.keyOf(a), [bench.show(a).orders[0]!.order], ann);
  assert.deepEqual(deliveries(bench), [
    ['archive waiting', 'tps waiting'],
    ['archive superseded', 'tps superseded'],
  ]);
});

test('an order by hand is held as the route of the series says', async (t) => {
  const bench = await held(t, 'check');
  await contour(bench, 12, harmless);
  await writeBundleManifest(bench.config.models.directory, 'two');
  await bench.actions.order(bench.keyOf(a), 'two', ['tps']);
  const order = bench.show(a).orders.find(({ bundle }) => bundle.name === 'two')!;
  assert.equal(order.hold, 'check');
});
