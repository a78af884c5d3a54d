import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { inverse, product } from '../../src/dicom/affine.ts';
import type { ContourNodeError } from '../../src/errors.ts';
import { type LoadedBundle, loadBundle } from '../../worker/bundles/load-bundle.ts';
import { type ContouredFolder, contourFolder } from '../../worker/contour-folder.ts';
import { writeEnsemble } from '../../worker/bundles/write-ensemble.ts';
import { contourOrder } from '../../worker/order/contour-order.ts';
import { rigid } from '../../worker/registration/rigid.ts';
import { brightInMrBundle } from '../support/bright-in-mr.ts';
import { mrOnDisk } from '../support/mr-on-disk.ts';
import { orderOnDisk } from '../support/order-on-disk.ts';
import { cylinderWithEllipsoids, type Ellipsoid, grid, writeCtFolder } from '../support/synthetic-ct.ts';
import { cylinderInMr, headElsewhere, writeMrFolder, writeRegistrationFile } from '../support/synthetic-mr.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

const body = { centre: [0, 0], radii: [90, 75] } as const;
/** The CT does not show it. */
const tumour: Ellipsoid = { centre: [20, -10, 18], radii: [25, 20, 14] };
const tumourCm3 = ((4 / 3) * Math.PI * 25 * 20 * 14) / 1000;
const ct = cylinderWithEllipsoids(grid([128, 128, 19], [1.7, 1.7, 3], [0, 0], -9), body, []);

async function brightInMr(t: TestContext, mayBeMissing = true): Promise<LoadedBundle> {
  const { directory } = await brightInMrBundle(t, mayBeMissing);
  const loaded = await loadBundle(directory, '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
  t.after(() => loaded.engine.close());
  return loaded;
}

/** CT, MR and registration in one folder, as a TPS exports them. */
async function exported(t: TestContext, fromCt = headElsewhere): Promise<string> {
  const folder = await temporaryFolder(t);
  await writeCtFolder(join(folder, 'in'), ct);
  await writeMrFolder(join(folder, 'in', 'mr'), cylinderInMr(body, [tumour]).image);
  await writeRegistrationFile(join(folder, 'in', 'registration.dcm'), fromCt);
  return folder;
}

function contour(folder: string, loaded: LoadedBundle): Promise<ContouredFolder> {
  return contourFolder([join(folder, 'in')], loaded, {
    out: join(folder, 'out.dcm'),
    encoding: 'implicit',
    config: configSchema.parse({}),
    now: new Date(Date.UTC(2026, 10, 29)),
  });
}

test('what the MR alone shows is contoured at its place in the CT, through the registration', async (t) => {
  const folder = await exported(t);
  const { rois, inputs, warnings, ignored } = await contour(folder, await brightInMr(t));
  assert.ok(Math.abs(rois[0]!.volumeCm3 - tumourCm3) < 0.04 * tumourCm3, `${rois[0]!.volumeCm3} of ${tumourCm3} cm3`);
  const [{ bodyOverlap, mutualInformation, ...used }] = inputs as [ContouredFolder['inputs'][number]];
  assert.deepEqual(used, { name: 'MR', used: true, how: 'registration' });
  assert.ok(bodyOverlap! > 0.98 && mutualInformation! > 0.3, `${bodyOverlap} ${mutualInformation}`);
  assert.deepEqual([warnings, ignored], [[], []]);
});

test('an ensemble gets the MR that any of its networks takes, also where the first one does not', async (t) => {
  const folder = await exported(t);
  const members = [await thresholdBundle(t), await brightInMrBundle(t)];
  const about = { name: 'both', version: '1.0.0', date: '2026-11-29' };
  const { directory } = await writeEnsemble(join(folder, 'both'), members, about);
  const loaded = await loadBundle(directory, '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
  t.after(() => loaded.engine.close());
  const inputs = await contour(folder, loaded).then(
    (contoured) => contoured.inputs.map(({ name, used }) => [name, used]),
    (error: ContourNodeError) => error.code,
  );
  assert.deepEqual(inputs, [['MR', true]]);
});

test('a wrong registration is said: bodies overlap less, CT and MR share less', async (t) => {
  const folder = await exported(t, product(rigid([0, 0, 0.2], [30, 10, 0]), headElsewhere));
  const { warnings } = await contour(folder, await brightInMr(t));
  assert.deepEqual(
    warnings.map(({ code, severity }) => [code, severity]),
    [['REGISTRATION_FIT', 'check']],
  );
});

test('a registration turned round leads elsewhere', async (t) => {
  const folder = await exported(t, inverse(headElsewhere));
  const { warnings } = await contour(folder, await brightInMr(t)).catch((error: ContourNodeError) => {
    assert.equal(error.code, 'NOTHING_FOUND');
    return { warnings: [{ code: 'REGISTRATION_FIT' }] };
  });
  assert.ok(warnings.some(({ code }) => code === 'REGISTRATION_FIT'));
});

test('without registration, or with that of another patient, the CT alone is contoured, and said so', async (t) => {
  const folder = await exported(t);
  await writeRegistrationFile(join(folder, 'in', 'registration.dcm'), headElsewhere, 'T2');
  const loaded = await brightInMr(t);
  const nothing = { code: 'NOTHING_FOUND' };
  await assert.rejects(contour(folder, loaded), nothing, 'the CT does not show it');
  await rm(join(folder, 'in', 'registration.dcm'));
  await assert.rejects(contour(folder, loaded), nothing);
  await assert.rejects(contour(folder, await brightInMr(t, false)), {
    code: 'SERIES_INPUT_MISSING',
    message: /needs an MR that shows the body/,
  });
});

test('an ensemble does without the MR only where each of its networks does', async (t) => {
  const folder = await exported(t);
  await rm(join(folder, 'in', 'registration.dcm'));
  const [one, other] = [await brightInMr(t), await brightInMr(t, false)];
  await assert.rejects(contour(folder, { ...one, members: [one, other] }), { code: 'SERIES_INPUT_MISSING' });
});

test('a sheared registration is refused in words and never left out in silence', async (t) => {
  const folder = await exported(t, [1, 0.2, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  await assert.rejects(contour(folder, await brightInMr(t)), { code: 'SERIES_REGISTRATION', message: /shears/ });
});

test('of two MR series that could be meant none is chosen', async (t) => {
  const folder = await exported(t);
  const { image } = cylinderInMr(body, [tumour], rigid([0, 0, 0], [0, 0, 0]));
  await writeMrFolder(join(folder, 'in', 'another'), image, { series: '2.25.7730', frame: '2.25.7702' });
  await assert.rejects(contour(folder, await brightInMr(t)), { code: 'USAGE', message: /2 MR series for MR/ });
});

for (const how of ['registration', 'rigid'] as const) {
  test(`an order with an MR (${how}) is contoured with it, and the result says how`, async (t) => {
    const folder = await temporaryFolder(t);
    const loaded = await brightInMr(t);
    const placed = cylinderInMr(body, [tumour, { centre: [-50, 20, 10], radii: [12, 12, 12] }]);
    const mr = await mrOnDisk(join(folder, 'data'), await writeMrFolder(join(folder, 'mr'), placed.image));
    const off = how === 'rigid' ? rigid([0.1, 0, -0.1], [8, -6, 5]) : rigid([0, 0, 0], [0, 0, 0]);
    const onDisk = await orderOnDisk(
      join(folder, 'data'),
      await writeCtFolder(join(folder, 'ct'), bothInCt()),
      loaded.bundle,
      { inputs: [{ ...mr, name: 'MR', fromCt: [...product(off, placed.fromCt)], how }] },
    );
    const result = await contourOrder(onDisk.dataDirectory, onDisk.payload, {
      openEngine: () => Promise.resolve(loaded),
      batchSize: 8,
    });
    assert.equal(result.status, 'contoured');
    assert.deepEqual(
      result.inputs!.map(({ name, used, how: way }) => [name, used, way]),
      [['MR', true, how]],
    );
    const expected = tumourCm3 + ((4 / 3) * Math.PI * 12 ** 3) / 1000;
    assert.ok(Math.abs(result.rois[0]!.volumeCm3 - expected) < 0.08 * expected, `${result.rois[0]!.volumeCm3} cm3`);
    assert.deepEqual(result.warnings, []);
  });
}

/** The registration needs something that both images show. */
function bothInCt(): typeof ct {
  return cylinderWithEllipsoids(ct.grid, body, [tumour, { centre: [-50, 20, 10], radii: [12, 12, 12] }]);
}
