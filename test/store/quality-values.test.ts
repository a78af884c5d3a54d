import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ComparedRoi } from '../../src/work/correction.ts';
import { recordContoured, contouredOrder } from '../intake/contoured-series.ts';
import { IntakeHarness } from '../intake/intake-harness.ts';

const a = '1.2.826.73.1';
const first = '1'.repeat(16);
const second = '2'.repeat(16);

/** A structure set that came back, and was compared. */
function cameBack(bench: IntakeHarness, structureSet: string, approval: 'APPROVED' | 'UNAPPROVED', dsc: number): void {
  const key = bench.keyOf(a);
  const roi: ComparedRoi = { name: 'GTVp', state: 'compared', dsc, hd95: 2, surfaceDsc: 0.9, addedPathLengthMm: 50 };
  const common = { structureSet, instance: structureSet, sender: 'tps', matchedBy: 'images' } as const;
  bench.store.record(key, { kind: 'structure set', ...common, approval, orders: [contouredOrder] });
  const result = { status: 'compared', own: false, rois: [roi], warnings: [] } as const;
  bench.store.record(key, {
    kind: 'compared',
    structureSet,
    order: contouredOrder,
    ...result,
    rois: [roi],
    warnings: [],
  });
}

const shown = (bench: IntakeHarness) =>
  bench.store.quality().map(({ structureSet, countedBy, roi }) => [structureSet[0], countedBy, roi.dsc]);

test('figures count once approved or confirmed, the newest version of a correction takes the place of the earlier', async (t) => {
  const bench = await IntakeHarness.open(t);
  await recordContoured(bench, a);
  cameBack(bench, first, 'UNAPPROVED', 0.8);
  assert.deepEqual(shown(bench), []);
  const confirm = (structureSet: string, confirmed: boolean): void =>
    bench.store.record(bench.keyOf(a), { kind: 'confirmed', structureSet, confirmed, by: 'mphys' });
  confirm(first, true);
  assert.deepEqual(shown(bench), [['1', 'confirmed', 0.8]]);
  const [value] = bench.store.quality();
  assert.deepEqual([value?.sender, value?.confirmed?.by], ['tps', 'mphys']);
  bench.clock.pass(60);
  cameBack(bench, second, 'APPROVED', 0.9);
  assert.deepEqual(shown(bench), [['2', 'approved', 0.9]]);
  confirm(first, false);
  assert.deepEqual(shown(bench), [['2', 'approved', 0.9]]);
});

test('figures outlive the series that retention removes, and lost tables; an operator who deletes it deletes them', async (t) => {
  const bench = await IntakeHarness.open(t);
  await recordContoured(bench, a);
  cameBack(bench, first, 'APPROVED', 0.8);
  await bench.store.remove(bench.keyOf(a), 'retention');
  assert.deepEqual(shown(bench), [['1', 'approved', 0.8]]);
  const folder = join(bench.dataDirectory, 'quality');
  const [file = ''] = await readdir(folder);
  assert.equal(file, `${bench.keyOf(a)}.json`);
  assert.doesNotMatch(await readFile(join(folder, file), 'utf8'), /1\.2\.826|Doe|P-1/);

  await bench.crash();
  for (const end of ['', '-wal', '-shm']) await rm(join(bench.dataDirectory, `state.sqlite${end}`), { force: true });
  await writeFile(join(folder, `${'f'.repeat(16)}.json`), 'broken');
  const again = await IntakeHarness.open(t, { dataDirectory: bench.dataDirectory, clock: bench.clock });
  assert.deepEqual(shown(again), [['1', 'approved', 0.8]]);

  // The same CT comes again, is contoured, corrected anew, and deleted by hand.
  await recordContoured(again, a);
  assert.deepEqual(shown(again), [['1', 'approved', 0.8]]);
  again.clock.pass(60);
  cameBack(again, second, 'APPROVED', 0.7);
  assert.deepEqual(shown(again), [['2', 'approved', 0.7]]);
  await again.store.remove(again.keyOf(a), { user: 'mphys', address: '127.0.0.1' });
  assert.deepEqual(shown(again), []);
  assert.deepEqual(await readdir(folder), [`${'f'.repeat(16)}.json`]);
});

test('what a crash kept from being written down is made good at the next start', async (t) => {
  const bench = await IntakeHarness.open(t);
  await recordContoured(bench, a);
  cameBack(bench, first, 'APPROVED', 0.8);
  await bench.crash();
  await rm(join(bench.dataDirectory, 'quality'), { recursive: true });
  for (const end of ['', '-wal', '-shm']) await rm(join(bench.dataDirectory, `state.sqlite${end}`), { force: true });
  const again = await IntakeHarness.open(t, { dataDirectory: bench.dataDirectory, clock: bench.clock });
  assert.deepEqual(shown(again), [['1', 'approved', 0.8]]);
  assert.equal((await readdir(join(bench.dataDirectory, 'quality'))).length, 1);
});
