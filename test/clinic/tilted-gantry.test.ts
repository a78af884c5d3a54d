import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noPynetdicom, python } from '../interop/pynetdicom.ts';
import type { Elements } from '../dicom/generated-ct.ts';
import { clinicCt, type ClinicCt, clinicPixelMm, clinicSlice, middleOf, organ } from '../support/clinic-ct.ts';
import { runProgram } from '../support/run-program.ts';
import { sharedData } from '../support/shared-data.ts';
import { writeFiles } from '../support/clinic-ct.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { contoured, contouredPath } from './contoured-folder.ts';

/** About how far (mm) a point lies inside the organ of the generated CT. */
function depth([x, y, z]: readonly [number, number, number], middle: number): number {
  const u = [x - organ.centre[0], y - organ.centre[1], z - middle];
  const level = Math.hypot(...u.map((value, axis) => value / organ.radii[axis]!));
  const gradient = Math.hypot(...u.map((value, axis) => value / organ.radii[axis]! ** 2));
  return ((1 - level) * level) / gradient;
}

function points(contours: readonly { readonly points: Float64Array }[]): [number, number, number][] {
  return contours.flatMap(({ points: flat }) =>
    Array.from(
      { length: flat.length / 3 },
      (_, p) => [flat[3 * p]!, flat[3 * p + 1]!, flat[3 * p + 2]!] as [number, number, number],
    ),
  );
}

/** Every contour of a structure set as pydicom reads it, with the place of the image that it names. */
const readWithPydicom = `
import json, pathlib, sys, pydicom
ct = {}
for path in pathlib.Path(sys.argv[2]).rglob('*'):
    if path.is_file():
        image = pydicom.dcmread(path, stop_before_pixels=True)
        ct[image.SOPInstanceUID] = ([float(v) for v in image.ImagePositionPatient], [float(v) for v in image.ImageOrientationPatient])
found = []
for roi in pydicom.dcmread(sys.argv[1]).ROIContourSequence:
    for contour in roi.ContourSequence:
        position, orientation = ct[contour.ContourImageSequence[0].ReferencedSOPInstanceUID]
        assert contour.ContourGeometricType == 'CLOSED_PLANAR'
        found.append({'position': position, 'orientation': orientation, 'points': [float(v) for v in contour.ContourData]})
print(json.dumps(found))
`;

interface PlacedContour {
  readonly position: [number, number, number];
  readonly orientation: number[];
  readonly points: number[];
}

/** Contours by pydicom; each is asserted to lie in the plane of the image that it names. */
async function inTheirPlanes(structureSet: string, ct: string): Promise<PlacedContour[]> {
  const { code, stdout, stderr } = await runProgram(python, ['-c', readWithPydicom, structureSet, ct]);
  assert.equal(code, 0, stderr);
  const found = JSON.parse(stdout) as PlacedContour[];
  for (const { position, orientation, points: flat } of found) {
    const [rx, ry, rz, cx, cy, cz] = orientation as [number, number, number, number, number, number];
    const normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx];
    for (let p = 0; p < flat.length; p += 3) {
      const off = normal.reduce((sum, n, axis) => sum + n * (flat[p + axis]! - position[axis]!), 0);
      assert.ok(Math.abs(off) < 0.005, `${off} mm beside the plane`);
    }
  }
  return found;
}

for (const tilt of [18.5, -12, 28]) {
  test(`a gantry tilt of ${tilt} degrees, resolved: the contours lie in the tilted planes and on the organ (CS 8.1.2)`, async (t) => {
    const ct: ClinicCt = { tilt, slices: 40 };
    const files = clinicCt(ct);
    await assert.rejects(contoured(t, files), {
      code: 'SERIES_GANTRY_TILT',
      message: `gantry tilt of ${Math.abs(tilt).toFixed(1)} degrees`,
    });
    const { dataSet, codes, warnings, rois, out } = await contoured(t, files, { tilt: 'resolve' });
    assert.deepEqual(codes, ['TILTED']);
    assert.match(warnings[0]!.text, new RegExp(`^gantry tilt of ${Math.abs(tilt).toFixed(1)} degrees`));
    const contours = dataSet
      .items('30060039')[0]!
      .items('30060040')
      .map((item) => ({ points: Float64Array.from(item.numbers('30060050')) }));
    const distances = points(contours).map((point) => Math.abs(depth(point, middleOf(ct))));
    const mean = distances.reduce((sum, mm) => sum + mm, 0) / distances.length;
    assert.ok(mean < 0.5 && Math.max(...distances) < 2.5, `mean ${mean}, largest ${Math.max(...distances)} mm`);
    const [a, b, c] = organ.radii;
    const expected = ((4 / 3) * Math.PI * a * b * c) / 1000;
    assert.ok(Math.abs(rois[0]!.volumeCm3 / expected - 1) < 0.03, `${rois[0]!.volumeCm3} cm3 of ${expected}`);
    if (noPynetdicom) return t.diagnostic(noPynetdicom);
    const folder = await writeFiles(await temporaryFolder(t), files);
    assert.ok((await inTheirPlanes(out, folder)).length > 10);
  });
}

test('a tilted series of a prone patient gives the contours of the supine one at the same places', async (t) => {
  const ct: ClinicCt = { tilt: 18.5, slices: 40 };
  // The matrix the other way round: its first pixel lies where the last one lay.
  const turned = (k: number): Elements => {
    const slice = clinicSlice(ct, k);
    const numbers = (tag: string) => (slice[tag]![1] as string).split('\\').map(Number);
    const [position, orientation] = [numbers('00200032'), numbers('00200037')];
    const last = position.map(
      (from, axis) => from + 63 * clinicPixelMm * (orientation[axis]! + orientation[axis + 3]!),
    );
    return {
      '00200032': ['DS', last.map((value) => value.toFixed(4)).join('\\')],
      '00200037': ['DS', orientation.map((value) => -value).join('\\')],
      '00185100': ['CS', 'HFP'],
      '7fe00010': ['OW', (slice['7fe00010']![1] as number[]).toReversed()],
    };
  };
  const { codes, dataSet } = await contoured(t, clinicCt({ ...ct, change: turned }), { tilt: 'resolve' });
  assert.deepEqual(codes, ['TILTED']);
  const contours = dataSet
    .items('30060039')[0]!
    .items('30060040')
    .map((item) => ({ points: Float64Array.from(item.numbers('30060050')) }));
  const distances = points(contours).map((point) => Math.abs(depth(point, middleOf(ct))));
  assert.ok(distances.reduce((sum, mm) => sum + mm, 0) / distances.length < 0.5);
});

test('slices that shift under upright images are resolved likewise', async (t) => {
  const ct: ClinicCt = { shift: (k) => [0, -k] };
  await assert.rejects(contoured(t, clinicCt(ct)), {
    code: 'SERIES_GANTRY_TILT',
    message: /^gantry tilt of 18\.4 degrees: the slices shift by 23\.0 mm$/,
  });
  const { codes, structureSet } = await contoured(t, clinicCt(ct), { tilt: 'resolve' });
  assert.deepEqual(codes, ['TILTED']);
  const distances = points(structureSet.rois[0]!.contours).map((point) => Math.abs(depth(point, middleOf(ct))));
  assert.ok(distances.reduce((sum, mm) => sum + mm, 0) / distances.length < 0.5);
});

const head = sharedData('ct-geometry/ge-tilt-two-spacings');
test(
  'a real head CT with a tilted gantry and two spacings is contoured where the model takes both',
  { skip: head === undefined && '../shared/data/ct-geometry is absent' },
  async (t) => {
    await assert.rejects(contouredPath(t, head!, { tilt: 'resolve' }), {
      code: 'SERIES_SPACING',
      message: /the bundle takes/,
    });
    const { codes, out, rois } = await contouredPath(t, head!, {
      tilt: 'resolve',
      bundle: { applicability: { sliceSpacingMm: [0.5, 8] } },
    });
    assert.deepEqual(codes.slice(0, 2), ['SPACING_CHANGES', 'TILTED']);
    assert.ok(rois[0]!.volumeCm3 > 50);
    if (noPynetdicom) return t.diagnostic(noPynetdicom);
    assert.ok((await inTheirPlanes(out, head!)).length > 10);
  },
);
