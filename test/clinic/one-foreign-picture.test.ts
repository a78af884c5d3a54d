import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Elements } from '../dicom/generated-ct.ts';
import { clinicCt, clinicSlice, foreignFile, foreignImages } from '../support/clinic-ct.ts';
import { contoured } from './contoured-folder.ts';

for (const what of Object.keys(foreignImages)) {
  test(`${what} among good slices is left out with a warning that says how many and why (CS 8.1.2)`, async (t) => {
    const { slices, warnings, structureSet } = await contoured(t, [...clinicCt(), foreignFile({}, what)]);
    assert.equal(slices, 24);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['LEFT_OUT'],
    );
    assert.match(warnings[0]!.text, /^1 image is no slice of this scan and was left out: 1 .{5,}$/);
    assert.deepEqual(structureSet.rois[0]!.contours, (await contoured(t, clinicCt())).structureSet.rois[0]!.contours);
  });
}

test('where a slice is lost with the picture that is left out, the gap is found and both are said', async (t) => {
  const files = clinicCt({ change: (k) => (k === 11 ? foreignImages['a slice of another matrix']! : {}) });
  await assert.rejects(contoured(t, files), {
    code: 'SERIES_MISSING_SLICE',
    message: 'gap of 6.0 mm between slices 11 and 12, expected 3.0 mm; left out: 1 32 x 32 pixels',
  });
});

test('half of the pictures sagittal: refused, and never said that all of them are', async (t) => {
  const sagittal = foreignImages['a sagittal reformat']!;
  const some = (share: number) => clinicCt({ change: (k) => (k < 24 * share ? sagittal : {}) });
  await assert.rejects(contoured(t, some(0.5)), {
    code: 'SERIES_MIXED_SIZE',
    message: 'slices of different orientation in one series (12 of 24 images sagittal)',
  });
  await assert.rejects(contoured(t, some(0.9)), { code: 'SERIES_NOT_AXIAL', message: '22 of 24 images are sagittal' });
  await assert.rejects(contoured(t, some(1)), { code: 'SERIES_NOT_AXIAL', message: 'the images are sagittal' });
});

test('a slice whose own numbers are garbled is never left out in silence', async (t) => {
  for (const change of [{ '00200032': ['DS', '-126\\-126\\3,5'] }, { '00281053': ['DS', ''] }] as Elements[]) {
    const files = clinicCt({ change: (k) => (k === 23 ? change : {}) });
    await assert.rejects(contoured(t, files), { code: 'SERIES_HEADER' });
  }
});

const type = (value: string): Elements => ({ '00080008': ['CS', value] });
for (const value of [
  'DERIVED\\PRIMARY\\AXIAL\\CT_SOM5 MIP',
  'DERIVED\\SECONDARY\\MIP',
  'DERIVED\\SECONDARY\\REFORMATTED\\MIN IP',
  'DERIVED\\SECONDARY\\AXIAL\\MinIP',
  'DERIVED\\SECONDARY\\PROJECTION IMAGE',
  'DERIVED\\SECONDARY\\MPR\\THICK_MIP',
  'DERIVED\\PRIMARY\\VOLUME\\MAXIMUM',
  'MIP\\PRIMARY\\AXIAL',
  'DERIVED\\SECONDARY\\AXIAL\\VRT',
]) {
  test(`a projection is refused wherever it is named: ${value} (CS 8.1.2)`, async (t) => {
    await assert.rejects(contoured(t, clinicCt({ change: () => type(value) })), { code: 'SERIES_PROJECTION' });
  });
}

for (const value of [
  'DERIVED\\SECONDARY\\REFORMATTED',
  'DERIVED\\PRIMARY\\MPR',
  'DERIVED\\SECONDARY\\AXIAL\\CT_SOM7 MPR',
  'DERIVED\\PRIMARY\\AVERAGE',
  'DERIVED\\SECONDARY\\REFORMATTED\\AVERAGE',
  'ORIGINAL\\PRIMARY\\AVERAGE',
  'DERIVED\\SECONDARY\\AVERAGE INTENSITY PROJECTION',
]) {
  test(`an evenly spaced axial volume is taken with a warning: ${value} (CS 8.1.2)`, async (t) => {
    const { slices, codes } = await contoured(t, clinicCt({ change: () => type(value) }));
    assert.deepEqual([slices, codes], [24, ['DERIVED']]);
  });
}

test('a series of localisers, or of report pages, has nothing to contour, and says that alone (CS 8.1.2)', async (t) => {
  const localiser = (value: string) => clinicCt({ slices: 2, change: () => type(value) });
  for (const value of [
    'ORIGINAL\\PRIMARY\\LOCALIZER',
    'ORIGINAL\\PRIMARY\\SCOUT',
    'ORIGINAL\\PRIMARY\\AXIAL\\TOPOGRAM',
  ]) {
    await assert.rejects(contoured(t, localiser(value)), {
      code: 'SERIES_LOCALISER',
      message: 'nothing to contour: localiser',
    });
  }
  await assert.rejects(contoured(t, localiser('DERIVED\\SECONDARY\\SCREEN SAVE')), { code: 'SERIES_REPORT' });
});

test('a CT that came again under new SOP Instance UIDs is contoured once (CS 8.1.2)', async (t) => {
  const again = clinicCt({ change: (k) => ({ '00080018': ['UI', `1.2.3.5.${k}`] }) });
  const files = [...clinicCt(), ...again.map(({ name, bytes }) => ({ name: `repeat/${name}`, bytes }))];
  const { slices, warnings } = await contoured(t, files);
  assert.equal(slices, 24);
  assert.deepEqual(warnings, [
    {
      code: 'REPEAT',
      severity: 'notice',
      text: '24 images are repeats under other SOP Instance UIDs and were left out',
    },
  ]);
});

test('a second acquisition at the same positions is refused by that name; a few images of one are left out (CS 8.1.2)', async (t) => {
  const second = (mark: Elements, count: number) =>
    clinicCt({
      slices: count,
      change: (k) => {
        const words = (clinicSlice({}, k)['7fe00010']![1] as number[]).map((word) => word + 9);
        return { ...mark, '00080018': ['UI', `1.2.3.5.${k}`], '7fe00010': ['OW', words] };
      },
    }).map(({ name, bytes }) => ({ name: `second/${name}`, bytes }));
  const first = clinicCt({ change: () => ({ '00200012': ['IS', '1'], '00080031': ['TM', '101112'] }) });
  for (const [mark, name] of [
    [{ '00200012': ['IS', '2'], '00080031': ['TM', '101112'] }, 'Acquisition Number 2'],
    [{ '00200012': ['IS', '1'], '00080031': ['TM', '113000'] }, 'series time 113000'],
  ] as [Elements, string][]) {
    await assert.rejects(contoured(t, [...first, ...second(mark, 24)]), {
      code: 'SERIES_TWO_ACQUISITIONS',
      message: new RegExp(`2 acquisitions of the same part of the patient .*${name}: 24 images`),
    });
    const { slices, warnings } = await contoured(t, [...first, ...second(mark, 3)]);
    assert.equal(slices, 24);
    assert.match(warnings[0]!.text, new RegExp(`3 images .* left out: 3 ${name}$`));
  }
  // Nothing tells them apart.
  await assert.rejects(contoured(t, [...clinicCt(), ...second({}, 24)]), { code: 'SERIES_DUPLICATE_POSITION' });
});
