import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { sharedData } from '../support/shared-data.ts';

function series(sub: string): [folder: string, options: { skip: string | false }] {
  const folder = sharedData(sub);
  return [folder ?? '', { skip: folder === undefined && `../shared/data/${sub} is absent` }];
}

const [headNeck, headNeckOptions] = series('hn-ct');
test('a planning CT of 511 x 511 without Patient Position and window is accepted', headNeckOptions, async () => {
  const { series, ignored } = await readCtFolder([headNeck]);
  const { z, ...plane } = series.geometry;
  assert.deepEqual(plane, {
    columns: 511,
    rows: 511,
    columnSpacing: 1,
    rowSpacing: 1,
    originX: 1,
    originY: -511,
    reverseColumns: false,
    reverseRows: false,
  });
  assert.deepEqual(
    z,
    Array.from({ length: 90 }, (_, k) => -267 + 3 * k),
  );
  assert.deepEqual(
    [series.slices.length, series.leftOut, series.warnings, ignored],
    [90, [], [], { notDicom: 0, notCt: 0 }],
  );
});

const [sarcoma, sarcomaOptions] = series('rtstruct/mim-6.3.9-sts001/ct');
test(
  'a CT of 202 rows and 198 columns is accepted, its positions as they stand in the header',
  sarcomaOptions,
  async () => {
    const { series } = await readCtFolder([sarcoma]);
    const { rows, columns, originX, originY, z } = series.geometry;
    assert.deepEqual([rows, columns, originX, originY], [202, 198, -23.437615999999, -86.914145999999]);
    assert.deepEqual([z.length, z[0], z[1]], [59, -881.32, -878.05]);
    assert.deepEqual(series.warnings, []);
  },
);

const [tilted, tiltedOptions] = series('ct-geometry/ge-tilt-two-spacings');
test('a head CT with a gantry tilt of 18.5 degrees is rejected and says so', tiltedOptions, async () => {
  await assert.rejects(readCtFolder([tilted]), { code: 'SERIES_GANTRY_TILT', message: 'gantry tilt of 18.5 degrees' });
});

const [duplicates, duplicatesOptions] = series('ct-geometry/ge-duplicate-positions');
test(
  'a series with one slice twice and others missing is rejected for what is missing',
  duplicatesOptions,
  async () => {
    const message =
      'gap of 115.0 mm between slices 7 and 8, expected 32.5 mm; left out: 1 repeat under another SOP Instance UID';
    await assert.rejects(readCtFolder([duplicates]), { code: 'SERIES_MISSING_SLICE', message });
  },
);
