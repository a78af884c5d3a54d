import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import codecs from 'dcmjs-codecs';
import type { CtGeometry } from '../../src/dicom/ct-geometry.ts';
import { readCtInstance } from '../../src/dicom/ct-instance.ts';
import { type DicomFile } from '../../src/dicom/data-set.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { encodedFrame } from '../../src/dicom/encoded-frame.ts';
import { decodeHu } from '../../src/dicom/pixel-data.ts';
import {
  acceptableTransferSyntaxes,
  isDecodable,
  transferSyntaxes,
  transferSyntaxOf,
} from '../../src/dicom/transfer-syntax.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { sharedData } from '../support/shared-data.ts';
import { ctElements, dicomFile } from './generated-ct.ts';

const folder = sharedData('codecs');
const skip = folder === undefined && '../shared/data/codecs is absent';
const stored: CtGeometry = {
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

/** The sample in the transfer syntax whose UID ends its name. */
function sample(uid: string): Buffer {
  const name = readdirSync(folder!).find((file) => file.endsWith(`-${uid}.dcm`));
  return readFileSync(join(folder!, name!));
}

function original(): Promise<Int16Array> {
  return decodeHu(readFileSync(join(folder!, 'CTImage.dcm')), stored);
}

function largestDifference(a: Int16Array, b: Int16Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

function stream(file: DicomFile): Uint8Array {
  const [{ offset, length }] = file.pixelData!.fragments as [{ offset: number; length: number }];
  return file.bytes.subarray(offset, offset + length);
}

test('the original: stored values by another way of reading, slope and intercept applied', { skip }, async () => {
  const bytes = readFileSync(join(folder!, 'CTImage.dcm'));
  const hu = await original();
  // 512 x 512 signed words at the end of the file, Rescale Slope 1, Rescale Intercept -1024.
  const pixels = bytes.subarray(bytes.length - 2 * 512 * 512);
  const wrong = hu.findIndex((value, i) => value !== pixels.readInt16LE(2 * i) - 1024);
  assert.equal(wrong, -1);
});

const losslessUids = transferSyntaxes
  .filter(({ kind, codec }) => kind !== 'lossy' && codec !== 'htj2k')
  .map(({ uid }) => uid);
for (const uid of losslessUids) {
  test(`${transferSyntaxOf(uid)!.name}: every pixel as in the original, and the same digest`, { skip }, async () => {
    assert.equal(largestDifference(await decodeHu(sample(uid), stored), await original()), 0);
    const { pixelSha256, pixelsHashed } = await readCtInstance(sample(uid));
    assert.equal(pixelsHashed, 'stored-values');
    assert.equal(pixelSha256, (await readCtInstance(readFileSync(join(folder!, 'CTImage.dcm')))).pixelSha256);
  });
}

test('JPEG-LS near-lossless: no pixel further off than NEAR of the stream', { skip }, async () => {
  const bytes = sample('1.2.840.10008.1.2.4.81');
  const { near } = encodedFrame(stream(parseDicom(bytes)))!;
  assert.equal(near, 1);
  assert.equal(largestDifference(await decodeHu(bytes, stored), await original()), near);
});

test(
  'JPEG extended, 12 bits: no pixel further off than the quantisation tables of the stream allow',
  { skip },
  async () => {
    const bytes = sample('1.2.840.10008.1.2.4.51');
    const file = parseDicom(bytes);
    // Quantised from 12-bit values of about 2 HU each, with rounding before and after.
    const slope = file.numbers('00281053')[0]!;
    const bound = (worstDctError(stream(file)) + 1) * slope + 1;
    const [hu, reference] = [await decodeHu(bytes, stored), await original()];
    assert.ok(largestDifference(hu, reference) <= bound, `${largestDifference(hu, reference)} HU, bound ${bound}`);
    // Quality 90 is far better than the worst case in the mean.
    const squares = hu.reduce((sum, value, i) => sum + (value - reference[i]!) ** 2, 0);
    assert.ok(Math.sqrt(squares / hu.length) < 6);
  },
);

/**
 * Each of the 64 coefficients is off by at most half its quantisation step (ISO/IEC 10918-1 A.3.4); a pixel gets
 * C(u)C(v)/4 of it at most (A.3.3), C(0) = 1/√2.
 */
function worstDctError(jpeg: Uint8Array): number {
  const at = Buffer.from(jpeg).indexOf(Buffer.from('ffdb0043', 'hex')) + 5;
  const zigzagHasZeroFrequency = (k: number): number => (k === 0 ? 0.5 : isFirstRowOrColumn(k) ? Math.SQRT1_2 : 1);
  return Array.from({ length: 64 }, (_, k) => ((jpeg[at + k]! / 2) * zigzagHasZeroFrequency(k)) / 4).reduce(
    (a, b) => a + b,
  );
}

/** In zigzag order the ends of each diagonal of the upper left half lie in the first row or column. */
function isFirstRowOrColumn(k: number): boolean {
  for (let diagonal = 1, start = 1; diagonal < 8; start += diagonal + 1, diagonal++) {
    if (k === start || k === start + diagonal) return true;
  }
  return false;
}

test('JPEG 2000 lossy: the sample stays within 5 HU, as OpenJPEG decodes it', { skip }, async () => {
  assert.ok(largestDifference(await decodeHu(sample('1.2.840.10008.1.2.4.91'), stored), await original()) <= 5);
});

for (const [uid, lossy, bound] of [
  ['1.2.840.10008.1.2.4.201', false, 0],
  ['1.2.840.10008.1.2.4.202', false, 0],
  ['1.2.840.10008.1.2.4.203', true, 1],
] as const) {
  test(`${transferSyntaxOf(uid)!.name}: an encoded sample comes back within ${bound}`, async () => {
    const [rows, columns] = [96, 80];
    // A smooth signed field with noise, so that the codec has something to do.
    const pixels = Int16Array.from(
      { length: rows * columns },
      (_, i) => 900 * Math.sin(i / 97) + ((i * 7919) % 61) - 500,
    );
    const frame = await encodedHtj2k(new Uint8Array(pixels.buffer), rows, columns, lossy);
    const elements = ctElements(0, {
      '00280010': ['US', [rows]],
      '00280011': ['US', [columns]],
      '7fe00010': undefined,
    });
    const half = frame.length >> 1;
    // One frame in two fragments.
    const bytes = dicomFile(elements, {
      syntax: uid,
      encapsulated: [frame.subarray(0, half & ~1), frame.subarray(half & ~1)],
    });
    const hu = await decodeHu(bytes, { ...stored, rows, columns });
    assert.ok(
      largestDifference(
        hu,
        pixels.map((value) => value - 1024),
      ) <= bound,
    );
  });
}

async function encodedHtj2k(pixels: Uint8Array, rows: number, columns: number, lossy: boolean): Promise<Uint8Array> {
  await codecs.NativeCodecs.initializeAsync();
  const context = new codecs.Context({
    width: columns,
    height: rows,
    bitsAllocated: 16,
    bitsStored: 16,
    samplesPerPixel: 1,
    pixelRepresentation: 1,
    planarConfiguration: 0,
    photometricInterpretation: 'MONOCHROME2',
    decodedBuffer: pixels,
  });
  return Uint8Array.from(codecs.NativeCodecs.encodeHtJpeg2000(context, { lossy }).getEncodedBuffer()!);
}

test('a compressed image can be hashed without decoding it', { skip }, async () => {
  const bytes = sample('1.2.840.10008.1.2.4.80');
  const { pixelSha256, pixelsHashed } = await readCtInstance(bytes, { decode: false });
  assert.equal(pixelsHashed, 'encoded');
  assert.equal(
    pixelSha256,
    createHash('sha256')
      .update(stream(parseDicom(bytes)))
      .digest('hex'),
  );
  const native = readFileSync(join(folder!, 'CTImage.dcm'));
  assert.deepEqual(await readCtInstance(native, { decode: false }), await readCtInstance(native));
});

test('the header has one digest in implicit, explicit, big endian and deflated', { skip }, async () => {
  const uids = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2', '1.2.840.10008.1.2.1.99'];
  const digests = await Promise.all(uids.map(async (uid) => (await readCtInstance(sample(uid))).headerSha256));
  assert.equal(new Set(digests).size, 1);
});

test('JPEG baseline with its 8 bits and the retired processes are neither accepted nor decoded', { skip }, async () => {
  for (const uid of ['1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.53', '1.2.840.10008.1.2.4.55']) {
    assert.ok(!acceptableTransferSyntaxes({ lossy: true }).includes(uid));
    await assert.rejects(
      decodeHu(sample(uid), stored),
      (error) => error instanceof ContourNodeError && error.code === 'PIXEL_DECODING',
    );
  }
});

test('lossy syntaxes are accepted only where they are asked for', () => {
  const always = acceptableTransferSyntaxes({ lossy: false });
  const lossy = acceptableTransferSyntaxes({ lossy: true }).filter((uid) => !always.includes(uid));
  assert.deepEqual(
    lossy.map((uid) => transferSyntaxOf(uid)!.name),
    ['JPEG Extended (Process 2 and 4)', 'JPEG-LS Near-Lossless', 'JPEG 2000', 'HTJ2K'],
  );
  assert.equal(always.length, 11);
});

test('JPEG extended ends at 12 bits, unknown syntaxes have no decoder', () => {
  assert.ok(isDecodable('1.2.840.10008.1.2.4.51', 12));
  assert.ok(!isDecodable('1.2.840.10008.1.2.4.51', 16));
  assert.ok(isDecodable('1.2.840.10008.1.2.4.90', 16));
  assert.ok(!isDecodable('1.2.840.10008.1.2.4.50', 8));
  assert.ok(!isDecodable('1.2.840.10008.1.2.4.100', 8));
});
