import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { writeRtstruct } from '../../src/dicom/rtstruct/write-rtstruct.ts';
import { namesOf, correctedRoi } from '../../worker/correction/corrected-rois.ts';
import { hasAllContours } from '../../worker/correction/same-contours.ts';
import { exampleInput, exampleRois } from '../dicom/rtstruct/example-structure-set.ts';
import { editedStructureSet } from '../support/edited-structure-set.ts';

const contour = { points: Float64Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0), geometricType: 'CLOSED_PLANAR' };
const roi = (name: string, drawn = true) => ({ name, contours: drawn ? [contour] : [] });
const style = { roiSuffix: '^AI', roiNames: { Parotid_L: 'Parotis_li' } };

test("an ROI is found by the clinic's name, the bundle's, or the one that it went out under", () => {
  const names = namesOf('Parotid_L', style, 'Parotis_li^AI');
  for (const name of ['Parotis_li', 'PAROTIS_LI ', 'Parotid_L', 'Parotis_li^AI'])
    assert.notEqual(correctedRoi([roi('Other'), roi(name)], names), undefined, name);
  assert.equal(correctedRoi([roi('Parotis_re'), roi('Parotid_R')], names), undefined);
  const long = namesOf('SubmandibularGland_L', { roiSuffix: '^AI', roiNames: {} }, 'Submandibul_L^AI');
  assert.notEqual(correctedRoi([roi('Submandibul_L')], long), undefined, 'without the suffix');
});

test('beside the proposal that was kept a copy without suffix is the corrected one', () => {
  const proposal = roi('GTVp^AI');
  const copy = roi('GTVp');
  const names = namesOf('GTVp', { roiSuffix: '^AI', roiNames: {} }, 'GTVp^AI');
  assert.equal(correctedRoi([proposal, copy], names), copy);
  assert.equal(correctedRoi([proposal], names), proposal);
});

test('two of one name are unclear, unless only one of them holds anything', () => {
  const names = namesOf('GTVp', { roiSuffix: '^AI', roiNames: {} });
  const drawn = roi('gtvp');
  assert.equal(correctedRoi([roi('GTVp'), drawn], names), 'unclear');
  assert.equal(correctedRoi([roi('GTVp', false), drawn], names), drawn);
});

test('contours are the same whatever their encoding, order, first point, direction and names', () => {
  const bytes = writeRtstruct(exampleInput(exampleRois('keyhole')), 'implicit');
  const ours = readRtstruct(bytes);
  const renamed = readRtstruct(editedStructureSet(bytes, { rename: (name) => `${name} x`, encoding: 'explicit' }));
  assert.ok(hasAllContours(renamed, ours));
  const turned = {
    ...ours,
    rois: ours.rois.toReversed().map((one) => ({
      ...one,
      contours: one.contours.toReversed().map((ring) => ({ ...ring, points: turnedRing(ring.points) })),
    })),
  };
  assert.ok(hasAllContours(turned, ours));
  assert.ok(hasAllContours({ ...ours, rois: [...ours.rois, { ...ours.rois[0]!, name: 'more' }] }, ours));
  assert.ok(!hasAllContours({ ...ours, rois: ours.rois.slice(1) }, ours), 'an ROI is gone');
  const moved = readRtstruct(editedStructureSet(bytes, { move: { roi: /Ring/, x: 0.02 } }));
  assert.ok(!hasAllContours(moved, ours), 'a fiftieth of a millimetre');
});

/** Begins three points later and runs the other way. */
function turnedRing(points: Float64Array): Float64Array {
  const corners = Array.from({ length: points.length / 3 }, (_, at) => [...points.subarray(at * 3, at * 3 + 3)]);
  return Float64Array.from([...corners.slice(3), ...corners.slice(0, 3)].toReversed().flat());
}
