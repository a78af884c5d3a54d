import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readableUids } from '../../src/dicom/readable-uids.ts';
import { ctSliceFile } from '../support/ct-slice.ts';
import { clinicSlice } from '../support/clinic-ct.ts';
import { dicomFile, element } from './generated-ct.ts';

const uids = { seriesInstanceUid: '1.2.3.2', sopInstanceUid: '1.2.3.4.1' };

test('the series of an image that is cut off behind its header can be read, in every encoding', () => {
  for (const encoding of ['implicit', 'explicit', 'deflated'] as const) {
    const file = ctSliceFile({ series: '1.2.3.2', number: 1, sopInstanceUid: '1.2.3.4.1', encoding, matrix: 64 });
    assert.deepEqual(readableUids(file.subarray(0, file.length - 100)), uids, encoding);
  }
});

test('a broken sequence or an unknown VR before it does not hide the series', () => {
  const broken = dicomFile({ ...clinicSlice({}, 0), '00081140': ['SQ', Buffer.from('feff00e0ffffffff0102', 'hex')] });
  assert.deepEqual(readableUids(broken), uids);
  const unknown = dicomFile({ ...clinicSlice({}, 0), '00102000': ['QQ', 'what'] });
  assert.deepEqual(readableUids(unknown), uids);
});

test('the series of a referenced image is not taken for that of the image itself', () => {
  const inner = element('0020000e', 'UI', Buffer.from('9.9.9.9.'));
  const item = element('fffee000', '', inner, { implicitVr: true });
  const { '0020000e': _, ...elements } = clinicSlice({}, 0);
  assert.equal(
    readableUids(dicomFile({ ...clinicSlice({}, 0), '00081115': ['SQ', item] })).seriesInstanceUid,
    '1.2.3.2',
  );
  assert.equal(readableUids(dicomFile({ ...elements, '00081115': ['SQ', item] })).seriesInstanceUid, undefined);
});

test('what is no DICOM has no UIDs', () => {
  for (const text of ['', 'no DICOM', '\0'.repeat(400)]) assert.deepEqual(readableUids(Buffer.from(text)), {});
});
