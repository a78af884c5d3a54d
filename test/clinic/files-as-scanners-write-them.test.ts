import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deflatedExplicitVrLittleEndian,
  explicitVrBigEndian,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
} from '../../src/dicom/transfer-syntax.ts';
import { element, type Elements } from '../dicom/generated-ct.ts';
import { brokenElements, vrFlags, withBytes } from '../support/broken-elements.ts';
import { clinicCt, clinicSlice } from '../support/clinic-ct.ts';
import { contoured } from './contoured-folder.ts';

/** Pixels of a good slice with these bytes behind them. */
function withSurplus(k: number, surplus: Uint8Array): Elements {
  const words = clinicSlice({}, k)['7fe00010']![1] as number[];
  return { '7fe00010': ['OW', Buffer.concat([Buffer.from(Uint16Array.from(words).buffer), surplus])] };
}

test('bytes behind the pixels are cut off, and the contours are those of a clean series (CS 8.1.2)', async (t) => {
  const clean = await contoured(t, clinicCt());
  for (const surplus of [
    Buffer.alloc(2),
    Buffer.from([1, 2, 3, 4]),
    Buffer.alloc(1),
    Buffer.alloc(128, 7),
    Buffer.alloc(16384),
  ]) {
    const padded = await contoured(t, clinicCt({ change: (k) => withSurplus(k, surplus) }));
    assert.deepEqual(padded.structureSet.rois[0]!.contours, clean.structureSet.rois[0]!.contours);
    // An odd length is made even by one byte, which is no surplus.
    assert.deepEqual(padded.codes, surplus.length === 1 ? [] : ['SURPLUS_PIXEL_BYTES']);
    if (surplus.length > 1) assert.match(padded.warnings[0]!.text, /pixels of 24 of 24 slices were cut off/);
  }
});

test('too few pixels, and as many more as a second image, are refused with a remedy that fits', async (t) => {
  const words = (k: number) => clinicSlice({}, k)['7fe00010']![1] as number[];
  const short = clinicCt({ change: (k) => (k === 5 ? { '7fe00010': ['OW', words(k).slice(1)] } : {}) });
  await assert.rejects(contoured(t, short), {
    code: 'PIXEL_DECODING',
    message: /8190 bytes instead of 8192/,
    remedy: /pixels are missing/,
  });
  const double = clinicCt({ change: (k) => (k === 5 ? { '7fe00010': ['OW', [...words(k), ...words(k)]] } : {}) });
  await assert.rejects(contoured(t, double), { code: 'PIXEL_DECODING', remedy: /rows, columns, frames or bits/ });
  const bits = clinicCt({ change: (): Elements => ({ '00280101': ['US', [17]] }) });
  await assert.rejects(contoured(t, bits), { code: 'PIXEL_DECODING', message: /17 stored/, remedy: /9 to 16 stored/ });
});

test('UIDs with leading zeros are taken, and stand in the structure set as the scanner wrote them (CS 8.1.2)', async (t) => {
  const { dataSet, structureSet, slices } = await contoured(t, clinicCt({ uids: '1.2.826.0.1.3680043.8.498.001.07' }));
  assert.equal(slices, 24);
  assert.equal(dataSet.string('0020000d'), '1.2.826.0.1.3680043.8.498.001.07.1');
  assert.equal(structureSet.frameOfReferenceUid, '1.2.826.0.1.3680043.8.498.001.07.3');
  assert.equal(structureSet.referencedSeriesUid, '1.2.826.0.1.3680043.8.498.001.07.2');
  const [contour] = structureSet.rois[0]!.contours;
  assert.match(contour!.referencedSopInstanceUid!, /^1\.2\.826\.0\.1\.3680043\.8\.498\.001\.07\.4\.\d+$/);
});

test('a UID of more than 64 characters is refused, and the attribute named (CS 8.1.2)', async (t) => {
  for (const [tag, name] of [
    ['00080018', 'SOP Instance UID'],
    ['0020000d', 'Study Instance UID'],
    ['0020000e', 'Series Instance UID'],
    ['00200052', 'Frame of Reference UID'],
  ] as const) {
    const long = `1.2.${'3'.repeat(62)}`;
    const files = clinicCt({ change: () => ({ [tag]: ['UI', long] }) });
    await assert.rejects(contoured(t, files), { code: 'DICOM_UID', message: new RegExp(`${name} has 66 characters`) });
  }
});

for (const syntax of [
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  explicitVrBigEndian,
  deflatedExplicitVrLittleEndian,
]) {
  const flags = vrFlags(syntax);
  const garbled = (before: string, extra: Buffer) =>
    clinicCt({ syntax, garble: (file) => withBytes(file, before, extra, syntax) });
  for (const [fault, extra] of Object.entries(brokenElements(syntax))) {
    test(`${fault} does not make a CT unreadable (${syntax}) (CS 8.1.2)`, async (t) => {
      const { slices, codes } = await contoured(t, garbled('00100010', extra));
      assert.deepEqual([slices, codes], [24, []]);
    });
  }

  test(`a position or a patient that comes twice and differs is refused (${syntax})`, async (t) => {
    for (const [tag, vr, value] of [
      ['00200032', 'DS', '1\\2\\3 '],
      ['00100020', 'LO', 'P2'],
    ] as const) {
      const twice = garbled(tag, element(tag, vr, Buffer.from(value), flags));
      await assert.rejects(contoured(t, twice), {
        code: 'DICOM_UNREADABLE',
        message: new RegExp(`element \\(${tag.slice(0, 4)},${tag.slice(4)}\\) occurs twice`),
      });
    }
  });
}
