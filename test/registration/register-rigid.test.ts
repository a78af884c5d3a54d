import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modalitiesOf } from '../../src/bundles/manifest.ts';
import { readBundle } from '../../src/bundles/read-bundle.ts';
import { greatestDistance, inverse, type Point, product, transformed } from '../../src/dicom/affine.ts';
import { ImagesBesideCt, prepareModalities } from '../../worker/inference/modality-inputs.ts';
import { generatePhantom } from '../../worker/phantom/generate-phantom.ts';
import { minimise } from '../../worker/registration/powell.ts';
import { mutualInformation, registrationFit } from '../../worker/registration/registration-fit.ts';
import { registerRigid } from '../../worker/registration/register-rigid.ts';
import { anglesOf, rigid } from '../../worker/registration/rigid.ts';
import { findBody } from '../../worker/volume/body.ts';
import type { PlacedImage } from '../../worker/volume/modality-image.ts';

const degree = Math.PI / 180;
/** Around the nasopharynx and the upper neck. */
const targets: Point[] = [-35, 35].flatMap((x) => [-45, 30].flatMap((y) => [-45, 15].map((z): Point => [x, y, z])));

test('an MR moved by 20 mm and 15 degrees comes back to within 1 mm, every time to the same place', () => {
  const { volume, mr } = generatePhantom(401, { size: 192, mr: true });
  const body = findBody(volume);
  const { image, fromCt } = mr!;
  const head = transformed(fromCt, [0, 0, 0]);
  // 15 degrees about the axis (1, -1, 1), 20 mm along (1, 1, -1).
  const [angle, shift] = [(15 * degree) / Math.sqrt(3), 20 / Math.sqrt(3)];
  const start = product(rigid([angle, -angle, angle], [shift, shift, -shift], head), fromCt);
  assert.ok(greatestDistance(start, fromCt, targets) > 25);
  const found = registerRigid({ image, fromCt: start }, volume, body);
  const error = greatestDistance(found, fromCt, targets);
  assert.ok(error < 1, `${error.toFixed(2)} mm`);
  assert.deepEqual(registerRigid({ image, fromCt: start }, volume, body), found);

  const fits = [fromCt, found, start].map((way) => registrationFit({ image, fromCt: way }, volume, body)!);
  const [truth, registered, wrong] = fits as [(typeof fits)[0], (typeof fits)[0], (typeof fits)[0]];
  assert.ok(Math.abs(truth.mutualInformation - registered.mutualInformation) < 0.02);
  assert.ok(wrong.bodyOverlap < truth.bodyOverlap - 0.05, `${wrong.bodyOverlap} ${truth.bodyOverlap}`);
  assert.ok(wrong.mutualInformation < truth.mutualInformation / 1.5);
});

test('a registration of 10 mm and 10 degrees that is written the inverse way is said, about every axis (REGISTRATION_FIT)', async () => {
  // With the range of its training, and without one, as of a network from elsewhere.
  const { volume, mr } = generatePhantom(501, { size: 128, mr: true });
  const body = findBody(volume);
  const { manifest } = await readBundle('models/phantom-gtvp-mr');
  const known = modalitiesOf(manifest)!;
  const unknown = known.map((one) => ({ ...one, trained: undefined }));
  const warningsOf = (image: PlacedImage) => {
    const given = [{ ...image, name: 'MR', how: 'registration' as const }];
    const images = new ImagesBesideCt(given, volume, body);
    const [first, second] = [known, unknown].map((modalities) =>
      prepareModalities(modalities, images).flatMap(({ warnings }) => warnings.map(({ code }) => code)),
    );
    assert.deepEqual(second, first);
    return first;
  };
  assert.deepEqual(warningsOf(mr!), []);
  const toCt = product(inverse(mr!.fromCt), mr!.image.toPatient);
  for (const axis of [0, 1, 2]) {
    const along = (value: number): Point => [0, 1, 2].map((one) => (one === axis ? value : 0)) as unknown as Point;
    const fromCt = rigid(along(10 * degree), along(10));
    const image = { ...mr!.image, toPatient: product(fromCt, toCt) };
    assert.deepEqual(warningsOf({ image, fromCt }), [], 'the right way');
    assert.deepEqual(warningsOf({ image, fromCt: inverse(fromCt) }), ['REGISTRATION_FIT'], `axis ${axis}`);
  }
});

test('where the start leads past the body, the search begins between the middles', () => {
  const { volume, mr } = generatePhantom(402, { size: 128, mr: true });
  const { image, fromCt } = mr!;
  const far = rigid([0, 0, 0], [900, 0, 0]);
  const found = registerRigid({ image, fromCt: product(far, fromCt) }, volume, findBody(volume));
  assert.ok(greatestDistance(found, fromCt, targets) < 60, 'not 900 mm away');
});

test("Powell's method finds the end of a bent valley", () => {
  // Rosenbrock (1960): the minimum lies at (1, 1).
  const valley = ([x = 0, y = 0]: readonly number[]): number => (1 - x) ** 2 + 100 * (y - x * x) ** 2;
  let point = [-1.2, 1];
  for (const reach of [1, 0.1, 0.01]) point = minimise(valley, point, reach);
  assert.ok(valley(point) < 1e-3, point.join());
});

test('two variables share as much as their table says', () => {
  // Equal: one bit. Independent: nothing. A table computed by hand: 0.5 ln 2 + ... of p = [[1/2, 1/4], [0, 1/4]].
  assert.ok(Math.abs(mutualInformation(Float64Array.of(1, 0, 0, 1), 2) - Math.log(2)) < 1e-12);
  assert.ok(Math.abs(mutualInformation(Float64Array.of(2, 4, 3, 6), 2)) < 1e-12);
  const byHand = 0.5 * Math.log(4 / 3) + 0.25 * Math.log(2 / 3) + 0.25 * Math.log(2);
  assert.ok(Math.abs(mutualInformation(Float64Array.of(2, 1, 0, 1), 2) - byHand) < 1e-12);
});

test('angles and matrix of a rotation belong together', () => {
  const angles = [0.3, -0.2, 0.5] as const;
  const found = anglesOf(rigid(angles, [1, 2, 3], [4, 5, 6]));
  for (const [axis, angle] of angles.entries()) assert.ok(Math.abs(found[axis]! - angle) < 1e-12);
  assert.deepEqual(
    transformed(rigid([0, 0, Math.PI / 2], [1, 0, 0], [5, 5, 0]), [6, 5, 0]).map(
      (value) => Math.round(value * 1e9) / 1e9,
    ),
    [6, 6, 0],
  );
});
