import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { checkCtSeries } from '../../src/dicom/ct-series.ts';
import { ctHeaderOf, readCtInstance } from '../../src/dicom/ct-instance.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { decodeHu } from '../../src/dicom/pixel-data.ts';
import { explicitVrBigEndian, implicitVrLittleEndian } from '../../src/dicom/transfer-syntax.ts';
import { ctElements, ctSlice, dicomFile, type Elements, numberedPixels } from './generated-ct.ts';

const size = { rows: 20, columns: 16, rowSpacing: 2, columnSpacing: 3, originX: 0, originY: 0, z: [0] };
const asStored = { ...size, reverseRows: false, reverseColumns: false };

/** HU of the first pixels when these words are stored. */
async function huOf(words: number[], changes: Elements = {}, syntax?: string): Promise<number[]> {
  const pixels = [...words, ...Array.from({ length: 320 - words.length }, () => 0)];
  const bytes = ctSlice(0, { '7fe00010': ['OW', pixels], ...changes }, syntax === undefined ? {} : { syntax });
  return [...(await decodeHu(bytes, asStored)).subarray(0, words.length)];
}

const unsigned: Elements = { '00280103': ['US', [0]] };
const rescaled = (slope: string, intercept: string): Elements => ({
  '00281053': ['DS', slope],
  '00281052': ['DS', intercept],
});

test('signed and unsigned stored values', async () => {
  assert.deepEqual(await huOf([0, 1000, 0xfc18], rescaled('1', '0')), [0, 1000, -1000]);
  assert.deepEqual(
    await huOf([0, 1000, 0x8000, 0xfc18], { ...unsigned, ...rescaled('1', '-32768') }),
    [-32768, -31768, 0, 31768],
  );
});

test('slope and intercept, rounded to the nearest, halves up, held within 16 bits', async () => {
  assert.deepEqual(await huOf([0, 1, 2, 3, 0xffff], rescaled('0.5', '-10')), [-10, -9, -9, -8, -10]);
  assert.deepEqual(await huOf([1000, 40000], { ...unsigned, ...rescaled('2.0002442', '-4047') }), [-2047, 32767]);
  assert.deepEqual(await huOf([0x8000], rescaled('1', '-1024')), [-32768]);
});

test('the padding value and a range of padding values become air', async () => {
  assert.deepEqual(await huOf([0xf830, 0xf831, 0], { '00280120': ['SS', [0xf830]] }), [-1024, -3023, -1024]);
  // Written as US although the pixels are signed, as some scanners do: the bits count.
  assert.deepEqual(await huOf([0xf830, 5], { '00280120': ['US', [0xf830]] }), [-1024, -1019]);
  const range: Elements = { ...unsigned, '00280120': ['US', [4000]], '00280121': ['US', [4095]] };
  assert.deepEqual(await huOf([3999, 4000, 4050, 4095, 4096], range), [2975, -1024, -1024, -1024, 3072]);
});

test('12 bits stored: what lies beside them is not the value, wherever the high bit is', async () => {
  const twelve = (highBit: number): Elements => ({
    '00280101': ['US', [12]],
    '00280102': ['US', [highBit]],
    ...rescaled('1', '0'),
  });
  // Overlay bits above; a signed value takes its sign from bit 11.
  assert.deepEqual(await huOf([0xf001, 0x0800, 0x07ff], twelve(11)), [1, -2048, 2047]);
  assert.deepEqual(await huOf([0xf001, 0x0800, 0x07ff], { ...unsigned, ...twelve(11) }), [1, 2048, 2047]);
  // Stored at the top with remains below.
  assert.deepEqual(await huOf([0x001f, 0x8000, 0x7ff0], twelve(15)), [1, -2048, 2047]);
});

test('remains beside the stored bits do not change the digest of the pixels, wherever one stands', async () => {
  const pixels = numberedPixels(20, 16);
  for (const signed of [0, 1]) {
    const digest = async (words: readonly number[]): Promise<string> => {
      const twelve: Elements = { '00280101': ['US', [12]], '00280102': ['US', [11]], '00280103': ['US', [signed]] };
      const bytes = ctSlice(0, { ...twelve, '7fe00010': ['OW', [...words]] });
      const even = await readCtInstance(bytes);
      // Words may begin at any second byte of the memory.
      const shifted = new Uint8Array(bytes.length + 2).subarray(2);
      shifted.set(bytes);
      assert.equal((await readCtInstance(shifted)).pixelSha256, even.pixelSha256);
      return even.pixelSha256;
    };
    const values = Uint16Array.from(pixels, (word) => word & 0x07ff);
    const plain = await digest([...values]);
    assert.equal(plain, createHash('sha256').update(values).digest('hex'));
    for (const at of [0, 1, 2, 3, 160, values.length - 2, values.length - 1]) {
      for (const bit of [12, 13, 15]) {
        const words = [...values];
        words[at]! |= 1 << bit;
        assert.equal(await digest(words), plain, `bit ${bit} of word ${at}, signed ${signed}`);
      }
      const other = [...values];
      other[at]! ^= 0x0800;
      assert.notEqual(await digest(other), plain);
      if (signed === 1) {
        const negative = other.slice();
        negative[at]! |= 0xf000;
        assert.equal(await digest(other), await digest(negative), `the sign of word ${at}`);
      }
    }
  }
});

test('a screen shot of 8 bits in a CT series has a digest too, so that it can be kept and left out', async () => {
  const changes: Elements = { '00280100': ['US', [8]], '00280101': ['US', [8]], '00280102': ['US', [7]] };
  const shot = await readCtInstance(ctSlice(0, { ...changes, '7fe00010': ['OB', Buffer.alloc(320, 1)] }));
  const other = await readCtInstance(ctSlice(0, { ...changes, '7fe00010': ['OB', Buffer.alloc(320, 2)] }));
  assert.equal(shot.pixelsHashed, 'encoded');
  assert.notEqual(shot.pixelSha256, other.pixelSha256);
});

test('implicit VR and big endian give the same', async () => {
  for (const syntax of [implicitVrLittleEndian, explicitVrBigEndian]) {
    assert.deepEqual(await huOf([0xf830, 1000], { '00280120': ['SS', [0xf830]] }, syntax), [-1024, -24]);
  }
});

test('pixels at an odd place in memory are read', async () => {
  const bytes = ctSlice(0);
  const odd = new Uint8Array(bytes.length + 1).subarray(1);
  odd.set(bytes);
  assert.deepEqual(await decodeHu(odd, asStored), await decodeHu(bytes, asStored));
});

test('columns and rows are turned to LPS: the left of the patient stays left in all four positions', async () => {
  // The same patient: HU = column + 100 x row in LPS order, whichever way the matrix was stored.
  const expected = Int16Array.from(numberedPixels(20, 16), (value) => value - 1024);
  for (const [orientation, position, reverseColumns, reverseRows] of [
    ['1\\0\\0\\0\\1\\0', '-100\\-200', false, false],
    ['-1\\0\\0\\0\\1\\0', '-55\\-200', true, false],
    ['1\\0\\0\\0\\-1\\0', '-100\\-162', false, true],
    ['-1\\0\\0\\0\\-1\\0', '-55\\-162', true, true],
  ] as const) {
    const stored = numberedPixels(20, 16).map((_, index, all) => {
      const [row, column] = [Math.floor(index / 16), index % 16];
      return all[(reverseRows ? 19 - row : row) * 16 + (reverseColumns ? 15 - column : column)]!;
    });
    const files = [0, 3, 6].map((z) =>
      dicomFile(
        ctElements(z, {
          '00200032': ['DS', `${position}\\${z}`],
          '00200037': ['DS', orientation],
          '7fe00010': ['OW', stored],
        }),
      ),
    );
    const { geometry } = checkCtSeries(files.map((file) => ctHeaderOf(parseDicom(file))));
    assert.deepEqual([geometry.originX, geometry.originY], [-100, -200]);
    assert.deepEqual(await decodeHu(files[0]!, geometry), expected);
  }
});
