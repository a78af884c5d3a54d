import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchiveCase } from '../../worker/archive/match-cases.ts';
import { foldOf } from '../../worker/training/fold.ts';
import { split } from '../../worker/training/split.ts';
import { trainingConfigSchema } from '../../worker/training/training-config.ts';
import { smallConfig } from './small-training.ts';

const dataSchema = trainingConfigSchema.shape.data;
function data(changes: object = {}) {
  const parsed = dataSchema.parse({ source: 'dicom', ...changes });
  if (parsed.source !== 'dicom') throw new Error('not dicom');
  return parsed;
}

const one = (id: string, patient: string, place = id): ArchiveCase => {
  return {
    id,
    place,
    patient,
    seriesInstanceUid: id,
    ctFiles: [],
    modalities: [],
    rtstruct: '',
    content: '',
    roiNames: [],
  };
};
const many = Array.from({ length: 40 }, (_, n) => one(`case-${n}`, `patient-${n >> 1}`));

test('two series of one patient are always on the same side, the same seed gives the same sides', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const sides = split(many, data({ validationShare: 0.25 }), seed);
    const aside = sides.filter(({ side }) => side === 'validation').map((entry) => entry.case);
    assert.equal(new Set(aside.map(({ patient }) => patient)).size, 5);
    assert.equal(aside.length, 10, 'both series of each');
    assert.deepEqual(split(many.toReversed(), data({ validationShare: 0.25 }), seed), sides, 'in any order');
  }
  assert.notDeepEqual(split(many, data(), 1), split(many, data(), 2));
});

test('150 patients are 120 to train on, 15 to validate with and 15 for the test, as in the paper', () => {
  const patients = Array.from({ length: 150 }, (_, n) => one(`case-${n}`, `patient-${n}`));
  const shares = split(patients, data({ validationShare: 0.1, testShare: 0.1 }), 1);
  const counts = Object.groupBy(shares, ({ side }) => side ?? 'left out');
  const lengths = Object.fromEntries(Object.entries(counts).map(([side, of]) => [side, of.length]));
  assert.deepEqual(lengths, { validation: 15, test: 15, training: 120 });
});

test('in K folds each patient is set aside once, and those for the test never', () => {
  const patients = Array.from({ length: 23 }, (_, n) => one(`case-${n}`, `patient-${n}`));
  const config = trainingConfigSchema.parse({ ...smallConfig(), data: { source: 'dicom', testShare: 0.13 } });
  const aside = [1, 2, 3, 4].flatMap((number) => {
    const { data, bundle } = foldOf(config, `${number}/4`);
    assert.equal(bundle.name, `discs-fold-${number}`);
    if (data.source !== 'dicom') throw new Error('not dicom');
    const sides = split(patients, data, 1);
    assert.equal(sides.filter(({ side }) => side === 'test').length, 3);
    return sides.filter(({ side }) => side === 'validation').map(({ case: { patient } }) => patient);
  });
  assert.equal(aside.length, 20);
  assert.equal(new Set(aside).size, 20);
  for (const wrong of ['0/4', '5/4', '1/1', '2'])
    assert.throws(() => foldOf(config, wrong), { code: 'USAGE', message: /--fold/ });
  assert.throws(() => foldOf(smallConfig(), '1/4'), { code: 'CONFIG_INVALID' });
});

test('lists name patients by Patient ID or by folder; who is in neither is left out', () => {
  const cases = [
    one('1', 'A', 'x/a'),
    one('2', 'A', 'x/a2'),
    one('3', 'B', 'y/b'),
    one('4', 'C', 'z'),
    one('5', 'D', 'w'),
  ];
  const sides = (changes: object): Record<string, string | undefined> =>
    Object.fromEntries(split(cases, data(changes), 1).map(({ case: { id }, side }) => [id, side]));
  const rest = { 1: 'validation', 2: 'validation', 3: 'training', 4: 'training', 5: 'training' };
  assert.deepEqual(sides({ validation: ['A'] }), rest);
  assert.deepEqual(sides({ validation: ['x/a/'] }), rest, 'the other series of the patient goes along');
  assert.deepEqual(sides({ validation: ['y', 'z'], training: ['A'] }), {
    1: 'training',
    2: 'training',
    3: 'validation',
    4: 'validation',
    5: undefined,
  });
  assert.throws(() => sides({ validation: ['A', 'E'] }), {
    code: 'CONFIG_INVALID',
    message: 'data.validation, entry 2: the archive has no such patient',
  });
  assert.throws(() => sides({ validation: ['A'], training: ['x/a2', 'B'] }), {
    code: 'CONFIG_INVALID',
    message: /name the same patient/,
  });
});

test('one patient alone cannot be split, and an archive with one Patient ID for all is told what to do', () => {
  const same = [one('1', 'ANON'), one('2', 'ANON')];
  assert.throws(() => split(same, data(), 1), {
    message: '2 CT series, all of one patient',
    remedy: /patients: folder/,
  });
});
