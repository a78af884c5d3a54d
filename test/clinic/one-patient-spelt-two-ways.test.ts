import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Elements, Value } from '../dicom/generated-ct.ts';
import { clinicCt, foreignFile } from '../support/clinic-ct.ts';
import { contoured } from './contoured-folder.ts';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');
const name = (bytes: Uint8Array | string, set?: string): Elements => ({
  '00100010': ['PN', bytes],
  ...(set !== undefined && { '00080005': ['CS', set] as [string, Value] }),
});

/** Every third slice spells the patient the second way. */
const mixed = (one: Elements, other: Elements) => clinicCt({ change: (k) => (k % 3 === 1 ? other : one) });

for (const [what, one, other] of [
  ['trailing delimiters of a name', name('Doe^Jane'), name('Doe^Jane^^^')],
  ['empty writings of a name', name('Doe^Jane'), name('Doe^Jane==')],
  ['spaces around the parts of a name', name('Doe^Jane'), name(' Doe ^Jane ')],
  ['zeros behind a name', name('Doe^Jane'), name(latin1('Doe^Jane\0\0'))],
  ['spaces around a Patient ID', { '00100020': ['LO', 'P-17'] }, { '00100020': ['LO', ' P-17  '] }],
  ['a birth date in the old form', { '00100030': ['DA', '19700101'] }, { '00100030': ['DA', '1970.01.01'] }],
  ['Latin-1 and UTF-8', name(latin1('Müller^7'), 'ISO_IR 100'), name(utf8('Müller^7'), 'ISO_IR 192')],
  [
    'Latin-1 with and without code extensions',
    name(latin1('Müller'), 'ISO_IR 100'),
    name(latin1('Müller'), 'ISO 2022 IR 100'),
  ],
  ['a set that is spelt wrongly', name(latin1('Müller'), 'ISO_IR 100'), name(latin1('Müller'), 'ISO-IR 100')],
  [
    'an accent written as a character of its own',
    name(utf8('M\u00fcller'), 'ISO_IR 192'),
    name(utf8('Mu\u0308ller'), 'ISO_IR 192'),
  ],
  ['GB18030 and UTF-8', name(Buffer.from('cdf5d0a1c3f7', 'hex'), 'GB18030'), name(utf8('王小明'), 'ISO_IR 192')],
  [
    'ISO 2022 and UTF-8',
    name(Buffer.from('Hong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7', 'latin1'), '\\ISO 2022 IR 149'),
    name(utf8('Hong=洪^吉洞'), 'ISO_IR 192'),
  ],
] as [string, Elements, Elements][]) {
  test(`one patient is one patient: ${what} (CS 8.1.2)`, async (t) => {
    const { slices, codes } = await contoured(t, mixed(one, other));
    assert.deepEqual([slices, codes], [24, []]);
  });
}

test('what is empty in some slices is filled from the others, with a warning, and with one character set (CS 8.1.2)', async (t) => {
  const files = mixed(
    { ...name('', 'ISO_IR 192'), '00100040': ['CS', 'F'] },
    { ...name(latin1('Müller^7'), 'ISO_IR 100'), '00100040': ['CS', 'F'] },
  );
  const { dataSet, warnings } = await contoured(t, files);
  assert.deepEqual(warnings, [
    { code: 'IDENTITY_INCOMPLETE', severity: 'warning', text: "Patient's Name is empty in 16 of 24 slices" },
  ]);
  assert.equal(dataSet.string('00080005'), 'ISO_IR 100');
  assert.deepEqual(Buffer.from(dataSet.raw('00100010')!), latin1('Müller^7'));
  const sexless = await contoured(t, mixed({ '00100040': ['CS', 'F'] }, { '00100040': ['CS', ''] }));
  assert.match(sexless.warnings[0]!.text, /^Patient's Sex is empty in 8 of 24 slices$/);
});

test('two patients are refused, and the attribute named', async (t) => {
  for (const [attribute, other] of [
    ['Patient ID', { '00100020': ['LO', 'P2'] }],
    ['Patient ID', { '00100020': ['LO', 'P01'] }],
    ["Patient's Name", name('Test^Phantom^A')],
    ["Patient's Name", name('Test Phantom')],
    ["Patient's Birth Date", { '00100030': ['DA', '19700102'] }],
    ["Patient's Sex", { '00100040': ['CS', 'F'] }],
    ["Patient's Name", name(latin1('M\xfcller'), 'ISO_IR 144')],
  ] as [string, Elements][]) {
    const one = attribute === "Patient's Name" && other['00080005'] ? name(latin1('M\xfcller'), 'ISO_IR 100') : {};
    await assert.rejects(contoured(t, mixed(one, other)), {
      code: 'SERIES_MIXED_IDENTITY',
      message: 'two patients in one series',
      remedy: new RegExp(`^${attribute} differs`),
    });
  }
});

test('who stands on an image that is left out does not count', async (t) => {
  const page = foreignFile(
    { change: () => ({ '00100020': ['LO', 'OTHER'], '0020000d': ['UI', '1.9'] }) },
    'a colour report page',
  );
  const { slices, codes } = await contoured(t, [...clinicCt(), page]);
  assert.deepEqual([slices, codes], [24, ['LEFT_OUT']]);
});
