import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ctHeaderOf } from '../../src/dicom/ct-header.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { type SeriesImage, sortImages } from '../../src/dicom/sort-images.ts';
import { ctSlice, type Elements } from './generated-ct.ts';

const image = (z: number, changes: Elements = {}): SeriesImage => ctHeaderOf(parseDicom(ctSlice(z, changes)));
const positions = Array.from({ length: 12 }, (_, k) => 3 * k);
const sagittal: Elements = { '00200037': ['DS', '0\\1\\0\\0\\0\\-1'] };

test('a page can say of every image that is no slice why it is none, in groups', () => {
  const slices = positions.map((z) => image(z));
  const others = [
    image(50, { ...sagittal, '00080008': ['CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'] }),
    image(51, sagittal),
    image(52, sagittal),
    image(53, { '00200032': ['DS', '40\\-200\\53'] }),
    image(54, { '00280010': ['US', [40]] }),
    image(55, { '00080008': ['CS', 'DERIVED\\SECONDARY\\MIP'] }),
    image(56, { '00200032': undefined }),
    image(57, { '00281053': ['DS', '1O'] }),
  ];
  const sorted = sortImages([...others.slice(0, 4), ...slices, ...others.slice(4)]);
  assert.deepEqual(sorted.slices, slices);
  assert.deepEqual(
    sorted.others.map(({ kind, reason, images }) => [kind, reason, images.length]),
    [
      ['localiser', 'Image Type LOCALIZER', 1],
      ['projection', 'Image Type MIP', 1],
      ['no place', 'no usable Image Position (three numbers within 20 m)', 1],
      ['orientation', 'sagittal', 2],
      ['matrix', '16 x 40 pixels', 1],
      ['place', 'up to 140.0 mm beside the others', 1],
      ['damaged', 'no usable Rescale Slope', 1],
    ],
  );
  assert.deepEqual(sorted.acquisitions, []);
});

test('two acquisitions at the same positions are told apart, so that one of them can be contoured', () => {
  const of = (number: string, count: number, pixelSha256: string): SeriesImage[] =>
    positions.slice(0, count).map((z) => ({
      ...image(z, { '00200012': ['IS', number], '00080018': ['UI', `1.2.${number}.${z + 1}`] }),
      pixelSha256: `${pixelSha256} ${z}`,
    }));
  const [first, second] = [of('1', 12, 'a'), of('2', 8, 'b')];
  const { acquisitions, others } = sortImages([...second, ...first]);
  assert.deepEqual(
    acquisitions.map(({ name, images }) => [name, images.length]),
    [
      ['Acquisition Number 1', 12],
      ['Acquisition Number 2', 8],
    ],
  );
  assert.deepEqual(sortImages(acquisitions[0]!.images).slices, first);
  assert.deepEqual(others, []);

  // The same pixels: a repeat, whatever its Acquisition Number; what came first is kept.
  const repeat = sortImages([...first, ...of('2', 8, 'a')]);
  assert.deepEqual(repeat.slices, first);
  assert.deepEqual(
    repeat.others.map(({ kind, images }) => [kind, images.length]),
    [['repeat', 8]],
  );
});
