import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dicomDateTime } from '../../src/dicom/date-time.ts';

test("date and time of a structure set are those of the clinic's clock, with leading zeros", () => {
  assert.deepEqual(dicomDateTime(new Date(2026, 0, 2, 3, 4, 5)), ['20260102', '030405']);
  assert.deepEqual(dicomDateTime(new Date(2026, 11, 31, 23, 59, 59, 999)), ['20261231', '235959']);
});
