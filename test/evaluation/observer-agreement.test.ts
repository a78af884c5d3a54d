import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareMasks } from '../../worker/evaluation/compare-masks.ts';
import { readNrrdMask } from '../support/nrrd.ts';
import { sharedData } from '../support/shared-data.ts';

const observers = sharedData('observers');

test(
  'the agreement of two observers on 63 organs is what other software says',
  { skip: observers === undefined && 'no ../shared/data/observers' },
  () => {
    const rows = readFileSync(join(observers!, 'expected.csv'), 'utf8').trim().split('\n').slice(1);
    assert.equal(rows.length, 63);
    for (const row of rows) {
      const [patient, structure, status, , , dsc, hd, hd95, asd] = row.split(',') as [
        string,
        string,
        string,
        ...string[],
      ];
      const mask = (observer: string) => readNrrdMask(join(observers!, observer, patient, `${structure}.nrrd`));
      const oncologist = mask('oncologist');
      const found = compareMasks(oncologist, mask('radiographer'));
      if (found.status !== 'ok') {
        assert.equal(status, 'empty', `${patient} ${structure}`);
        continue;
      }
      assert.equal(status, 'ok', `${patient} ${structure}`);
      const pixel = oncologist.grid.spacing[0];
      const close = (name: string, value: number | undefined, expected: string | undefined, tolerance: number): void =>
        assert.ok(
          Math.abs(value! - Number(expected)) <= tolerance,
          `${patient} ${structure} ${name}: ${value}, expected ${expected}`,
        );
      close('DSC', found.dsc, dsc, 0.001);
      close('HD', found.hd, hd, pixel);
      close('HD95', found.hd95, hd95, pixel);
      close('ASD', found.asd, asd, pixel);
      // The definitions are the same, so that they agree to the last digit given.
      close('HD95 exactly', found.hd95, hd95, 1e-5);
      close('ASD exactly', found.asd, asd, 1e-5);
    }
  },
);
