import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CtGeometry } from '../../src/dicom/ct-geometry.ts';
import { decodeHuOf, encodedStream } from '../../src/dicom/pixel-data.ts';
import { pixelsOnlyFile } from '../../src/dicom/pixels-only-file.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { streamWithoutText } from '../../src/dicom/stream-without-text.ts';
import { sharedData } from '../support/shared-data.ts';
import { ctSlice, numberedPixels } from './generated-ct.ts';

const name = { series: '0123456789abcdef', slice: 3 };
const folder = sharedData('codecs');
const skip = folder === undefined && '../shared/data/codecs is absent';

function stored(rows: number, columns: number): CtGeometry {
  const [still, one] = [
    { reverseRows: false, reverseColumns: false },
    { rowSpacing: 1, columnSpacing: 1 },
  ];
  return { rows, columns, ...one, ...still, originX: 0, originY: 0, z: [0] };
}

/** Tags of all elements behind the file meta information. */
const allowed = [
  '00080016 00080018 00080060 0020000d 0020000e 00280002 00280004 00280010 00280011 00280100 00280101 00280102',
  '00280103 00280120 00280121 00281052 00281053 7fe00010',
]
  .join(' ')
  .split(' ');

test('a slice is left with its pixels and their description: every other element is gone, also a private one', async () => {
  const file = parseDicom(
    ctSlice(5, {
      '00100010': ['PN', 'Secret^Name'],
      '00091010': ['LO', 'Secret private'],
      '00204000': ['LT', 'Secret comment'],
    }),
  );
  const only = await pixelsOnlyFile(file, undefined, name);
  const again = parseDicom(only);
  assert.deepEqual(
    again.tags.filter((tag) => !tag.startsWith('0002') && !allowed.includes(tag)),
    [],
  );
  assert.equal(only.includes('Secret'), false);
  for (const uid of ['00080018', '0020000d', '0020000e', '00200052']) {
    const value = file.string(uid);
    if (value !== undefined) assert.equal(only.includes(value), false, uid);
  }
  const [rows, columns] = [file.numbers('00280010')[0]!, file.numbers('00280011')[0]!];
  assert.deepEqual(
    await decodeHuOf(again, stored(rows, columns)),
    await decodeHuOf(file, stored(rows, columns)),
    'the CT numbers are the same',
  );
  assert.deepEqual(await pixelsOnlyFile(file, undefined, name), only, 'and the file is the same whenever it is made');
});

test('bits beside the stored ones, where an overlay may lie, and bytes behind the pixels do not go along', async () => {
  const words = numberedPixels(20, 16).map((value, i) => value | (i % 2 === 0 ? 0xf000 : 0x5000));
  const pixels = Buffer.concat([Buffer.from(Uint16Array.from(words).buffer), Buffer.from('Secret^Name ')]);
  const file = parseDicom(
    ctSlice(5, {
      '00280101': ['US', [12]],
      '00280102': ['US', [11]],
      '00280103': ['US', [0]],
      '7fe00010': ['OW', pixels],
    }),
  );
  const only = parseDicom(await pixelsOnlyFile(file, undefined, name));
  const { offset, length } = only.pixelData!;
  assert.equal(length, 2 * 20 * 16);
  const sent = Buffer.from(only.bytes.subarray(offset, offset + (length ?? 0)));
  const values = Array.from({ length: 320 }, (_, i) => sent.readUInt16LE(2 * i));
  assert.deepEqual(values, numberedPixels(20, 16));
  assert.deepEqual(await decodeHuOf(only, stored(20, 16)), await decodeHuOf(file, stored(20, 16)));
});

test('in every transfer syntax the CT numbers are those of the file that came', { skip }, async () => {
  const geometry = stored(512, 512);
  for (const entry of readdirSync(folder!).filter((file) => file.endsWith('.dcm'))) {
    const file = parseDicom(readFileSync(join(folder!, entry)));
    if (file.transferSyntax.codec === undefined || file.numbers('00280010')[0] !== 512) continue;
    const expected = await decodeHuOf(file, geometry).catch(() => undefined);
    if (expected === undefined) continue;
    const only = parseDicom(await pixelsOnlyFile(file, undefined, name));
    assert.deepEqual(await decodeHuOf(only, geometry), expected, entry);
    const isCompressed = file.transferSyntax.codec !== 'native' && file.transferSyntax.codec !== 'rle';
    if (isCompressed) assert.equal(only.transferSyntax.uid, file.transferSyntax.uid, `${entry} stays compressed`);
  }
});

test('a comment in a compressed stream is taken out, and bytes behind its end are cut off', { skip }, async () => {
  const geometry = stored(512, 512);
  for (const uid of ['1.2.840.10008.1.2.4.70', '1.2.840.10008.1.2.4.80', '1.2.840.10008.1.2.4.90']) {
    const entry = readdirSync(folder!).find((file) => file.endsWith(`-${uid}.dcm`))!;
    const file = parseDicom(readFileSync(join(folder!, entry)));
    const stream = Buffer.from(encodedStream(file)!);
    const comment = Buffer.from('....Secret^Name');
    comment.writeUInt16BE(uid.endsWith('90') ? 0xff64 : 0xfffe, 0);
    comment.writeUInt16BE(comment.length - 2, 2);
    // Behind SIZ, which comes first in a JPEG 2000 stream; behind SOI in the others.
    const at = uid.endsWith('90') ? 4 + stream.readUInt16BE(4) : 2;
    const named = Buffer.concat([stream.subarray(0, at), comment, stream.subarray(at)]);
    const clean = streamWithoutText(named);
    assert.equal(Buffer.from(clean!).includes('Secret'), false, uid);
    const behind = Buffer.concat([stream, Buffer.from('Secret')]);
    assert.equal(streamWithoutText(behind), undefined, 'text behind the end: the pixels are sent uncompressed');
    assert.ok(clean!.length <= stream.length);
    const only = parseDicom(await pixelsOnlyFile(file, undefined, name));
    assert.deepEqual(await decodeHuOf(only, geometry), await decodeHuOf(file, geometry));
  }
});
