import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { rtStructureSetStorage } from '../../../src/dicom/rtstruct/structure-set.ts';
import { type ComparePayload, comparePayloadSchema } from '../../../src/work/payloads.ts';
import type { ComparisonResult } from '../../../src/work/correction.ts';
import type { RedisAddress } from '../../../src/jobs/redis-connection.ts';
import { comparisonFolder } from '../../../src/work/paths.ts';
import type { ComparisonState, ComparisonView } from '../../../src/store/series.ts';
import { openQueues, runningRedis } from '../../jobs/running-redis.ts';
import { workOn } from '../../jobs/work-on.ts';
import { editedStructureSet } from '../../support/edited-structure-set.ts';
import { eventually } from '../../support/eventually.ts';
import { structureSetOfSlices } from '../../support/structure-set-of-slices.ts';
import { contouredOrder, recordContoured } from '../contoured-series.ts';
import { IntakeHarness, ManualClock, range } from '../intake-harness.ts';

const a = '1.2.826.72.1';
const drawn = structureSetOfSlices(range(1, 12).map((number) => ({ series: a, number })));
const edited = (sopInstanceUid: string, date: string, approval = 'UNAPPROVED'): Buffer =>
  editedStructureSet(drawn.encode('implicit'), { sopInstanceUid, approval, values: { '30060008': date } });
const operator = { user: 'mphys', address: '127.0.0.1' };

interface Stage {
  readonly bench: IntakeHarness;
  readonly address: RedisAddress;
  /** Sends a structure set; @returns its key */
  readonly send: (bytes: Uint8Array, uid: string) => Promise<string>;
  readonly comparison: (structureSet: string) => ComparisonView;
  readonly becomes: (structureSet: string, state: ComparisonState) => Promise<ComparisonView>;
}

async function stage(t: TestContext): Promise<Stage> {
  const redis = await runningRedis(t);
  const queues = await openQueues(t, redis.address, []);
  const bench = await IntakeHarness.open(t, { queues, config: { worker: { maximumTries: 2 } } });
  await recordContoured(bench, a);
  const comparison = (structureSet: string): ComparisonView => {
    const found = bench.show(a).structureSets.find((one) => one.structureSet === structureSet)?.comparisons[0];
    assert.ok(found !== undefined);
    return found;
  };
  return {
    bench,
    address: redis.address,
    send: async (bytes, sopInstanceUid) => {
      const known = bench.show(a).structureSets.map((one) => one.structureSet);
      const command = { sopClassUid: rtStructureSetStorage, sopInstanceUid };
      assert.equal(await bench.sendBytes(bench.associate({ callingAe: 'TPS' }), bytes, command), 0);
      return bench.show(a).structureSets.find((one) => !known.includes(one.structureSet))!.structureSet;
    },
    comparison,
    becomes: (structureSet, state) =>
      eventually(`the comparison is ${state}`, 20, () =>
        comparison(structureSet).state === state ? comparison(structureSet) : undefined,
      ),
  };
}

async function writeResult(
  bench: IntakeHarness,
  { series, structureSet, order }: ComparePayload,
  changes: Partial<ComparisonResult> = {},
): Promise<void> {
  const path = join(bench.dataDirectory, comparisonFolder(series, structureSet, order), 'result.json');
  const roi = { name: 'GTVp', state: 'compared', dsc: 0.9, hd95: 3, surfaceDsc: 0.8, addedPathLengthMm: 120 };
  const result = { formatVersion: 1, status: 'compared', own: false, rois: [roi], warnings: [], ...changes };
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(result));
}

test('a structure set that came back is compared; it counts once it is approved or an operator confirms it', async (t) => {
  const { bench, address, send, becomes, comparison } = await stage(t);
  const payloads: unknown[] = [];
  workOn(t, address, 'compare', async (job) => {
    payloads.push(job.data);
    await writeResult(bench, comparePayloadSchema.parse(job.data));
  });
  const first = await send(edited('1.2.3.1', '20260301'), '1.2.3.1');
  const done = await becomes(first, 'compared');
  assert.deepEqual([done.rois[0]?.dsc, done.counts, done.own], [0.9, false, false]);
  assert.doesNotMatch(JSON.stringify(payloads), /1\.2\.3|Doe|P-1/, 'no patient data in the queue');

  await bench.actions.confirm(bench.keyOf(a), first, true, operator);
  assert.equal(comparison(first).counts, true);
  assert.equal(bench.show(a).structureSets[0]?.confirmed?.by, 'mphys');
  await bench.actions.confirm(bench.keyOf(a), first, false, operator);
  assert.equal(comparison(first).counts, false);
  await bench.actions.confirm(bench.keyOf(a), first, true, operator);

  const later = await send(edited('1.2.3.2', '20260303', 'APPROVED'), '1.2.3.2');
  await becomes(later, 'compared');
  assert.deepEqual([comparison(first).counts, comparison(later).counts], [false, true], 'the newer one replaces it');
  const older = await send(edited('1.2.3.3', '20260302', 'APPROVED'), '1.2.3.3');
  await becomes(older, 'compared');
  assert.deepEqual([comparison(older).counts, comparison(later).counts], [false, true], 'dated earlier, come later');
  const unapproved = await send(edited('1.2.3.4', '20260304'), '1.2.3.4');
  await becomes(unapproved, 'compared');
  assert.deepEqual([comparison(unapproved).counts, comparison(later).counts], [false, true]);
  const history = bench.show(a).history.map(({ text }) => text);
  assert.ok(history.includes('compared: GTVp DSC 0.900'), history.join('\n'));
  assert.ok(history.includes('mphys confirms a structure set: it counts'));
});

test("the node's own structure set, unchanged, never counts and cannot be confirmed", async (t) => {
  const { bench, address, send, becomes, comparison } = await stage(t);
  workOn(t, address, 'compare', (job) => writeResult(bench, comparePayloadSchema.parse(job.data), { own: true }));
  const own = await send(edited('1.2.3.1', '20260301', 'APPROVED'), '1.2.3.1');
  await becomes(own, 'compared');
  assert.deepEqual([comparison(own).own, comparison(own).counts], [true, false]);
  await assert.rejects(bench.actions.confirm(bench.keyOf(a), own, true, operator), { code: 'STATE_CONFLICT' });
});

test('a comparison that fails leaves words, is tried again, then left; an operator has it made again', async (t) => {
  const { bench, address, send, becomes, comparison } = await stage(t);
  let tries = 0;
  workOn(t, address, 'compare', async (job) => {
    if (++tries <= 2) throw new Error('COMPARISON_FAILED: the comparing process ended (SIGKILL)');
    await writeResult(bench, comparePayloadSchema.parse(job.data));
  });
  const set = await send(edited('1.2.3.1', '20260301', 'APPROVED'), '1.2.3.1');
  await eventually('the first try failed', 20, () => comparison(set).problem);
  assert.equal(comparison(set).state, 'queued');
  await assert.rejects(bench.actions.compareAgain(bench.keyOf(a), set), { code: 'STATE_CONFLICT' });
  await eventually('the second try failed', 20, async () => {
    await bench.pass(61);
    return comparison(set).state === 'failed' ? true : undefined;
  });
  const failed = comparison(set);
  assert.equal(failed.problem?.code, 'COMPARISON_FAILED');
  assert.match(failed.problem.remedy, /compared again/);
  assert.equal(bench.show(a).state, 'contoured', 'the series itself stands as before');

  await bench.actions.compareAgain(bench.keyOf(a), set);
  assert.equal((await becomes(set, 'compared')).problem, undefined);
  await assert.rejects(bench.actions.compareAgain(bench.keyOf(a), set), { code: 'STATE_CONFLICT' });
  await assert.rejects(bench.actions.compareAgain(bench.keyOf(a), '0'.repeat(16)), { code: 'NOT_FOUND' });
});

test('what the node did not hear of while it was down stands on disk and is taken up', async (t) => {
  const { bench, address, send, comparison } = await stage(t);
  const set = await send(edited('1.2.3.1', '20260301', 'APPROVED'), '1.2.3.1');
  const payload = { series: bench.keyOf(a), revision: 1, structureSet: set, order: contouredOrder, try: 1 };
  await eventually('its try is counted', 20, () => (comparison(set).tries === 1 ? true : undefined));
  await bench.crash();
  await writeResult(bench, payload);
  const queues = await openQueues(t, address, []);
  const again = await IntakeHarness.open(t, { dataDirectory: bench.dataDirectory, clock: new ManualClock(), queues });
  await eventually('it is recorded', 20, () =>
    again.show(a).structureSets[0]?.comparisons[0]?.state === 'compared' ? true : undefined,
  );
});
