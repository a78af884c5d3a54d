import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ctHeaderOf } from '../../src/dicom/ct-header.ts';
import { type DicomFile } from '../../src/dicom/data-set.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { decodeFragments } from '../../src/dicom/pixel-codecs.ts';
import { decodeHu } from '../../src/dicom/pixel-data.ts';
import { transferSyntaxes } from '../../src/dicom/transfer-syntax.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { sharedData } from '../support/shared-data.ts';
import { ctElements, dicomFile, type Elements, numberedPixels } from './generated-ct.ts';

const folder = sharedData('codecs');
const skip = folder === undefined && '../shared/data/codecs is absent';
const geometry = {
  rows: 512,
  columns: 512,
  rowSpacing: 1,
  columnSpacing: 1,
  originX: 0,
  originY: 0,
  reverseRows: false,
  reverseColumns: false,
  z: [0],
};

const compressed = transferSyntaxes.filter(
  ({ codec }) => codec !== 'native' && codec !== undefined && codec !== 'htj2k',
);

function sample(uid: string): DicomFile {
  return parseDicom(
    readFileSync(
      join(
        folder!,
        readdirSync(folder!).find((name) => name.endsWith(`-${uid}.dcm`))!,
      ),
    ),
  );
}

/** The file with other compressed bytes. */
function withFrame(file: DicomFile, frame: Uint8Array): Pick<DicomFile, 'transferSyntax' | 'bytes' | 'pixelData'> {
  const pixelData = { ...file.pixelData!, fragments: [{ offset: 0, length: frame.length }] };
  return { transferSyntax: file.transferSyntax, bytes: frame, pixelData };
}

function frameOf(file: DicomFile): Uint8Array {
  const { offset, length } = file.pixelData!.fragments[0]!;
  return Uint8Array.from(file.bytes.subarray(offset, offset + length));
}

function describe(file: DicomFile) {
  const { rows, columns, bitsStored, pixelRepresentation } = ctHeaderOf(file);
  return { rows, columns, bitsStored, signed: pixelRepresentation === 1 };
}

const isPixelDecoding = (error: unknown): boolean =>
  error instanceof ContourNodeError && error.code === 'PIXEL_DECODING' && !error.message.includes('\n');

for (const { uid, name } of compressed) {
  test(`${name}: a frame cut short anywhere is an error`, { skip }, async () => {
    const file = sample(uid);
    const frame = frameOf(file);
    for (const share of [0, 0.001, 0.01, 0.3, 0.7, 0.99]) {
      const cut = withFrame(file, frame.slice(0, Math.floor(share * frame.length)));
      await assert.rejects(decodeFragments(cut, describe(file)), isPixelDecoding, `cut at ${share}`);
    }
    // The decoder is as good as before.
    assert.equal((await decodeFragments(file, describe(file))).length, 512 * 512);
  });

  test(`${name}: garbled bytes give an error or pixels, in time, and the process goes on`, { skip }, async () => {
    const file = sample(uid);
    let state = 1;
    const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
    for (let round = 0; round < 8; round++) {
      const frame = frameOf(file);
      // Every other round in the first hundred bytes, where the stream describes itself.
      const range = round % 2 === 0 ? frame.length : 100;
      for (let i = 0; i < 12; i++) frame[Math.floor(random() * range)] = Math.floor(random() * 256);
      const words = await decodeFragments(withFrame(file, frame), describe(file), 1500).catch((error: unknown) => {
        assert.ok(isPixelDecoding(error), String(error));
      });
      if (words) assert.equal(words.length, 512 * 512);
    }
    assert.equal((await decodeFragments(file, describe(file))).length, 512 * 512);
  });
}

test('a decoder that does not end is ended, and the next slice is decoded', { skip }, async () => {
  const file = sample('1.2.840.10008.1.2.4.90');
  await assert.rejects(decodeFragments(file, describe(file), 1), /time is up/);
  assert.equal((await decodeFragments(file, describe(file))).length, 512 * 512);
});

test('slices decoded at once do not disturb one another', { skip }, async () => {
  const good = sample('1.2.840.10008.1.2.4.80');
  const bad = withFrame(good, frameOf(good).fill(0xaa, 200, -2));
  const results = await Promise.allSettled(
    [good, bad, good, bad, good].map((file) => decodeFragments(file, describe(good))),
  );
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  );
});

test(
  'a frame of another size, precision or number of colours than the header is an error before it is decoded',
  { skip },
  async () => {
    const file = sample('1.2.840.10008.1.2.4.70');
    await assert.rejects(decodeFragments(file, { ...describe(file), rows: 256 }), /a frame of 512 x 512 x 1, 16 bits/);
    const frame = frameOf(file);
    const startOfFrame = Buffer.from(frame).indexOf(Buffer.from('ffc3', 'hex'));
    frame[startOfFrame + 5] = 0xff;
    await assert.rejects(decodeFragments(withFrame(file, frame), describe(file)), /a frame of 512 x 65280 x 1/);
  },
);

test('native pixels that are not as many as rows and columns say are an error', async () => {
  const geometry = {
    rows: 20,
    columns: 16,
    rowSpacing: 1,
    columnSpacing: 1,
    originX: 0,
    originY: 0,
    reverseRows: false,
    reverseColumns: false,
    z: [0],
  };
  const decode = (changes: Elements) => decodeHu(dicomFile(ctElements(0, changes)), geometry);
  await assert.rejects(decode({ '7fe00010': ['OW', numberedPixels(20, 15)] }), /600 bytes instead of 640/);
  await assert.rejects(decode({ '7fe00010': ['OW', numberedPixels(40, 16)] }), /1280 bytes instead of 640/);
  await assert.rejects(decode({ '7fe00010': ['OW', []] }), /0 bytes instead of 640/);
  await assert.rejects(decode({ '00280010': ['US', [40]] }), /16 x 40 pixels, the series has 16 x 20/);
  await assert.rejects(decode({ '00280100': ['US', [8]] }), /8 bits allocated/);
  await assert.rejects(decode({ '00281053': ['DS', ''] }), /Rescale Slope/);
  await assert.rejects(decode({ '00280103': undefined }), /Pixel Representation/);
});

test('native pixels under a compressed transfer syntax, and the other way round, are an error', { skip }, async () => {
  const native = dicomFile(ctElements(0), { syntax: '1.2.840.10008.1.2.4.80' });
  await assert.rejects(decodeHu(native, { ...geometry, rows: 20, columns: 16 }), isPixelDecoding);
  const fragments = dicomFile(ctElements(0, { '7fe00010': undefined }), {
    encapsulated: [frameOf(sample('1.2.840.10008.1.2.4.80'))],
  });
  await assert.rejects(decodeHu(fragments, { ...geometry, rows: 20, columns: 16 }), isPixelDecoding);
});
