import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import type { StructureSet } from '../../src/dicom/rtstruct/structure-set.ts';
import { compareStructureSets } from '../../worker/contours/compare-structure-sets.ts';
import { patientPositions } from '../../worker/phantom/write-ct.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { startNodeWithTps } from '../support/node-with-tps.ts';

/** Mean x of an ROI's points: towards the patient's left it grows (PS3.3 C.7.6.2.1.1). */
function meanX(structureSet: StructureSet, name: string): number {
  const xs = (structureSet.rois.find((roi) => roi.name === name)?.contours ?? []).flatMap(({ points }) =>
    [...points].filter((_, index) => index % 3 === 0),
  );
  return xs.reduce((sum, x) => sum + x, 0) / xs.length;
}

for (const position of patientPositions) {
  test(`${position}: what the TPS gets lies where the patient has it, the left parotid on the left`, async (t) => {
    const { ct, files, truth } = await phantomCt(t, 206, { matrix: 256, position });
    const { node, tps, send } = await startNodeWithTps(t, ct);
    await send(files);
    await node.settled(1, ['delivered'], 120);
    const delivered = readRtstruct(await readFile(tps.imported[0]?.path ?? ''));
    const middle = (meanX(delivered, 'Parotid_L^AI') + meanX(delivered, 'Parotid_R^AI')) / 2;
    assert.ok(meanX(delivered, 'Parotid_L^AI') > middle + 20, 'the left parotid lies to the left of the right one');

    const { series } = await readCtFolder([ct]);
    const { rois } = compareStructureSets(delivered, readRtstruct(await readFile(truth)), series, '^AI');
    for (const name of ['GTVp', 'Parotid_L', 'Parotid_R']) {
      const dsc = rois.find((roi) => roi.name === `${name}^AI`)?.dsc ?? 0;
      assert.ok(dsc > 0.75, `${name}: DSC ${dsc.toFixed(3)}`);
    }
  });
}
