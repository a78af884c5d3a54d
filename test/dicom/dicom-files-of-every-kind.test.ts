import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { parseDicom, readHeader } from '../../src/dicom/read-data-set.ts';
import { fileMetaInformation } from '../../src/dicom/part10.ts';
import {
  deflatedExplicitVrLittleEndian,
  explicitVrBigEndian,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
} from '../../src/dicom/transfer-syntax.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { ctElements, ctSlice, dicomFile, element, numberedPixels } from './generated-ct.ts';

const work = mkdtempSync(join(tmpdir(), 'dicom-files-'));
after(() => rmSync(work, { recursive: true }));

const native = [implicitVrLittleEndian, explicitVrLittleEndian, explicitVrBigEndian, deflatedExplicitVrLittleEndian];
const isUnreadable = (error: unknown): boolean =>
  error instanceof ContourNodeError && error.code === 'DICOM_UNREADABLE';

function file(syntax: string, ...dataSet: Uint8Array[]): Buffer {
  return Buffer.concat([
    fileMetaInformation({ sopClassUid: '1.2', sopInstanceUid: '1.3', transferSyntaxUid: syntax }),
    ...dataSet,
  ]);
}

for (const syntax of native) {
  test(`${syntax}: text, numbers, words and sequences are read alike`, () => {
    const options = { implicitVr: syntax === implicitVrLittleEndian, bigEndian: syntax === explicitVrBigEndian };
    const item = element('00080100', 'SH', Buffer.from('CODE'), options);
    const sequence = Buffer.concat([element('fffee000', '', item, { ...options, implicitVr: true })]);
    const data = parseDicom(
      ctSlice(
        1.5,
        { '00081032': ['SQ', sequence], '00280106': ['SS', [0xffff]], '00200013': ['IS', ' 12 '] },
        { syntax },
      ),
    );
    assert.equal(data.meta.transferSyntaxUid, syntax);
    assert.deepEqual(data.numbers('00280010'), [20]);
    assert.deepEqual(data.numbers('00200032'), [-100, -200, 1.5]);
    assert.deepEqual(data.numbers('00200013'), [12]);
    assert.deepEqual(data.strings('00080008'), ['ORIGINAL', 'PRIMARY', 'AXIAL']);
    assert.deepEqual(
      data.items('00081032').map((code) => code.string('00080100')),
      ['CODE'],
    );
    assert.equal(data.vr('00081032'), 'SQ');
    assert.equal(data.vr('00100010'), 'PN');
    assert.deepEqual([...data.raw('00280010')!], [20, 0]);
    assert.deepEqual(Buffer.from(data.raw('7fe00010')!), Buffer.from(Uint16Array.from(numberedPixels(20, 16)).buffer));
    assert.deepEqual(
      [data.has('00081070'), data.raw('00081070'), data.string('00081070'), data.numbers('00081070')],
      [false, undefined, undefined, []],
    );
  });

  test(`${syntax}: the header alone says the same, and a file shorter than its pixels is an error`, async () => {
    const bytes = ctSlice(3, {}, { syntax });
    const path = join(work, syntax);
    writeFileSync(path, bytes);
    const header = await readHeader(path);
    const whole = parseDicom(bytes);
    assert.deepEqual([header.meta, header.tags, header.pixelData], [whole.meta, whole.tags, whole.pixelData]);
    writeFileSync(path, bytes.subarray(0, -1));
    await assert.rejects(readHeader(path), isUnreadable);
  });

  test(`${syntax}: cut off anywhere it is an error, never a shorter data set`, () => {
    const bytes = ctSlice(0, {}, { syntax });
    const dataSetBegins = parseDicom(bytes).dataSetOffset;
    for (let length = 0; length < bytes.length; length += length < 1200 ? 1 : 37) {
      try {
        const { pixelData } = parseDicom(bytes.subarray(0, length));
        // Between two elements nothing shows that more should come: then the pixels are missing, and no CT is without.
        assert.equal(pixelData, undefined, `cut at ${length}`);
        assert.ok(length >= dataSetBegins);
      } catch (error) {
        assert.ok(isUnreadable(error), String(error));
      }
    }
  });
}

test('a header larger than what is read first is read on', async () => {
  const path = join(work, 'large-header');
  writeFileSync(path, ctSlice(0, { '00091010': ['OB', new Uint8Array(200_000)] }));
  assert.equal((await readHeader(path)).numbers('00280010')[0], 20);
});

test('what is no DICOM file is said to be none; an absent file has its own error', async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(131), Buffer.alloc(4096), Buffer.from('%PDF-1.7'.repeat(100))]) {
    assert.throws(() => parseDicom(bytes), /not a DICOM file/);
  }
  assert.throws(() => parseDicom(Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')])), /no Transfer Syntax UID/);
  await assert.rejects(readHeader(join(work, 'absent')), { code: 'PATH_NOT_FOUND' });
});

test('random bytes behind a good start never do more than an error', () => {
  let state = 7;
  const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  for (const syntax of native) {
    const good = ctSlice(0, {}, { syntax });
    for (let round = 0; round < 150; round++) {
      const bytes = Buffer.from(good);
      for (let i = 0; i < 8; i++) bytes[132 + Math.floor(random() * (bytes.length - 132))] = Math.floor(random() * 256);
      try {
        const data = parseDicom(bytes);
        for (const tag of data.tags) void [data.numbers(tag), data.texts(tag), data.items(tag)];
      } catch (error) {
        assert.ok(isUnreadable(error), String(error));
      }
    }
  }
});

test('sequences nested a hundred thousand deep, and a deflated file of gigabytes, are errors', () => {
  const opening = Buffer.from('0800321053510000fffffffffeff00e0ffffffff', 'hex');
  assert.throws(
    () => parseDicom(file(explicitVrLittleEndian, ...Array.from({ length: 100_000 }, () => opening))),
    isUnreadable,
  );
  const bomb = deflateRawSync(Buffer.alloc(150 * 1024 * 1024));
  assert.throws(() => parseDicom(file(deflatedExplicitVrLittleEndian, bomb)), isUnreadable);
});

test('of an element that occurs twice the first counts, and a second one with another value is known', () => {
  const position = (z: string) => element('00200032', 'DS', Buffer.from(`0\\0\\${z} `));
  assert.equal(parseDicom(file(explicitVrLittleEndian, position('1'), position('1'))).doubtful.size, 0);
  const twice = parseDicom(file(explicitVrLittleEndian, position('1'), position('2')));
  assert.deepEqual(twice.numbers('00200032'), [0, 0, 1]);
  assert.deepEqual([...twice.doubtful], [['00200032', 'occurs twice with different values']]);
});

test('UN is read by the dictionary, 64-bit VRs keep the rest in step, odd lengths are taken', () => {
  const data = parseDicom(
    dicomFile({
      ...ctElements(0),
      '00100010': ['UN', Buffer.from('Test^Odd')],
      '00280010': ['UN', Buffer.from([20, 0])],
      '00081030': ['LO', Buffer.from('odd')],
      '00720082': ['SV', Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
      '7fe00001': ['OV', Buffer.alloc(8)],
    }),
  );
  assert.deepEqual([data.vr('00100010'), data.string('00100010'), data.numbers('00280010')], ['PN', 'Test^Odd', [20]]);
  assert.equal(data.string('00081030'), 'odd');
  assert.deepEqual(data.numbers('00720082'), [-1]);
  assert.equal(data.pixelData!.length, 640);
});

test('sequences and UN of undefined length, empty private elements at the end', () => {
  const item = (content: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from('feff00e0ffffffff', 'hex'), content, Buffer.from('feff0de000000000', 'hex')]);
  const end = Buffer.from('feffdde000000000', 'hex');
  const explicitItem = item(element('00080100', 'SH', Buffer.from('CODE')));
  const implicitItem = item(element('00080100', 'SH', Buffer.from('CODE'), { implicitVr: true }));
  const data = parseDicom(
    file(
      explicitVrLittleEndian,
      Buffer.from('0800321053510000ffffffff', 'hex'),
      explicitItem,
      explicitItem,
      end,
      Buffer.from('08004011554e0000ffffffff', 'hex'),
      implicitItem,
      end,
      element('00091001', 'LO', Buffer.alloc(0)),
    ),
  );
  assert.deepEqual(
    data.items('00081032').map((code) => code.string('00080100')),
    ['CODE', 'CODE'],
  );
  assert.deepEqual(
    data.items('00081140').map((code) => code.string('00080100')),
    ['CODE'],
  );
  const implicit = parseDicom(
    file(implicitVrLittleEndian, element('00091001', '', Buffer.alloc(0), { implicitVr: true })),
  );
  assert.deepEqual(implicit.tags, ['00091001']);
});

test('bytes behind the pixels are ignored', () => {
  assert.equal(parseDicom(Buffer.concat([ctSlice(0), Buffer.alloc(511)])).pixelData!.length, 640);
});

test('an encapsulated image without its end is an error', () => {
  const elements = ctElements(0, { '7fe00010': undefined });
  const bytes = dicomFile(elements, {
    syntax: '1.2.840.10008.1.2.4.80',
    encapsulated: [Buffer.alloc(100), Buffer.alloc(50)],
  });
  assert.deepEqual(
    parseDicom(bytes).pixelData!.fragments.map(({ length }) => length),
    [100, 50],
  );
  for (const cut of [8, 12, 60, 150]) assert.throws(() => parseDicom(bytes.subarray(0, -cut)), isUnreadable);
});
