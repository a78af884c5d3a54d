import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decimalString, hundredths } from '../../../src/dicom/rtstruct/decimal-string.ts';

test('a position is written as the number that the CT has, never in more than 16 characters', () => {
  for (const source of [
    '-130.33333333333',
    '0.1',
    '-0.00000000001',
    '1234567.12345678',
    '-997.5',
    '300.000000',
    '+12.25',
    '1.5E2',
    '-.12345678901234',
    '-1.0000000000001',
  ]) {
    const written = decimalString(Number(source));
    assert.equal(Number(written), Number(source));
    assert.ok(written.length <= 16, written);
  }
  assert.equal(decimalString(-0), '0');
  // More digits than a Decimal String has room for: the last ones are rounded off.
  assert.equal(decimalString(-130.33333333333334), '-130.33333333333');
  assert.ok(Math.abs(Number(decimalString(-1 / 3e5)) + 1 / 3e5) < 1e-12);
  assert.throws(() => decimalString(Number.NaN), { code: 'RTSTRUCT_INVALID' });
});

test('in-plane coordinates are hundredths of a millimetre', () => {
  assert.deepEqual([12.3, -0.001, 100, -187.126, 0.004999].map(hundredths), ['12.3', '0', '100', '-187.13', '0']);
});
