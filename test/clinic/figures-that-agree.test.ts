import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clinicCt, clinicPixelMm } from '../support/clinic-ct.ts';
import { contoured } from './contoured-folder.ts';

/** Centre of gravity (x, y) of the area in a ring of x, y, z, and its z. */
function centroid(points: Float64Array): readonly [number, number, number] {
  let [area, x, y] = [0, 0, 0];
  for (let p = 0; p < points.length; p += 3) {
    const next = (p + 3) % points.length;
    const cross = points[p]! * points[next + 1]! - points[next]! * points[p + 1]!;
    area += cross;
    x += (points[p]! + points[next]!) * cross;
    y += (points[p + 1]! + points[next + 1]!) * cross;
  }
  return [x / (3 * area), y / (3 * area), points[2]!];
}

/** The numbers of a message in the order they stand. */
const numbers = (message: string): number[] => (message.match(/\d+\.\d+/g) ?? []).map(Number);

test('figures that are compared look different, and what is not zero does not look like it', async (t) => {
  const rejected = async (ct: Parameters<typeof clinicCt>[0]): Promise<string> =>
    contoured(t, clinicCt(ct)).then(
      () => assert.fail('the series was accepted'),
      (error: Error) => error.message,
    );
  const lean = await rejected({ tilt: 0.06 });
  assert.match(lean, /^gantry tilt of 0\.06 degrees/);
  const step = numbers(await rejected({ slices: 24, step: 0.4, z: (k) => k * 0.4 + (k > 9 ? 0.101 : 0) }));
  assert.ok(Math.abs(step[0]! - step[1]!) > 0.09);
  const limits = await contoured(t, clinicCt({ step: 6.06 })).then(String, (error: Error) => error.message);
  assert.match(limits, /slice spacing of 6\.06 mm from slice 1, the bundle takes 0\.5 mm to 6\.0 mm/);
});

test('slices that lie less than half a pixel beside each other are contoured, each contour at its own slice (CS 8.1.2)', async (t) => {
  const straight = await contoured(t, clinicCt());
  const shift = (k: number) => [k % 2 === 1 ? 0.3 * clinicPixelMm : 0, k % 4 === 2 ? -0.2 * clinicPixelMm : 0] as const;
  const { warnings, structureSet } = await contoured(t, clinicCt({ shift }));
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['IN_PLANE_SHIFT'],
  );
  assert.match(warnings[0]!.text, /up to 1\.2 mm beside each other, less than half a pixel/);
  // The patient is at the same place in both: so are the contours.
  const middles = ({ rois }: typeof structureSet) => rois[0]!.contours.map(({ points }) => centroid(points));
  const [expected, found] = [middles(straight.structureSet), middles(structureSet)];
  assert.equal(found.length, expected.length);
  for (const [i, [x, y, z]] of found.entries()) {
    assert.ok(Math.abs(x - expected[i]![0]) < 0.25, `x of contour ${i}: ${x}, ${expected[i]![0]}`);
    assert.ok(Math.abs(y - expected[i]![1]) < 0.25, `y of contour ${i}: ${y}, ${expected[i]![1]}`);
    assert.equal(z, expected[i]![2]);
  }
});

test('positions that jitter by less than a tenth of the step are contoured, each contour at its own position (CS 8.1.2)', async (t) => {
  const z = (k: number) => Math.round((3 * k + [0, 0.28, -0.25, 0.1, -0.29][k % 5]!) * 100) / 100;
  const { warnings, structureSet } = await contoured(t, clinicCt({ z }));
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['SPACING_JITTER'],
  );
  assert.match(warnings[0]!.text, /slices lie up to 0\.3 mm beside even positions/);
  const allowed = new Set(Array.from({ length: 24 }, (_, k) => z(k)));
  assert.ok(structureSet.rois[0]!.contours.every(({ points }) => allowed.has(points[2]!)));
  await assert.rejects(contoured(t, clinicCt({ z: (k) => 3 * k + (k === 9 ? 0.7 : 0) })), {
    code: 'SERIES_MISSING_SLICE',
  });
});
