import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import type { DataSet } from '../../../src/dicom/data-set.ts';
import type { RoiInput, StructureSetInput } from '../../../src/dicom/rtstruct/structure-set-input.ts';
import { prepareRtstruct, writeRtstruct } from '../../../src/dicom/rtstruct/write-rtstruct.ts';
import { isUid } from '../../../src/dicom/uid.ts';
import { exampleInput, exampleMasks, exampleRois, roiOf } from './example-structure-set.ts';

const solid = (): RoiInput => roiOf('Solid', 1, exampleMasks['Solid']!, 'keyhole');

test('the same input gives the same bytes, in each encoding (CS 8.1.1)', () => {
  for (const encoding of ['implicit', 'explicit'] as const) {
    assert.ok(
      writeRtstruct(exampleInput(exampleRois('keyhole')), encoding).equals(
        writeRtstruct(exampleInput(exampleRois('keyhole')), encoding),
      ),
    );
  }
});

test('both encodings are the same instance with the same values', () => {
  const [implicit, explicit] = (['implicit', 'explicit'] as const).map((encoding) =>
    parseDicom(writeRtstruct(exampleInput(exampleRois('nested')), encoding)),
  );
  assert.deepEqual(valuesOf(implicit!), valuesOf(explicit!));
});

function valuesOf(dataSet: DataSet): unknown {
  return dataSet.tags.map((tag) => [
    tag,
    dataSet.vr(tag) === 'SQ' ? dataSet.items(tag).map(valuesOf) : Buffer.from(dataSet.raw(tag)!).toString('latin1'),
  ]);
}

test('whatever changes a byte, or what the contours came from, changes the SOP Instance UID and the series', () => {
  const base = exampleInput([solid()]);
  const shifted = solid();
  shifted.slices[0]!.polygons[0]!.outer[0]! += 0.01;
  const changes: Record<string, Partial<StructureSetInput>> = {
    'a CT image': { ct: { ...base.ct, images: base.ct.images.slice(0, 11) } },
    'the CT series': { ct: { ...base.ct, seriesInstanceUid: '2.25.5' } },
    'the position of a slice': {
      ct: {
        ...base.ct,
        images: base.ct.images.map((image, k) => (k === 3 ? { ...image, z: image.z + 0.001 } : image)),
      },
    },
    'a patient element': {
      patientStudy: base.patientStudy.map((element) =>
        element.tag === '00100020' ? { ...element, bytes: Buffer.from('P 2 ') } : element,
      ),
    },
    'a point of a contour': { rois: [shifted] },
    'a name': { rois: [{ ...solid(), name: 'Other' }] },
    'a type': { rois: [{ ...solid(), interpretedType: 'GTV' }] },
    'the date': { date: '20260103' },
    'the station': { stationName: 'OTHER' },
    'the revision': { revision: 2 },
    'the predecessor': { predecessors: ['2.25.9'] },
    'the software version': { texts: { ...base.texts, softwareVersions: ['contour-node 9.9.9'] } },
    'the pixels of the CT or the bundle': { determinants: ['content', 'other bundle'] },
  };
  const seen = new Map([[prepareRtstruct(base).sopInstanceUid, 'nothing']]);
  for (const [what, change] of Object.entries(changes)) {
    const { sopInstanceUid, seriesInstanceUid } = prepareRtstruct({ ...base, ...change });
    assert.ok(isUid(sopInstanceUid) && isUid(seriesInstanceUid) && sopInstanceUid !== seriesInstanceUid);
    assert.equal(seen.get(sopInstanceUid), undefined, what);
    seen.set(sopInstanceUid, what);
  }
  assert.equal(prepareRtstruct(exampleInput([solid()])).sopInstanceUid, prepareRtstruct(base).sopInstanceUid);
});

test('UIDs stand under the configured root and stay within 64 characters', () => {
  const { sopInstanceUid, seriesInstanceUid } = prepareRtstruct(
    exampleInput([solid()], { uidRoot: '1.2.826.0.1.3680043.10.9' }),
  );
  for (const uid of [sopInstanceUid, seriesInstanceUid])
    assert.ok(isUid(uid) && uid.startsWith('1.2.826.0.1.3680043.10.9.'), uid);
});

test('the file has an even length and ends with its last element', () => {
  for (const encoding of ['implicit', 'explicit'] as const) {
    const bytes = writeRtstruct(exampleInput(exampleRois('keyhole')), encoding);
    assert.equal(bytes.length % 2, 0);
    // Approval Status (300E,0002) is the last element of the IOD.
    assert.equal(bytes.toString('latin1', bytes.length - 10), 'UNAPPROVED');
  }
});
