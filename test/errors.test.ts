import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContourNodeError, errorCodes, isAtFault } from '../src/errors.ts';

test('only another CT helps where the series or its pixels are at fault, only another structure set where that is', () => {
  const ofTheCt = errorCodes.filter((code) => isAtFault('CT', code));
  const series = errorCodes.filter((code) => code.startsWith('SERIES_'));
  assert.deepEqual(
    new Set(ofTheCt),
    new Set([...series, 'DICOM_UNREADABLE', 'DICOM_UID', 'DICOM_NOT_CT', 'PIXEL_DECODING']),
  );
  assert.deepEqual(
    errorCodes.filter((code) => isAtFault('structure set', code)),
    ['DICOM_UNREADABLE', 'RTSTRUCT_UNREADABLE', 'STRUCTURE_SET_NOT_OF_CT'],
  );
});

test("a code that another version wrote is nobody's fault, and no name of an object counts as a code", () => {
  for (const code of ['SERIES_OF_2031', 'toString', '']) assert.equal(isAtFault('CT', code), false, code);
});

test('a command that was called wrongly ends with 2, whatever else fails with 1', () => {
  assert.equal(new ContourNodeError('USAGE', 'x').exitCode, 2);
  assert.equal(new ContourNodeError('PORT_IN_USE', 'x').exitCode, 1);
  assert.equal(
    new ContourNodeError('USAGE', '--x is no option').toLine(),
    'error USAGE: --x is no option (see --help)',
  );
});
