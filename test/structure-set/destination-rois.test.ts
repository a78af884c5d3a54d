import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destinationRois } from '../../worker/structure-set/destination-rois.ts';
import type { ContouredRoi } from '../../worker/structure-set/destination-rois.ts';
import { roiNames } from '../../src/dicom/rtstruct/roi-name.ts';
import { maskContours } from '../../worker/contours/roi-contours.ts';
import { exampleMasks } from '../dicom/rtstruct/example-structure-set.ts';

const slices = maskContours(exampleMasks['Ring']!);
const drawn = (name: string, more: Partial<ContouredRoi['roi']> = {}, found = true): ContouredRoi => ({
  roi: {
    name,
    description: '',
    interpretedType: 'ORGAN',
    colour: [255, 0, 0],
    deliver: true,
    holes: 'keyhole',
    ...more,
  },
  slices: found ? slices : [],
});
const style = {
  roiSuffix: '^AI',
  roiNames: {},
  roiTypes: {},
  includeRois: [],
  excludeRois: [],
  sendEmpty: false,
  warnings: 'roi-description' as const,
};
const organs = [
  drawn('GTVp', { interpretedType: 'GTV', holes: 'fill' }),
  drawn('Parotid_L'),
  drawn('PTV70', { deliver: false }),
  drawn('Mandible', {}, false),
];

test('every ROI name carries the suffix, has 16 characters at most, and occurs once', () => {
  assert.deepEqual(roiNames(['GTVp', 'Parotid_L'], '^AI'), ['GTVp^AI', 'Parotid_L^AI']);
  // Left stays left, superior stays superior.
  assert.deepEqual(roiNames(['Glnd_Submand_L', 'Glnd_Submand_R', 'Musc_Constrict_S'], '^AI'), [
    'Glnd_Subman_L^AI',
    'Glnd_Subman_R^AI',
    'Musc_Constr_S^AI',
  ]);
  assert.deepEqual(roiNames(['GTV_retropharyngeal', 'GTV_retropharynx'], '^AI'), [
    'GTV_retrophar^AI',
    'GTV_retropha2^AI',
  ]);
  assert.deepEqual(roiNames(['Cord', 'CORD', 'cord'], ''), ['Cord', 'CORD2', 'cord3']);
  const many = roiNames(
    Array.from({ length: 120 }, () => 'A_Very_Long_Organ_Name'),
    '^FIFTEEN_CHARS',
  );
  assert.equal(new Set(many).size, 120);
  assert.ok(many.every((name) => name.length <= 16));
});

test('what was not found and what is not delivered stays out; the ROI number stays', () => {
  assert.deepEqual(
    destinationRois(organs, style).map(({ name, number }) => [name, number]),
    [
      ['GTVp^AI', 1],
      ['Parotid_L^AI', 2],
    ],
  );
  assert.deepEqual(
    destinationRois(organs, { ...style, includeRois: ['PTV70'], excludeRois: ['GTVp'] }).map(({ name, number }) => [
      name,
      number,
    ]),
    [
      ['Parotid_L^AI', 2],
      ['PTV70^AI', 3],
    ],
  );
  assert.deepEqual(
    destinationRois(organs, { ...style, sendEmpty: true }).map(({ name }) => name),
    ['GTVp^AI', 'Parotid_L^AI', 'Mandible^AI'],
  );
});

test('a destination has its own names, types and hole mode', () => {
  const own = {
    ...style,
    roiNames: { Parotid_L: 'Parotis links' },
    roiTypes: { '*': 'ORGAN', GTVp: '' },
    holes: 'nested',
  } as const;
  assert.deepEqual(
    destinationRois(organs, own).map(({ name, interpretedType, holes }) => [name, interpretedType, holes]),
    [
      ['GTVp^AI', '', 'nested'],
      ['Parotis links^AI', 'ORGAN', 'nested'],
    ],
  );
  assert.deepEqual(
    destinationRois(organs, style).map(({ interpretedType, holes }) => [interpretedType, holes]),
    [
      ['GTV', 'fill'],
      ['ORGAN', 'keyhole'],
    ],
  );
});
