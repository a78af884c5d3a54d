import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCtSeries, type CheckedSeries, type SeriesLimits } from '../../src/dicom/ct-series.ts';
import { ctHeaderOf, type CtHeader } from '../../src/dicom/ct-header.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { ctSlice, type Elements } from './generated-ct.ts';

function slice(z: number, changes: Elements = {}): CtHeader {
  return ctHeaderOf(parseDicom(ctSlice(z, changes)));
}

function slices(positions: readonly number[], changes: (index: number) => Elements = () => ({})): CtHeader[] {
  return positions.map((z, index) => slice(z, changes(index)));
}

function positions(count: number, step: number, start = 0): number[] {
  return Array.from({ length: count }, (_, i) => start + i * step);
}

function rejection(instances: readonly CtHeader[], limits?: SeriesLimits): ContourNodeError {
  try {
    checkCtSeries(instances, limits);
  } catch (error) {
    if (error instanceof ContourNodeError) return error;
    throw error;
  }
  return assert.fail('the series was accepted');
}

function assertRejected(instances: readonly CtHeader[], code: string, words: RegExp, limits?: SeriesLimits): void {
  const error = rejection(instances, limits);
  assert.equal(error.code, code);
  assert.match(error.message, words);
}

const codes = ({ warnings }: CheckedSeries): string[] => warnings.map(({ code }) => code);

test('slices in any order make one volume, ascending to the head', () => {
  const { geometry, slices: sorted, warnings, leftOut } = checkCtSeries(slices([6, -3, 3, 0]));
  assert.deepEqual(geometry, {
    columns: 16,
    rows: 20,
    columnSpacing: 3,
    rowSpacing: 2,
    originX: -100,
    originY: -200,
    reverseColumns: false,
    reverseRows: false,
    z: [-3, 0, 3, 6],
  });
  assert.deepEqual(
    sorted.map(({ imagePosition }) => imagePosition[2]),
    [-3, 0, 3, 6],
  );
  assert.deepEqual([warnings, leftOut], [[], []]);
});

for (const [patientPosition, orientation, x, y, reverseColumns, reverseRows] of [
  ['HFS', '1\\0\\0\\0\\1\\0', -100, -200, false, false],
  ['HFP', '-1\\0\\0\\0\\-1\\0', -145, -238, true, true],
  ['FFS', '-1\\0\\0\\0\\1\\0', -145, -200, true, false],
  ['FFS', '1\\0\\0\\0\\1\\0', -100, -200, false, false],
  ['FFP', '1\\0\\0\\0\\-1\\0', -100, -238, false, true],
] as const) {
  test(`${patientPosition} with rows and columns along ${orientation.replaceAll('\\', ' ')} comes in LPS order without a warning`, () => {
    const series = checkCtSeries(
      slices([0, 3, 6], () => ({ '00185100': ['CS', patientPosition], '00200037': ['DS', orientation] })).map(
        (header) => ({
          ...header,
          imagePosition: [-100, -200, header.imagePosition[2]!],
        }),
      ),
    );
    const { geometry } = series;
    assert.deepEqual([geometry.reverseColumns, geometry.reverseRows], [reverseColumns, reverseRows]);
    // 16 columns of 3 mm and 20 rows of 2 mm: reversed, the first LPS voxel is the last stored one.
    assert.deepEqual([geometry.originX, geometry.originY], [x, y]);
    assert.deepEqual(codes(series), []);
  });
}

test('a Patient Position that does not agree with Image Orientation warns, an empty one does not', () => {
  const withPosition = (position: string) => checkCtSeries(slices([0, 3, 6], () => ({ '00185100': ['CS', position] })));
  assert.deepEqual(codes(withPosition('HFP')), ['PATIENT_POSITION']);
  assert.match(withPosition('HFP').warnings[0]!.text, /HFP does not agree with Image Orientation/);
  assert.deepEqual(codes(withPosition('HFDR')), ['PATIENT_POSITION']);
  assert.deepEqual(codes(withPosition('')), []);
});

test('two patients, birth dates, sexes, studies or series in one series are rejected (CS 8.1.2)', () => {
  for (const [tag, vr, value, words] of [
    ['00100020', 'LO', 'P2', /^two patients in one series$/],
    ['00100010', 'PN', 'Other^Phantom', /^two patients in one series$/],
    ['00100030', 'DA', '19700102', /^two patients in one series$/],
    ['00100040', 'CS', 'F', /^two patients in one series$/],
    ['0020000d', 'UI', '1.2.3.99', /^two studies in one series$/],
    ['0020000e', 'UI', '1.2.3.99', /^images of two series$/],
  ] as const) {
    assertRejected(
      slices([0, 3, 6], (i) => (i === 1 ? { [tag]: [vr, value] } : {})),
      'SERIES_MIXED_IDENTITY',
      words,
    );
  }
});

test('the same name with other padding is the same patient, the same bytes in another character set are not', () => {
  const padded = slices([0, 3], (i) => (i === 1 ? { '00100010': ['PN', Buffer.from('Test^Phantom\0\0')] } : {}));
  assert.equal(checkCtSeries(padded).slices.length, 2);
  const ascii = slices([0, 3], (i) => (i === 1 ? { '00080005': ['CS', 'ISO_IR 192'] } : {}));
  assert.equal(checkCtSeries(ascii).slices.length, 2);
  const name = Buffer.from('d5c5', 'hex');
  const other = slices([0, 3], (i) => ({
    '00100010': ['PN', name],
    ...(i === 1 && { '00080005': ['CS', 'GB18030'] }),
  }));
  assertRejected(other, 'SERIES_MIXED_IDENTITY', /two patients/);
});

test('a frame of reference has to be there and the same in all slices, localisers aside (CS 8.1.2)', () => {
  assertRejected(
    slices([0, 3, 6], (i) => (i ? {} : { '00200052': undefined })),
    'SERIES_MIXED_FRAME',
    /^1 of 3 slices have no Frame/,
  );
  assertRejected(
    slices([0, 3, 6], (i) => (i ? {} : { '00200052': ['UI', '1.9'] })),
    'SERIES_MIXED_FRAME',
    /^two frames of reference/,
  );
  const localiser = slice(100, { '00080008': ['CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'], '00200052': ['UI', '1.9'] });
  assert.equal(checkCtSeries([localiser, ...slices([0, 3, 6])]).slices.length, 3);
});

test('localisers and reformats are left out with a warning, whatever their geometry', () => {
  const localiser = slice(0, {
    '00080008': ['CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'],
    '00080018': ['UI', '1.9.1'],
    '00200037': ['DS', '0\\1\\0\\0\\0\\-1'],
  });
  const reformat = slice(0, {
    '00080008': ['CS', 'DERIVED\\SECONDARY\\MPR'],
    '00080018': ['UI', '1.9.2'],
    '00280030': ['DS', ''],
  });
  const series = checkCtSeries([localiser, ...slices([0, 3, 6]), reformat]);
  assert.equal(series.slices.length, 3);
  assert.deepEqual(
    series.leftOut.map(({ reason }) => reason),
    ['Image Type LOCALIZER', 'Image Type MPR'],
  );
  assert.deepEqual(codes(series), ['LEFT_OUT']);
  assertRejected([localiser, reformat], 'SERIES_NO_AXIAL_IMAGES', /LOCALIZER, Image Type MPR/);
  assertRejected([], 'SERIES_NO_AXIAL_IMAGES', /no image at all/);
});

test('derived axial images, as a TPS exports them, are taken with a warning, also without Image Type 3', () => {
  for (const type of ['DERIVED\\SECONDARY\\AXIAL', 'DERIVED\\SECONDARY', 'DERIVED\\PRIMARY\\AVERAGE']) {
    assert.deepEqual(codes(checkCtSeries(slices([0, 3, 6], () => ({ '00080008': ['CS', type] })))), ['DERIVED']);
  }
});

test('lossy compression in the history of the images warns', () => {
  const series = checkCtSeries(slices([0, 3, 6], (i) => (i === 0 ? { '00282110': ['CS', '01'] } : {})));
  assert.deepEqual(series.warnings, [{ code: 'LOSSY', text: '1 of 3 slices were lossy compressed' }]);
});

test('a missing slice is rejected with its place and size', () => {
  const withGap = positions(20, 5).filter((z) => z !== 60);
  assertRejected(
    slices(withGap),
    'SERIES_MISSING_SLICE',
    /^gap of 10\.0 mm between slices 12 and 13, expected 5\.0 mm$/,
  );
  assertRejected(
    slices([0, 3, 6, 9, 15]),
    'SERIES_MISSING_SLICE',
    /^gap of 6\.0 mm between slices 4 and 5, expected 3\.0 mm$/,
  );
  assertRejected(
    slices([0, 6, 9, 12, 15]),
    'SERIES_MISSING_SLICE',
    /^gap of 6\.0 mm between slices 1 and 2, expected 3\.0 mm$/,
  );
  assertRejected(
    slices([0, 3, 6, 9, 15, 21, 24, 27, 30]),
    'SERIES_MISSING_SLICE',
    /^gap of 6\.0 mm between slices 4 and 5/,
  );
});

test('a spacing that changes along the scan is taken where each lasts three slices, and said', () => {
  const z = [...positions(6, 1), ...positions(3, 3, 8), ...positions(4, 5, 19)];
  const series = checkCtSeries(slices(z));
  assert.deepEqual(series.geometry.z, z);
  assert.deepEqual(series.warnings, [
    { code: 'SPACING_CHANGES', text: 'the slice spacing changes along the scan: 1.0 mm, 3.0 mm, 5.0 mm' },
  ]);
  assertRejected(
    slices([0, 3, 6, 9, 10.5, 13.5, 16.5, 19.5]),
    'SERIES_SPACING',
    /^step of 1\.5 mm between slices 4 and 5, expected 3\.0 mm$/,
  );
});

test('positions rounded to a tenth of a millimetre are one spacing', () => {
  for (const spacing of [0.625, 1.25, 3.27]) {
    const z = positions(40, spacing).map((value) => Math.round(value * 10) / 10);
    assert.deepEqual(codes(checkCtSeries(slices(z))), []);
  }
});

test('the limits of a bundle: spacing, number of slices, extent', () => {
  const limits = { sliceSpacingMm: [1, 4] as const, minimumSlices: 5, minimumCoverageMm: 20 };
  assert.equal(checkCtSeries(slices(positions(8, 3)), limits).slices.length, 8);
  assert.equal(checkCtSeries(slices(positions(8, 4)), limits).slices.length, 8);
  assertRejected(
    slices(positions(8, 5)),
    'SERIES_SPACING',
    /^slice spacing of 5\.0 mm from slice 1, the bundle takes 1\.0 mm to 4\.0 mm$/,
    limits,
  );
  const coarser = [...positions(6, 3), ...positions(4, 5, 20)];
  assertRejected(slices(coarser), 'SERIES_SPACING', /^slice spacing of 5\.0 mm from slice 6/, limits);
  assertRejected(slices(positions(4, 3)), 'SERIES_TOO_FEW_SLICES', /^4 slices, at least 5/, limits);
  assertRejected(
    slices(positions(6, 3)),
    'SERIES_TOO_FEW_SLICES',
    /^the slices cover 15\.0 mm, the bundle needs 20\.0 mm$/,
    limits,
  );
});

test('two slices at one position, and one SOP Instance UID twice, are rejected', () => {
  const twice = [...slices([0, 3, 6, 9]), slice(6, { '00080018': ['UI', '1.9.9'] })];
  assertRejected(twice, 'SERIES_DUPLICATE_POSITION', /^two slices at one position \(between slices 3 and 4\)$/);
  assertRejected([slice(0), slice(3), slice(3)], 'SERIES_DUPLICATE_POSITION', /SOP Instance UID/);
});

test('mixed matrices, pixel sizes, orientations and places are rejected', () => {
  const second = (changes: Elements) => slices([0, 3, 6], (i) => (i === 1 ? changes : {}));
  assertRejected(second({ '00280010': ['US', [40]] }), 'SERIES_MIXED_SIZE', /slices of 16 x 20 and of 16 x 40 pixels/);
  assertRejected(second({ '00280030': ['DS', '2.1\\3'] }), 'SERIES_MIXED_SIZE', /2 mm and of 2\.1 mm/);
  assertRejected(second({ '00200037': ['DS', '-1\\0\\0\\0\\-1\\0'] }), 'SERIES_MIXED_SIZE', /different orientation/);
  assertRejected(
    second({ '00200032': ['DS', '-90\\-200\\3'] }),
    'SERIES_MIXED_SIZE',
    /^1 of 3 images lie up to 10\.0 mm beside the others within their plane$/,
  );
});

test('a gantry tilt is rejected whether the orientation or the shift of the slices shows it', () => {
  const tilted = slices([0, 3, 6], () => ({ '00200037': ['DS', '1\\0\\0\\0\\0.9483237\\-0.3173047'] }));
  assertRejected(tilted, 'SERIES_GANTRY_TILT', /^gantry tilt of 18\.5 degrees$/);
  const sheared = slices([0, 3, 6, 9], (i) => ({ '00200032': ['DS', `-100\\${-200 + i}\\${3 * i}`] }));
  assertRejected(sheared, 'SERIES_GANTRY_TILT', /^gantry tilt of 18\.4 degrees: the slices shift by 3\.0 mm$/);
  const rounded = slices([0, 3, 6, 9], (i) => ({ '00200032': ['DS', `-100\\${-200 + i * 0.03}\\${3 * i}`] }));
  assert.equal(checkCtSeries(rounded).slices.length, 4);
});

test('a tilt that stands in the header only warns', () => {
  assert.deepEqual(codes(checkCtSeries(slices([0, 3, 6], () => ({ '00181120': ['DS', '12.5'] })))), ['GANTRY_TILT']);
});

test('decubitus, sagittal, coronal, oblique and turned images are rejected', () => {
  for (const [orientation, words] of [
    ['0\\1\\0\\-1\\0\\0', /side \(decubitus\)/],
    ['0\\-1\\0\\1\\0\\0', /side \(decubitus\)/],
    ['0\\1\\0\\0\\0\\-1', /sagittal/],
    ['1\\0\\0\\0\\0\\-1', /coronal/],
    ['0.7071068\\0.7071068\\0\\-0.7071068\\0.7071068\\0', /turned within their plane/],
    ['0.9948\\0.1019\\0\\0\\0\\-1', /oblique/],
    ['0.999998\\0.002\\0\\-0.002\\0.999998\\0', /turned within their plane/],
  ] as const) {
    assertRejected(
      slices([0, 3, 6], () => ({ '00200037': ['DS', orientation] })),
      'SERIES_NOT_AXIAL',
      words,
    );
  }
  const almost = slices([0, 3, 6], () => ({ '00200037': ['DS', '0.9999999\\0.0005\\0\\-0.0005\\0.9999999\\0'] }));
  assert.equal(checkCtSeries(almost).slices.length, 3);
});

test('what geometry and CT numbers need is refused where it is missing, empty, garbled or absurd (CS 8.1.2)', () => {
  const bad: [tag: string, vr: string, values: (string | number[] | undefined)[], words: RegExp][] = [
    [
      '00200032',
      'DS',
      [
        undefined,
        '',
        '-100\\-200',
        '-100\\-200\\NaN',
        '-100\\\\0',
        '-100\\-200\\1e400',
        '-100\\-200\\3,5',
        '-100\\-200\\99999',
        '1\\2\\3\\4',
      ],
      /Image Position/,
    ],
    [
      '00200037',
      'DS',
      [
        undefined,
        '',
        '1\\0\\0',
        '0\\0\\0\\0\\0\\0',
        '1\\0\\0\\1\\0\\0',
        '2\\0\\0\\0\\1\\0',
        'a\\0\\0\\0\\1\\0',
        '1\\0\\0\\0\\1\\',
      ],
      /Image Orientation/,
    ],
    [
      '00280030',
      'DS',
      [undefined, '', '2', '0\\0', '-2\\3', '2\\', 'x\\y', '200\\200', '0.001\\0.001', '2\\3\\4'],
      /Pixel Spacing/,
    ],
    ['00281053', 'DS', [undefined, '', '0', '-1', 'NaN', '1e9', '1O'], /Rescale Slope/],
    ['00281052', 'DS', [undefined, '', '-', '1e9', '-1024 HU'], /Rescale Intercept/],
    ['00281054', 'LO', ['ED', 'Z_EFF'], /instead of HU/],
    ['00280103', 'US', [undefined, [2]], /Pixel Representation/],
    ['00280002', 'US', [[3]], /colours/],
    ['00280004', 'CS', ['PALETTE COLOR'], /colours/],
    ['00280008', 'IS', ['2'], /several frames/],
    ['00280100', 'US', [undefined, [8], [32]], /bits allocated/],
    ['00280101', 'US', [undefined, [8], [17]], /bits allocated/],
    ['00280102', 'US', [undefined, [7], [16]], /bits allocated/],
    ['00280010', 'US', [[0], [3]], /pixels/],
  ];
  for (const [tag, vr, values, words] of bad) {
    for (const value of values) {
      const changes: Elements = { [tag]: value === undefined ? undefined : [vr, value] };
      const one = slices([0, 3, 6], (i) => (i === 1 ? changes : {}));
      const error = rejection(one);
      assert.equal(error.code, 'SERIES_HEADER', `${tag} ${String(value)}`);
      assert.match(error.message, words);
    }
  }
});

test('headers that went through JSON are refused for the same numbers', () => {
  const garbled = slices([0, 3, 6], (i) => (i === 1 ? { '00200032': ['DS', '-100\\-200\\x'] } : {}));
  assertRejected(JSON.parse(JSON.stringify(garbled)) as CtHeader[], 'SERIES_HEADER', /Image Position/);
});

test('a padding value among those of tissue warns', () => {
  const withPadding = (value: number) => checkCtSeries(slices([0, 3, 6], () => ({ '00280120': ['SS', [value]] })));
  assert.deepEqual(codes(withPadding(0)), []);
  assert.deepEqual(codes(withPadding(1024)), ['PADDING_VALUE']);
});

test('no reason for a rejection holds a name, an ID or a UID', () => {
  for (const changes of [
    { '00100020': ['LO', 'SECRET'] },
    { '00200052': ['UI', '1.9'] },
    { '0020000d': ['UI', '1.9'] },
  ] as Elements[]) {
    assert.doesNotMatch(rejection(slices([0, 3], (i) => (i ? changes : {}))).message, /SECRET|P1|Phantom|1\.[29]/);
  }
});
