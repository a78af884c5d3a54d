import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dicomDate, dicomDateTime } from '../../src/dicom/date-time.ts';

test("date and time of a structure set are those of the clinic's clock, with leading zeros", () => {
  assert.deepEqual(dicomDateTime(new Date(2026, 0, 2, 3, 4, 5)), ['20260102', '030405']);
  assert.deepEqual(dicomDateTime(new Date(2026, 11, 31, 23, 59, 59, 999)), ['20261231', '235959']);
});

test('a date that a sender wrote is a day of the calendar, or none', () => {
  for (const text of ['20260102', '2026.01.02', ' 20260102 ']) assert.equal(dicomDate(text), '20260102');
  for (const text of ['', '2026', '20260230', '20261301', '2026010', 'Roe^Richard 1', '01022026'])
    assert.equal(dicomDate(text), '', text);
});
