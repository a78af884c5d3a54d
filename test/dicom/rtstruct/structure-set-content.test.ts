import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import type { DataSet } from '../../../src/dicom/data-set.ts';
import { patientStudyElements } from '../../../src/dicom/patient-study.ts';
import { modelTexts } from '../../../worker/structure-set/model-texts.ts';
import { tag } from '../../../src/dicom/rtstruct/tags.ts';
import { prepareRtstruct, writeRtstruct } from '../../../src/dicom/rtstruct/write-rtstruct.ts';
import { sharedData } from '../../support/shared-data.ts';
import {
  ctSeriesUid,
  exampleGrid,
  exampleInput,
  exampleMasks,
  exampleRois,
  frameUid,
  roiOf,
} from './example-structure-set.ts';

const written = (...args: Parameters<typeof exampleInput>): DataSet =>
  parseDicom(writeRtstruct(exampleInput(...args), 'implicit'));

test('every image of the CT is referenced under its frame of reference, study and series (CS 8.1.1)', () => {
  const file = written(exampleRois('keyhole'));
  const [frame, ...moreFrames] = file.items(tag.ReferencedFrameOfReferenceSequence);
  const study = frame!.items(tag.RTReferencedStudySequence)[0]!;
  const series = study.items(tag.RTReferencedSeriesSequence)[0]!;
  assert.equal(moreFrames.length, 0);
  assert.equal(frame!.string(tag.FrameOfReferenceUID), frameUid);
  assert.equal(study.string(tag.ReferencedSOPInstanceUID), '2.25.1001');
  assert.equal(series.string(tag.SeriesInstanceUID), ctSeriesUid);
  assert.deepEqual(
    series.items(tag.ContourImageSequence).map((image) => image.string(tag.ReferencedSOPInstanceUID)),
    Array.from(exampleGrid.z, (_, k) => `2.25.2000.${k}`),
  );
});

test('every contour names its image and lies exactly in its plane; no coordinate is longer than 16 characters (CS 8.1.1)', () => {
  for (const roi of written(exampleRois('keyhole')).items(tag.ROIContourSequence)) {
    for (const contour of roi.items(tag.ContourSequence)) {
      const image = contour.items(tag.ContourImageSequence)[0]!.string(tag.ReferencedSOPInstanceUID)!;
      const position = String(exampleGrid.z[Number(image.split('.').at(-1))]!).slice(0, 16);
      const values = contour.strings(tag.ContourData);
      assert.equal(values.length, 3 * contour.numbers(tag.NumberOfContourPoints)[0]!);
      assert.ok(values.length >= 9);
      assert.notDeepEqual(values.slice(0, 2), values.slice(-3, -1));
      assert.ok(values.every((value) => value.length <= 16));
      assert.ok(
        values.every((value, at) =>
          at % 3 === 2 ? Number(value) === Number(position) : /^-?\d+(\.\d{1,2})?$/.test(value),
        ),
      );
    }
  }
});

test('the structure set says that a machine drew it, with which model, and that nobody approved it (CS 8.1.1)', () => {
  const file = written(exampleRois('keyhole'));
  assert.equal(file.string(tag.ApprovalStatus), 'UNAPPROVED');
  assert.equal(file.string(tag.Manufacturer), 'contour-node');
  assert.deepEqual(file.strings(tag.SoftwareVersions), ['contour-node 0.1.0', 'example-model 1.2.3']);
  assert.match(file.string(tag.SeriesDescription)!, /RSRCH example-model 1\.2\.3, contour-node 0\.1\.0/);
  assert.match(file.string(tag.StructureSetDescription)!, /automatically.*research only.*Not reviewed or approved/);
  assert.equal(file.items(tag.ContributingEquipmentSequence)[0]!.string(tag.Manufacturer), 'contour-node');
  for (const roi of file.items(tag.StructureSetROISequence)) {
    assert.equal(roi.string(tag.ROIGenerationAlgorithm), 'AUTOMATIC');
    assert.equal(roi.string(tag.ROIDescription), 'a shape');
    assert.equal(roi.string(tag.ReferencedFrameOfReferenceUID), frameUid);
  }
});

test('the label fits 16 characters and tells demonstration, research and later revisions', () => {
  const label = (name: string, intendedUse: 'demonstration' | 'research' | 'clinical', revision: number) =>
    modelTexts({
      bundle: { name, version: '1.0.0', intendedUse },
      nodeVersion: '0.1.0',
      revision,
      predecessors: 0,
      lossy: false,
    }).label;
  assert.equal(label('phantom-gtvp', 'demonstration', 1), 'DEMO phantom-gtv');
  assert.equal(label('openkbp-head-neck', 'research', 3), 'RSRCH openkbp r3');
  assert.ok(label('openkbp-head-neck', 'research', 123).length <= 16);
  assert.equal(label('npc', 'clinical', 1), 'AI npc');
});

test('a later revision names the structure set before it and says so; lossy images are mentioned', () => {
  const texts = modelTexts({
    bundle: { name: 'm', version: '1.0.0', intendedUse: 'clinical' },
    nodeVersion: '0.1.0',
    revision: 2,
    predecessors: 1,
    lossy: true,
  });
  const file = written(exampleRois('keyhole'), { revision: 2, predecessors: ['2.25.7', '2.25.8'], texts });
  assert.equal(file.items(tag.PredecessorStructureSetSequence)[0]!.string(tag.ReferencedSOPInstanceUID), '2.25.8');
  assert.match(
    file.string(tag.StructureSetDescription)!,
    /Revision 2.*Replaces an earlier structure set.*compressed with loss/,
  );
  assert.equal(written(exampleRois('keyhole')).has(tag.PredecessorStructureSetSequence), false);
});

const contourTypes = (file: DataSet): string[][] =>
  file
    .items(tag.ROIContourSequence)
    .map((roi) => [
      ...new Set(roi.items(tag.ContourSequence).map((contour) => contour.string(tag.ContourGeometricType)!)),
    ]);

test('CLOSEDPLANAR_XOR marks the ROIs that have holes, and no other', () => {
  assert.deepEqual(contourTypes(written(exampleRois('CLOSEDPLANAR_XOR'))), [
    ['CLOSED_PLANAR'],
    ['CLOSEDPLANAR_XOR'],
    ['CLOSEDPLANAR_XOR'],
  ]);
  for (const mode of ['keyhole', 'fill', 'nested'] as const)
    assert.deepEqual(contourTypes(written(exampleRois(mode))).flat(), [
      'CLOSED_PLANAR',
      'CLOSED_PLANAR',
      'CLOSED_PLANAR',
    ]);
});

test('a contour of more than 65,534 bytes is offered in implicit VR only (CS 4.2.3.1)', () => {
  const points = Float64Array.from({ length: 8000 }, (_, p) => {
    const angle = (Math.PI * (p - (p % 2))) / 4000;
    return (100 + (p % 4 < 2 ? 1 : 0)) * (p % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  });
  const roi = {
    ...roiOf('Large', 1, exampleMasks['Solid']!, 'keyhole'),
    slices: [{ slice: 3, polygons: [{ outer: points, holes: [] }] }],
  };
  const prepared = prepareRtstruct(exampleInput([roi]));
  assert.deepEqual(prepared.encodings, ['implicit']);
  assert.throws(() => prepared.encode('explicit'), { code: 'RTSTRUCT_INVALID' });
  const contour = parseDicom(prepared.encode('implicit'))
    .items(tag.ROIContourSequence)[0]!
    .items(tag.ContourSequence)[0]!;
  assert.ok(contour.raw(tag.ContourData)!.length > 65534);
  assert.equal(contour.numbers(tag.ContourData).length, 12000);
});

test('text that no VR takes, and contours that are none, are refused rather than written', () => {
  const refused = (...args: Parameters<typeof exampleInput>): void => {
    assert.throws(() => writeRtstruct(exampleInput(...args), 'implicit'), { code: 'RTSTRUCT_INVALID' });
  };
  const solid = roiOf('Solid', 1, exampleMasks['Solid']!, 'keyhole');
  const withRing = (slice: number, outer: number[]) => [
    { ...solid, slices: [{ slice, polygons: [{ outer: Float64Array.from(outer), holes: [] }] }] },
  ];
  refused([{ ...solid, name: 'a\\b' }]);
  refused([{ ...solid, name: 'Stammhirn-\u00e4' }]);
  refused([{ ...solid, interpretedType: 'A_TYPE_THAT_IS_TOO_LONG' }]);
  refused([solid], { stationName: 'MORE_THAN_SIXTEEN_CHARACTERS' });
  refused(withRing(3, [0, 0, 10, 0]));
  refused(withRing(3, [0, 0, 10, 0, 10, 10, 0, 0]));
  refused(withRing(12, [0, 0, 10, 0, 10, 10]));
  refused(withRing(3, [0, 0, Number.NaN, 0, 10, 10]));
});

const charset = sharedData('charset');

test(
  'patient names in Chinese and Japanese arrive byte for byte with their Specific Character Set',
  { skip: charset === undefined && '../shared/data/charset is absent' },
  async () => {
    const files = await readdir(charset!);
    assert.ok(files.length >= 4);
    for (const name of files) {
      const source = parseDicom(await readFile(join(charset!, name)));
      for (const encoding of ['implicit', 'explicit'] as const) {
        const file = parseDicom(
          writeRtstruct(exampleInput(exampleRois('keyhole'), { patientStudy: patientStudyElements(source) }), encoding),
        );
        for (const copied of [tag.SpecificCharacterSet, tag.PatientName, tag.PatientID]) {
          assert.deepEqual(
            Buffer.from(file.raw(copied) ?? []),
            Buffer.from(source.raw(copied) ?? []),
            `${name} ${copied}`,
          );
        }
      }
    }
  },
);

test('a Study ID that breaks its VR is left empty; who the patient is stays as the CT has it', () => {
  const input = exampleInput([]);
  const patientStudy = input.patientStudy.map((element) =>
    element.tag === tag.StudyID
      ? { ...element, bytes: Buffer.from('SEVENTEEN_LETTERS ') }
      : element.tag === tag.PatientBirthDate
        ? { ...element, bytes: Buffer.from('1970.01.01') }
        : element,
  );
  const file = written(exampleRois('keyhole'), { patientStudy });
  assert.equal(file.has(tag.StudyID), true);
  assert.equal(file.string(tag.StudyID), undefined);
  assert.equal(file.string(tag.PatientBirthDate), '1970.01.01');
});
