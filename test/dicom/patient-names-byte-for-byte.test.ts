import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type DataSet } from '../../src/dicom/data-set.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { patientStudyElements, type RawElement } from '../../src/dicom/patient-study.ts';
import {
  deflatedExplicitVrLittleEndian,
  explicitVrBigEndian,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
} from '../../src/dicom/transfer-syntax.ts';
import { sharedData } from '../support/shared-data.ts';
import { ctElements, dicomFile, type Elements } from './generated-ct.ts';

const folder = sharedData('charset');
const absent = folder === undefined && '../shared/data/charset is absent';
const work = mkdtempSync(join(tmpdir(), 'patient-names-'));
after(() => rmSync(work, { recursive: true }));

function value(elements: readonly RawElement[], tag: string): Buffer {
  return Buffer.from(elements.find((element) => element.tag === tag)?.bytes ?? []);
}

/** Character set, and name as table C.12 examples write it (PS3.5 annexes H, J and X). */
const samples = {
  'chrGB2312.dcm': ['\\ISO 2022 IR 58', 'Zhang^XiaoDong=张^小东='],
  'chrH31.dcm': ['\\ISO 2022 IR 87', 'Yamada^Tarou=山田^太郎=やまだ^たろう'],
  'chrX1.dcm': ['ISO_IR 192', 'Wang^XiaoDong=王^小東='],
  'chrX2.dcm': ['GB18030', 'Wang^XiaoDong=王^小东='],
} as const;

for (const [name, [characterSet, text]] of Object.entries(samples)) {
  test(
    `${name}: the name's bytes and its character set are those of the file, and it reads as it should`,
    { skip: absent },
    () => {
      const bytes = readFileSync(join(folder!, name));
      const elements = patientStudyElements(parseDicom(bytes));
      // Found in the file by hand: tag, VR, length, value.
      const at = bytes.indexOf(Buffer.from('10001000504e', 'hex'));
      const inFile = bytes.subarray(at + 8, at + 8 + bytes.readUInt16LE(at + 6));
      assert.deepEqual(value(elements, '00100010'), inFile);
      assert.equal(value(elements, '00080005').toString('latin1').trimEnd(), characterSet);
      assert.deepEqual(parseDicom(bytes).texts('00100010'), [text]);
    },
  );

  for (const option of ['+ti', '+tb', '+td']) {
    const missing = spawnSync('dcmconv', ['--version']).error !== undefined && 'dcmconv is not installed';
    test(`${name} converted with dcmconv ${option} keeps them`, { skip: absent || missing }, () => {
      const converted = join(work, `${name}${option}`);
      assert.equal(spawnSync('dcmconv', [option, join(folder!, name), converted]).status, 0);
      assert.deepEqual(
        patientStudyElements(parseDicom(readFileSync(converted))),
        patientStudyElements(parseDicom(readFileSync(join(folder!, name)))),
      );
    });
  }
}

test('every byte value survives, from every transfer syntax and from UN (CS 6)', () => {
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const expected = { '00080005': 'GBK', '00100020': everyByte.toString('latin1') };
  for (const [syntax, vr] of [
    [implicitVrLittleEndian, 'LO'],
    [explicitVrLittleEndian, 'LO'],
    [explicitVrLittleEndian, 'UN'],
    [explicitVrBigEndian, 'LO'],
    [deflatedExplicitVrLittleEndian, 'LO'],
  ] as const) {
    const changes: Elements = { '00080005': ['CS', 'GBK'], '00100020': [vr, everyByte] };
    const elements = patientStudyElements(parseDicom(dicomFile(ctElements(0, changes), { syntax })));
    assert.deepEqual(value(elements, '00100020'), everyByte);
    assert.equal(elements.find(({ tag }) => tag === '00100020')!.vr, 'LO');
    assert.equal(value(elements, '00080005').toString('latin1'), 'GBK ', expected['00080005']);
  }
});

test('an odd length becomes even, too long a value stays, absent ones are empty or left out (CS 8.1.1)', () => {
  const long = 'X'.repeat(70);
  const elements = patientStudyElements(
    parseDicom(
      dicomFile(
        ctElements(0, {
          '00080050': ['SH', Buffer.from('ODD')],
          '0020000d': ['UI', Buffer.from('1.2.3')],
          '00100020': ['LO', long],
          '00100030': undefined,
          '00101030': ['DS', ''],
        }),
      ),
    ),
  );
  assert.equal(value(elements, '00080050').toString('latin1'), 'ODD ');
  assert.equal(value(elements, '0020000d').toString('latin1'), '1.2.3\0');
  assert.equal(value(elements, '00100020').toString('latin1'), long);
  const tags = elements.map(({ tag }) => tag);
  assert.ok(tags.includes('00100030') && !tags.includes('00101030') && !tags.includes('00101010'));
  assert.deepEqual(tags, tags.toSorted());
});

test('the sample folder holds what this test names', { skip: absent }, () => {
  assert.deepEqual(
    readdirSync(folder!)
      .filter((name) => name.endsWith('.dcm'))
      .sort(),
    Object.keys(samples).sort(),
  );
  const set: DataSet = parseDicom(readFileSync(join(folder!, 'chrX1.dcm')));
  assert.equal(set.vr('00100010'), 'PN');
});
