import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transformed } from '../../src/dicom/affine.ts';
import { keptInstanceOf } from '../../src/dicom/kept-instance.ts';
import { checkMrSeries } from '../../src/dicom/mr-series.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { ctSliceFile } from '../support/ct-slice.ts';
import { type MrSlice, mrSlice } from '../support/mr-slice.ts';

const series = '1.2.826.10.1';

async function mrImages(numbers: readonly number[], of: (number: number) => Partial<MrSlice> = () => ({})) {
  const images = [];
  for (const number of numbers)
    images.push(await keptInstanceOf(parseDicom(ctSliceFile(mrSlice({ series, number, ...of(number) })))));
  return images;
}

async function refusal(numbers: readonly number[], of: (number: number) => Partial<MrSlice>): Promise<string> {
  try {
    checkMrSeries(await mrImages(numbers, of));
  } catch (error) {
    if (error instanceof ContourNodeError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return '';
}

const twelve = Array.from({ length: 12 }, (_, i) => 12 - i);

test('an MR has no rescale, and says by which sequence it was taken (CS 8.1.4)', async () => {
  const [image] = await mrImages([1]);
  assert.deepEqual([image!.slope, image!.intercept], [1, 0]);
  assert.deepEqual(image!.mr, {
    seriesDescription: 'T1 TSE TRA GD',
    sequenceName: '',
    scanningSequence: ['SE'],
    echoTime: 12,
    repetitionTime: 550,
    contrastAgent: 'Gadobutrol',
    fieldStrength: 3,
  });
});

test('the slices of an oblique MR make one volume, with every voxel at its place (CS 8.1.4)', async () => {
  // Tilted about x by 0.3 radians; steps of 4 mm along the normal.
  const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
  const start = [-16, 20, 5] as const;
  const images = await mrImages(twelve, (number) => ({
    orientation: [1, 0, 0, 0, c, s],
    origin: [start[0], start[1] - 4 * number * s, start[2] + 4 * number * c],
  }));
  const { geometry, slices, warnings } = checkMrSeries(images, { minimumSlices: 10 });
  assert.deepEqual(
    slices.map(({ instanceNumber }) => Number(instanceNumber)),
    twelve.toReversed(),
  );
  assert.deepEqual(warnings, []);
  assert.deepEqual([geometry.columns, geometry.rows, geometry.z.length], [16, 16, 12]);
  // Column 3, row 5 of the slice with number 8, by hand: pixels of 2 mm.
  const expected = [start[0] + 6, start[1] - 32 * s + 10 * c, start[2] + 32 * c + 10 * s];
  const place = transformed(geometry.toPatient, [3, 5, 7]);
  for (const [i, value] of expected.entries()) assert.ok(Math.abs(place[i]! - value) < 1e-6, place.join());
});

test('a sagittal MR is as good as an axial one (CS 8.1.4)', async () => {
  const images = await mrImages(twelve, (number) => ({
    orientation: [0, 1, 0, 0, 0, -1],
    origin: [3 * number, -16, 16],
  }));
  const { geometry } = checkMrSeries(images);
  // Row x column direction runs to the right here: the first slice is the one furthest to the left.
  assert.deepEqual(
    transformed(geometry.toPatient, [0, 0, 0]).map((value) => value + 0),
    [36, -16, 16],
  );
});

test('an MR series that is no volume is refused in words (CS 8.1.4)', async () => {
  assert.match(
    await refusal(
      twelve.filter((number) => number !== 6),
      () => ({}),
    ),
    /^SERIES_MISSING_SLICE: gap of 6.0 mm between slices 5 and 6, expected 3.0 mm$/,
  );
  assert.equal(
    await refusal([...twelve, 13, 14, 15], (number) => (number > 12 ? { z: 3 * (number - 12) } : {})),
    'SERIES_DUPLICATE_POSITION: several images at one position, as of several echoes, moments or b-values in one series',
  );
  assert.equal(
    await refusal(twelve, (number) => (number > 6 ? { patientId: 'P-2' } : {})),
    'SERIES_MIXED_IDENTITY: two patients in one series',
  );
  assert.equal(
    await refusal(twelve, (number) => (number > 6 ? { frame: '1.2.3.907' } : {})),
    'SERIES_MIXED_FRAME: two frames of reference in one series',
  );
  assert.match(
    await refusal(twelve, (number) => ({ origin: [-16 + number * 3, -16, number * 3] })),
    /^SERIES_SPACING: slices lie up to 33.0 mm beside an even stack$/,
  );
  // What a sender wrote goes on as printable ASCII, and no more of it than it takes.
  assert.equal(
    await refusal(twelve, () => ({ imageType: `DERIVED\\SECONDARY\\MIP SÄGE ${'X'.repeat(500)}` })),
    `SERIES_PROJECTION: all images are projections (Image Type MIP S??GE ${'X'.repeat(54)})`,
  );
  assert.equal(
    await refusal(twelve, () => ({ more: [['00280004', 'CS', 'MONOCHROME1']] })),
    'SERIES_HEADER: a slice is not MONOCHROME2: its low values are bright',
  );
  assert.equal(
    await refusal(twelve, () => ({ imageType: 'ORIGINAL\\PRIMARY\\M\\ND\\MOSAIC' })),
    'SERIES_HEADER: a slice is a mosaic of several slices (Image Type MOSAIC)',
  );
  assert.equal(
    await refusal([1, 2, 3], () => ({ imageType: 'ORIGINAL\\PRIMARY\\LOCALIZER' })),
    'SERIES_LOCALISER: nothing to contour: localiser',
  );
  assert.match(
    await refusal(twelve, (number) => (number > 6 ? { orientation: [0, 1, 0, 0, 0, -1] } : {})),
    /^SERIES_MIXED_SIZE: slices of different orientation/,
  );
});
