import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { ComparisonView, StructureSetView } from '../../src/store/series.ts';
import { sendCorrected } from '../support/corrected-in-tps.ts';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { startNodeWithTps } from '../support/node-with-tps.ts';
import { plainState } from '../support/running-node.ts';

test('a structure set corrected in the TPS comes back, is compared and counts; our own unchanged one never does', async (t) => {
  const { ct, files } = await phantomCt(t, 401);
  const { node, tps, folder, send } = await startNodeWithTps(t, ct);
  await send(files);
  const [series] = await node.settled(1, ['delivered'], 90);
  const key = series!.key;
  const original = await readFile(tps.imported[0]!.path);
  const here = { folder, dicomPort: node.dicomPort };

  /** Waits until so many have come back and each is compared. @returns the newest */
  const compared = (count: number): Promise<StructureSetView & { comparison: ComparisonView }> =>
    eventually(`${count} compared`, 60, async () => {
      const { structureSets } = await node.show(key);
      const [newest] = structureSets;
      const done = structureSets.every(({ comparisons }) => comparisons[0]?.state === 'compared');
      return structureSets.length === count && done ? { ...newest!, comparison: newest!.comparisons[0]! } : undefined;
    }).catch(async (cause: unknown) => {
      throw new Error(JSON.stringify((await node.show(key)).structureSets, undefined, 1), { cause });
    });

  await sendCorrected(here, original, { encoding: 'explicit' });
  const own = await compared(1);
  assert.deepEqual([own.comparison.own, own.comparison.counts, own.sender], [true, false, 'PINNACLE']);

  const edit = { move: { roi: /GTVp/, x: 3 }, sopInstanceUid: '1.2.3.4.5.6', approval: 'APPROVED' };
  await sendCorrected(here, original, edit);
  const corrected = await compared(2);
  const [roi] = corrected.comparison.rois;
  assert.equal(corrected.comparison.counts, true);
  assert.equal(roi?.name, 'GTVp');
  assert.ok(roi.dsc! > 0.5 && roi.dsc! < 0.99, JSON.stringify(roi));
  assert.ok(roi.addedPathLengthMm! > 0 && roi.surfaceDsc! <= 1 && roi.hd95! > 0);
  await sendCorrected(here, original, edit);
  assert.equal((await node.show(key)).structureSets.length, 2, 'the same again changes nothing');
  assert.equal(plainState((await node.show(key)).state), 'delivered');

  // Confirmed by an operator it replaces the earlier one.
  await sendCorrected(here, original, { ...edit, sopInstanceUid: '1.2.3.4.5.7', approval: 'UNAPPROVED' });
  const third = await compared(3);
  assert.equal(third.comparison.counts, false);
  const confirmed = await fetch(
    `http://127.0.0.1:${node.httpPort}/api/series/${key}/structure-sets/${third.structureSet}/confirm`,
    { method: 'POST' },
  );
  assert.equal(confirmed.status, 200, await confirmed.text());
  const { structureSets } = await node.show(key);
  assert.equal(structureSets[0]?.confirmed?.by, 'local');
  assert.deepEqual(
    structureSets.map(({ comparisons }) => comparisons[0]?.counts),
    [true, false, false],
    'the newer version of the correction counts',
  );
  assert.doesNotMatch(node.log(), /1\.2\.3\.4\.5|Phantom\^|GTVp\^AI/);
});
