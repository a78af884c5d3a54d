import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileMetaInformation } from '../../../src/dicom/part10.ts';
import { readCtFolder } from '../../../src/dicom/read-ct-folder.ts';
import { encode, joined, sequence, text } from '../../../src/dicom/rtstruct/data-element.ts';
import type { DataElement } from '../../../src/dicom/rtstruct/data-element.ts';
import { matchToCt } from '../../../src/dicom/rtstruct/match-to-ct.ts';
import { readRtstruct } from '../../../src/dicom/rtstruct/read-rtstruct.ts';
import { rtStructureSetStorage } from '../../../src/dicom/rtstruct/structure-set.ts';
import { tag } from '../../../src/dicom/rtstruct/tags.ts';
import { writeRtstruct } from '../../../src/dicom/rtstruct/write-rtstruct.ts';
import { implicitVrLittleEndian } from '../../../src/dicom/transfer-syntax.ts';
import { rasterise } from '../../../worker/contours/rasterise.ts';
import { gridOf } from '../../../worker/volume/load-volume.ts';
import { sharedData } from '../../support/shared-data.ts';
import { ctImage, exampleGrid, exampleInput, exampleMasks, exampleRois, frameUid } from './example-structure-set.ts';

const folder = sharedData('rtstruct');
const skip = folder === undefined && '../shared/data/rtstruct is absent';
const read = async (name: string) => readRtstruct(await readFile(`${folder}/${name}`));
const summary = (structureSet: ReturnType<typeof readRtstruct>) =>
  structureSet.rois.map(({ name, type, contours }) => [name, type, contours.length]);

test('Pinnacle: every ROI is an ORGAN, a point of interest has no contour', { skip }, async () => {
  const structureSet = await read('pinnacle3-9.6.dcm');
  assert.deepEqual(summary(structureSet), [
    ['POI_1', 'MARKER', 0],
    ['Cone_02_0', 'ORGAN', 121],
  ]);
  assert.equal(structureSet.frameOfReferenceUid, '1.3.6.1.4.1.22213.2.6291.1.1');
  assert.equal(structureSet.referencedSeriesUid, '1.3.6.1.4.1.22213.2.6291.2.1.1');
  assert.deepEqual(structureSet.rois[1]!.colour, [255, 255, 0]);
});

test('ARIA: seven ROIs, some with several contours in a slice', { skip }, async () => {
  const structureSet = await read('varian-aria-4.2.7.dcm');
  assert.deepEqual(summary(structureSet), [
    ['EHA_Hypoxie', 'AVOIDANCE', 224],
    ['SCM', '', 6],
    ['EHA_SCM', '', 11],
    ['TracheaInner', 'ORGAN', 25],
    ['GTV', 'GTV', 39],
    ['GTV_DEF', 'GTV', 42],
    ['htvW0_TMR1.4', 'AVOIDANCE', 39],
  ]);
  assert.ok(structureSet.rois.every((roi) => roi.frameOfReferenceUid === structureSet.frameOfReferenceUid));
});

test('MIM: contours whose images do not exist are placed by frame of reference and position', { skip }, async () => {
  const structureSet = await read('mim-6.3.9-sts001/rtstruct/RS.dcm');
  const { series } = await readCtFolder([`${folder}/mim-6.3.9-sts001/ct`]);
  const ct = {
    frameOfReferenceUid: series.slices[0]!.frameOfReferenceUid,
    slices: series.slices.map(({ sopInstanceUid }, k) => ({ sopInstanceUid, z: series.geometry.z[k]! })),
  };
  const { rois, warnings } = matchToCt(structureSet, ct);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['DANGLING_IMAGE_REFERENCE'],
  );
  assert.equal(rois[0]!.contours.length, 32);
  for (const { points, slice } of rois[0]!.contours) assert.ok(Math.abs(points[2]! - ct.slices[slice]!.z) < 0.01);
  const { voxels, grid } = rasterise(rois[0]!.contours, gridOf(series.geometry)),
    { spacing } = grid;
  const cm3 =
    (voxels.reduce((sum, voxel) => sum + voxel, 0) * spacing[0] * spacing[1] * (grid.z[1]! - grid.z[0]!)) / 1000;
  // A sarcoma of a third of a litre, which plastimatch finds as well.
  assert.ok(cm3 > 350 && cm3 < 380, String(cm3));
});

test('rt-utils: coordinates of more than 16 characters are read, with a warning', { skip }, async () => {
  const structureSet = await read('negative-rt-utils.dcm');
  assert.deepEqual(summary(structureSet), [
    ['AI_GTVt', '', 6],
    ['AI_GTVn', '', 25],
  ]);
  assert.deepEqual([...new Set(structureSet.warnings.map(({ code }) => code))], ['DECIMAL_STRING_TOO_LONG']);
  assert.ok(structureSet.rois.every(({ contours }) => contours.every(({ points }) => points.every(Number.isFinite))));
});

/** A structure set file whose one ROI has the given contours. */
function structureSetFile(
  contours: readonly { type: string; data: string; image?: string }[],
  frame = frameUid,
): Buffer {
  const elements: DataElement[] = [
    text(tag.SOPClassUID, 'UI', rtStructureSetStorage),
    text(tag.SOPInstanceUID, 'UI', '2.25.1'),
    sequence(tag.ReferencedFrameOfReferenceSequence, [[text(tag.FrameOfReferenceUID, 'UI', frame)]]),
    sequence(tag.StructureSetROISequence, [[text(tag.ROINumber, 'IS', '7'), text(tag.ROIName, 'LO', 'GTV')]]),
    sequence(tag.ROIContourSequence, [
      [
        text(tag.ReferencedROINumber, 'IS', '7'),
        sequence(
          tag.ContourSequence,
          contours.map(({ type, data, image }) => [
            ...(image === undefined
              ? []
              : [sequence(tag.ContourImageSequence, [[text(tag.ReferencedSOPInstanceUID, 'UI', image)]])]),
            text(tag.ContourGeometricType, 'CS', type),
            joined(tag.ContourData, 'DS', data),
          ]),
        ),
      ],
    ]),
  ];
  return Buffer.concat([
    fileMetaInformation({
      sopClassUid: rtStructureSetStorage,
      sopInstanceUid: '2.25.1',
      transferSyntaxUid: implicitVrLittleEndian,
    }),
    encode(elements, 'implicit'),
  ]);
}

const square = '0\\0\\-130.33\\10\\0\\-130.33\\10\\-10\\-130.33\\0\\-10\\-130.33';
const exampleCt = {
  frameOfReferenceUid: frameUid,
  slices: Array.from(exampleGrid.z, (z, k) => ({ sopInstanceUid: `2.25.2000.${k}`, z })),
};

test('points, open lines, oblique planes and garbled coordinates are left out with a warning each', () => {
  const { rois, warnings } = readRtstruct(
    structureSetFile([
      { type: 'CLOSED_PLANAR', data: square },
      { type: 'CLOSEDPLANAR_XOR', data: square },
      { type: 'POINT', data: '1\\2\\3' },
      { type: 'POINT', data: '1\\2\\4' },
      { type: 'OPEN_PLANAR', data: square },
      { type: 'CLOSED_PLANAR', data: '0\\0\\0\\10\\0\\0' },
      { type: 'CLOSED_PLANAR', data: '0\\0\\0\\10\\0\\5\\10\\10\\0' },
      { type: 'CLOSED_PLANAR', data: '0\\0\\0\\10\\x\\0\\10\\10\\0' },
      { type: 'CLOSED_PLANAR', data: '0\\0\\0\\10\\0\\0\\10\\10' },
    ]),
  );
  assert.equal(rois[0]!.contours.length, 2);
  assert.deepEqual(
    warnings.map(({ text: words }) => words),
    [
      'GTV: 2 contours left out: geometric type POINT',
      'GTV: 1 contour left out: geometric type OPEN_PLANAR',
      'GTV: 1 contour left out: fewer than three points',
      'GTV: 1 contour left out: not in an axial plane',
      'GTV: 2 contours left out: coordinates that are no triplets of numbers',
    ],
  );
});

test('position decides where an image reference contradicts it; what lies beside the CT is left out', () => {
  const beside = square.replaceAll('-130.33', '-500');
  const structureSet = readRtstruct(
    structureSetFile([
      { type: 'CLOSED_PLANAR', data: square, image: '2.25.2000.0' },
      { type: 'CLOSED_PLANAR', data: square, image: '2.25.2000.5' },
      { type: 'CLOSED_PLANAR', data: beside },
    ]),
  );
  const { rois, warnings } = matchToCt(structureSet, exampleCt);
  assert.deepEqual(
    rois[0]!.contours.map(({ slice }) => slice),
    [0, 0],
  );
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['CONTRADICTING_IMAGE_REFERENCE', 'CONTOURS_OUTSIDE_CT'],
  );
});

test('a structure set of another CT is refused, unless it names images of this one', () => {
  const other = (image?: string) =>
    readRtstruct(
      structureSetFile([{ type: 'CLOSED_PLANAR', data: square, ...(image === undefined ? {} : { image }) }], '2.25.99'),
    );
  assert.throws(() => matchToCt(other(), exampleCt), { code: 'STRUCTURE_SET_NOT_OF_CT' });
  assert.deepEqual(
    matchToCt(other('2.25.2000.0'), exampleCt).warnings.map(({ code }) => code),
    ['OTHER_FRAME_OF_REFERENCE'],
  );
  const elsewhere = readRtstruct(
    structureSetFile([{ type: 'CLOSED_PLANAR', data: square.replaceAll('-130.33', '900') }]),
  );
  assert.throws(() => matchToCt(elsewhere, exampleCt), { code: 'STRUCTURE_SET_NOT_OF_CT' });
});

test('a CT image, a file without ROIs and a truncated file are refused in words', () => {
  assert.throws(() => readRtstruct(ctImage(exampleGrid, 0)), {
    code: 'RTSTRUCT_UNREADABLE',
    message: 'the file is not an RT Structure Set',
  });
  assert.throws(() => readRtstruct(writeRtstruct(exampleInput([]), 'implicit')), { code: 'RTSTRUCT_UNREADABLE' });
  const file = writeRtstruct(exampleInput(exampleRois('keyhole')), 'implicit');
  assert.throws(() => readRtstruct(file.subarray(0, file.length - 1000)), { code: 'DICOM_UNREADABLE' });
});

test('what this program writes it reads: keyholes and nested contours give the same mask', () => {
  for (const mode of ['keyhole', 'nested', 'CLOSEDPLANAR_XOR'] as const) {
    const { rois, warnings } = matchToCt(
      readRtstruct(writeRtstruct(exampleInput(exampleRois(mode)), 'explicit')),
      exampleCt,
    );
    assert.deepEqual(warnings, []);
    for (const { name, contours } of rois)
      assert.deepEqual(rasterise(contours, exampleGrid).voxels, exampleMasks[name]!.voxels, `${name} ${mode}`);
  }
});
