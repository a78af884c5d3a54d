import assert from 'node:assert/strict';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Recipe } from '../../src/config/recipe-schema.ts';
import { inverse, product } from '../../src/dicom/affine.ts';
import { pixelsOnlyFile } from '../../src/dicom/pixels-only-file.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import type { ContourNodeError } from '../../src/errors.ts';
import type { InputImage } from '../../src/work/input-image.ts';
import { pictureAxes, picturePlanesFile } from '../../src/work/picture-files.ts';
import type { FoundContours, RemoteContours } from '../../src/work/remote-contours.ts';
import { remoteOrderSchema } from '../../src/work/remote-order.ts';
import { writeBundle } from '../../worker/bundles/write-bundle.ts';
import { writeEnsemble } from '../../worker/bundles/write-ensemble.ts';
import { remoteOrderFile, returnedFile, sliceFile } from '../../worker/remote/contour-remote-order.ts';
import { prepareRemoteOrder } from '../../worker/remote/prepare-remote-order.ts';
import { rigid } from '../../worker/registration/rigid.ts';
import { loadLocatedModality, loadModality, locateModality } from '../../worker/volume/load-modality.ts';
import { brightInMrBundle } from '../support/bright-in-mr.ts';
import { ctSliceFile, type Element } from '../support/ct-slice.ts';
import { mrSlice } from '../support/mr-slice.ts';
import {
  body,
  bright,
  type Hospital,
  hospital,
  contourRemotely,
  nearby,
  written,
  filesOf,
  assertSame,
  refusing,
} from '../support/near-and-far.ts';
import { brightVolume, pointwiseVolumeNetwork } from '../support/pointwise-volume.ts';
import { cylinderWithEllipsoids, grid } from '../support/synthetic-ct.ts';
import { cylinderInMr } from '../support/synthetic-mr.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

/** In CT and MR, so that they can be registered. */
const ellipsoids = [bright[0], { centre: [-50, 20, 10], radii: [12, 12, 12] }] as const;

/** A hospital whose CT has an MR, and beside it another image that the bundle does not take. */
async function hospitalWithMr(
  t: TestContext,
  how: InputImage['how'],
  options: Parameters<typeof hospital>[1] = {},
  more: Parameters<typeof hospital>[2] = {},
): Promise<Hospital> {
  const mr = cylinderInMr(body, ellipsoids);
  const off = how === 'rigid' ? rigid([0.1, 0, -0.1], [8, -6, 5]) : rigid([0, 0, 0], [0, 0, 0]);
  const image: InputImage = {
    name: 'MR',
    series: 'fedcba9876543210',
    revision: 1,
    fromCt: [...product(off, mr.fromCt)],
    how,
    date: '20251224',
    ...(how === 'registration' && { registrations: ['abcdefabcdefabcd'] }),
  };
  const other: InputImage = { ...image, name: 'PET', fromCt: [...inverse(mr.fromCt)] };
  const volume = cylinderWithEllipsoids(grid([128, 128, 19], [1.7, 1.7, 3], [0, 0], -9), body, ellipsoids);
  return hospital(
    t,
    { inputs: [other, image], ...options },
    {
      volume,
      bundle: more.bundle ?? (await brightInMrBundle(t)),
      mr,
      ...more,
    },
  );
}

test('the same with an MR beside the CT: structure set and pictures say and show what they do of a worker beside the node', async (t) => {
  const there = await hospitalWithMr(t, 'registration', { destination: { segmentation: true } });
  const { inputs, rois } = await assertSame(there);
  assert.deepEqual(
    inputs!.map(({ name, used, how }) => [name, used, how]),
    [['MR', true, 'registration']],
  );
  assert.ok(rois[0]!.found);
  const files = await filesOf(there.far);
  const [set] = Object.keys(files).filter((name) => /implicit/.test(name) && !/seg/.test(name));
  const said = 'with MR fedcba9876543210 of 2025-12-24 by registration abcdefabcdefabcd';
  assert.ok(Buffer.from(files[set!]!, 'base64').includes(said), 'the ROI Description is of the node’s own order');
  for (const axis of pictureAxes) assert.ok(files[picturePlanesFile(axis, 'MR')] !== undefined, axis);
});

test('the same where the worker registers the MR, and by a recipe', async (t) => {
  const there = await hospitalWithMr(t, 'rigid');
  const { inputs } = await assertSame(there);
  assert.deepEqual([inputs![0]!.used, inputs![0]!.how], [true, 'rigid']);
  const { name } = there.loaded.bundle.manifest;
  const recipe: Recipe = {
    name: 'protocol',
    description: '',
    structures: [{ name: 'Bright', from: `${name}/Bright`, need: 'optional', deliver: true }],
  };
  await assertSame(await hospitalWithMr(t, 'frame-of-reference', { recipe }));
});

test('the same with a compressed MR, by the mean of a network that sees it and one that does not', async (t) => {
  const folder = await temporaryFolder(t);
  const members = [await brightInMrBundle(t), await thresholdBundle(t)];
  const about = { name: 'both', version: '1.0.0', date: '2026-11-29' };
  const bundle = await writeEnsemble(join(folder, 'models', 'both'), members, about);
  const there = await hospitalWithMr(t, 'registration', {}, { bundle, compressMr: 'dcmcjpls' });
  const { inputs, rois } = await assertSame(there);
  assert.deepEqual([inputs![0]!.name, inputs![0]!.used, rois[0]!.found], ['MR', true, true]);
  const slices = await Promise.all(
    Array.from({ length: 40 }, (_, k) => readFile(join(there.spool, sliceFile(19 + k)))),
  );
  const syntaxes = new Set(slices.map((slice) => parseDicom(slice).transferSyntax.codec));
  assert.deepEqual([...syntaxes], ['jpeg-ls'], 'as it was compressed');
});

test('the same with a 3-D network that cannot do without the MR', async (t) => {
  const folder = await temporaryFolder(t);
  // Signal 300 is 0, 900 is 1; the CT does not matter.
  const normalisation = { scheme: 'ct' as const, low: 0, high: 2000, mean: 300, sd: 600 };
  const beside = [{ name: 'MR', modality: 'MR' as const, channel: 0, normalisation }];
  const description = { ...brightVolume, volume: { ...brightVolume.volume, beside } };
  const model = pointwiseVolumeNetwork([0, 0, 8, 0], [0, -4], 3, 2);
  const bundle = await writeBundle(join(folder, 'models', 'bundle'), description, { model });
  const { inputs, rois } = await assertSame(await hospitalWithMr(t, 'rigid', {}, { bundle }));
  assert.deepEqual([inputs![0]!.used, inputs![0]!.how, rois[0]!.found], [true, 'rigid', true]);
});

test('of an order with an MR only what the bundle takes leaves the node, and it names nobody', async (t) => {
  const there = await hospitalWithMr(t, 'registration');
  await contourRemotely(there);
  const order = remoteOrderSchema.parse(JSON.parse(await readFile(join(there.spool, remoteOrderFile), 'utf8')));
  assert.deepEqual(
    order.inputs!.map((input) => [input.name, input.slices]),
    [['MR', 40]],
  );
  const files = (await readdir(there.spool)).filter((name) => name !== returnedFile);
  assert.equal(files.length, 1 + 19 + 40);
  const series = ['fedcba9876543210', 'abcdefabcdefabcd', '2.25.7701', '2.25.7710', '2.25.7712', '20251224'];
  const texts = ['Ellipsoid', 'T1', '20260102', '030405', 'generated', 'HEADNECK', 'PET'];
  for (const name of files) {
    const bytes = await readFile(join(there.spool, name));
    for (const secret of [...series, ...texts]) assert.equal(bytes.includes(secret), false, `${secret} in ${name}`);
  }
});

test('an MR that a worker beside the node would refuse is refused in the same words', async (t) => {
  const there = await hospitalWithMr(t, 'registration');
  for (const { dataDirectory } of [there.near, there.far])
    await truncate(join(dataDirectory, 'series', 'fedcba9876543210', 'instances', 'mr-7.dcm'), 9000);
  const near = await nearby(there);
  assert.equal(near.status, 'rejected');
  assert.match(near.error!.message, /^MR image 7 of 40: /);
  const prepared = await prepareRemoteOrder(
    { dataDirectory: there.far.dataDirectory, modelsDirectory: there.models },
    there.far.payload,
  );
  const far =
    prepared === undefined ? (await written(there, undefined)).error : await refusalOf(prepared.slice(19 + 6));
  assert.deepEqual([far?.code, far?.message], [near.error!.code, near.error!.message]);
});

async function refusalOf(slice: Promise<Buffer>): Promise<ContourNodeError> {
  return slice.then(
    () => assert.fail('the slice is served'),
    (error: ContourNodeError) => error,
  );
}

test('what a remote worker made of another MR than that of the order, or without it, is refused', async (t) => {
  const there = await hospitalWithMr(t, 'registration');
  const { good, refused } = await refusing(there, await contourRemotely(there));
  assert.deepEqual(good.outcome.kind === 'contours' && good.outcome.inputs.map(({ name }) => name), ['MR']);
  const found = (change: (outcome: FoundContours) => void) => (bad: RemoteContours) => {
    if (bad.outcome.kind === 'contours') change(bad.outcome);
    return bad;
  };
  for (const change of [
    found((outcome) => (outcome.inputs = [])),
    found((outcome) => (outcome.inputs[0]!.how = 'rigid')),
    found((outcome) => (outcome.inputs[0]!.used = false)),
    found((outcome) => outcome.inputs.push({ name: 'PET', used: true, how: 'registration' })),
    found((outcome) => (outcome.beside[0]!.name = 'PET')),
    found((outcome) => (outcome.beside[0]!.fromCt[3]! += 1)),
  ])
    await refused('REMOTE_RESULT', change);
});

test('each slice of an MR keeps its own rescale, and what is called padding stays what it is', async (t) => {
  const folder = await temporaryFolder(t);
  const whole: string[] = [];
  const only: string[] = [];
  for (let number = 0; number < 5; number += 1) {
    const more: Element[] = [
      ['00281052', 'DS', String(-3.7 * number)],
      ['00281053', 'DS', String(0.37216789 + number / 7).slice(0, 16)],
      ['00280120', 'US', 5],
      ['00091010', 'LO', 'Secret private'],
    ];
    const file = ctSliceFile(mrSlice({ series: '2.25.7710', number, without: [], more }));
    whole.push(join(folder, `whole-${number}.dcm`));
    only.push(join(folder, `only-${number}.dcm`));
    await writeFile(whole.at(-1)!, file);
    const sent = await pixelsOnlyFile(parseDicom(file), undefined, { series: '0123456789abcdef MR', slice: number });
    for (const secret of ['Secret', '2.25.7710', 'Gadobutrol', 'T1 TSE']) assert.equal(sent.includes(secret), false);
    await writeFile(only.at(-1)!, sent);
  }
  const { geometry, paths } = await locateModality(whole);
  const { image } = await loadModality(whole);
  const order = paths.map((path) => only[whole.indexOf(path)]!);
  assert.deepEqual(await loadLocatedModality(order, geometry), image);
  assert.ok(new Set(image.values).size > 100);
});
