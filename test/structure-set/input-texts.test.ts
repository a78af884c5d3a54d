import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destinationRois } from '../../worker/structure-set/destination-rois.ts';
import { inputSentences } from '../../worker/structure-set/input-texts.ts';

const fromCt = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const mr = { name: 'MR', series: '3f2a9c81d07be645', revision: 1, fromCt, date: '20261103' } as const;
const registered = { ...mr, how: 'registration', registrations: ['9ab0000000000001'] } as const;

test('ROI Description says which MR helped, of which date and by which registration', () => {
  const used = [{ name: 'MR', used: true }];
  const [sentence = ''] = inputSentences([{ ...registered, registrations: ['9ab0000000000001'] }], used, []);
  assert.equal(sentence, 'with MR 3f2a9c81d07be645 of 2026-11-03 by registration 9ab0000000000001');
  assert.deepEqual(inputSentences([{ ...mr, how: 'frame-of-reference' }], used, []), [
    'with MR 3f2a9c81d07be645 of 2026-11-03 in the frame of reference of the CT',
  ]);
  const roi = {
    name: 'GTVp',
    description: 'with retropharyngeal nodes',
    interpretedType: 'GTV',
    colour: [255, 0, 0],
    deliver: true,
    holes: 'fill',
  } as const;
  const style = {
    roiSuffix: '^AI',
    roiNames: {},
    roiTypes: {},
    includeRois: [],
    excludeRois: [],
    sendEmpty: true,
    warnings: 'roi-description',
  } as const;
  const [written] = destinationRois(
    [{ roi: { ...roi, colour: [255, 0, 0] }, slices: [], warnings: [{ code: 'VOLUME', text: '90 cm3' }] }],
    { ...style, includeRois: [], excludeRois: [] },
    [],
    [sentence],
  );
  assert.equal(written!.description, `with retropharyngeal nodes; ${sentence}; CHECK: 90 cm3`);
});

test('a structure set of the CT alone says so where an MR was wanted, and nothing where the model takes none', () => {
  const warnings = [{ code: 'INPUT_MISSING', text: 'contoured without MR: no MR of the patient has come' }];
  assert.deepEqual(inputSentences([], [], warnings), ['contoured without MR: no MR of the patient has come']);
  assert.deepEqual(inputSentences([{ ...mr, how: 'rigid' }], [{ name: 'MR', used: false }], []), [
    'MR 3f2a9c81d07be645 of 2026-11-03 was not used',
  ]);
  assert.deepEqual(inputSentences([{ ...mr, how: 'rigid' }], [], [{ code: 'LOSSY', text: 'x' }]), []);
});

test('whatever a sender wrote into an MR, the ROI Description stays printable ASCII of 1024 characters at most', () => {
  const text = `contoured without MR: Image Type MIP S\u00c4GE\\${'X'.repeat(2000)}`;
  const sentences = inputSentences(
    [{ ...mr, date: 'Roe\u00e9', how: 'rigid' }],
    [{ name: 'MR', used: true }],
    [{ code: 'INPUT_MISSING', text }],
  );
  const roi = { name: 'GTVp', description: '', interpretedType: 'GTV', deliver: true, holes: 'fill' } as const;
  const style = { roiSuffix: '^AI', roiNames: {}, roiTypes: {}, includeRois: [], excludeRois: [], sendEmpty: true };
  for (const warnings of ['none', 'roi-description'] as const) {
    const given = [{ roi: { ...roi, colour: [255, 0, 0] as [number, number, number] }, slices: [] }];
    const [written] = destinationRois(given, { ...style, warnings }, [], sentences);
    assert.match(written!.description, /^with MR 3f2a9c81d07be645 of Roe\? registered[ -[\]-~]* \.\.\.$/);
    assert.ok(written!.description.length <= 1024);
  }
});
