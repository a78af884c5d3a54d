import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { test, type TestContext } from 'node:test';
import type { Recipe } from '../../src/config/recipe-schema.ts';
import { identity } from '../../src/dicom/affine.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { RemoteContours } from '../../src/work/remote-contours.ts';
import type { BundleDescription } from '../../worker/bundles/write-bundle.ts';
import { loadBundle, type LoadedBundle } from '../../worker/bundles/load-bundle.ts';
import { contourOrder } from '../../worker/order/contour-order.ts';
import {
  contourRemoteOrder,
  remoteOrderFile,
  returnedFile,
  sliceFile,
} from '../../worker/remote/contour-remote-order.ts';
import { prepareRemoteOrder } from '../../worker/remote/prepare-remote-order.ts';
import { writeReturnedContours } from '../../worker/remote/write-returned-contours.ts';
import { orderOnDisk, type OrderOnDisk } from '../support/order-on-disk.ts';
import { cylinderWithEllipsoids, grid, writeCtFolder } from '../support/synthetic-ct.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

const body = { centre: [0, 0], radii: [90, 75] } as const;
const bright = [{ centre: [20, -10, 18], radii: [25, 20, 11] }] as const;

interface Hospital {
  readonly loaded: LoadedBundle;
  readonly models: string;
  readonly spool: string;
  /** Twice the same order: for a worker beside the node, and for a remote one. */
  readonly near: OrderOnDisk;
  readonly far: OrderOnDisk;
}

async function hospital(
  t: TestContext,
  options: Parameters<typeof orderOnDisk>[3] = {},
  changes?: Partial<BundleDescription>,
  volume = cylinderWithEllipsoids(grid([128, 128, 13], [1.7, 1.7, 3]), body, bright),
): Promise<Hospital> {
  const folder = await temporaryFolder(t);
  const ct = await writeCtFolder(join(folder, 'ct'), volume);
  const { directory } = await thresholdBundle(t, changes);
  const loaded = await loadBundle(directory, '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
  t.after(() => loaded.engine.close());
  const spool = join(folder, 'spool');
  await mkdir(spool);
  return {
    loaded,
    models: dirname(directory),
    spool,
    near: await orderOnDisk(join(folder, 'near'), ct, loaded.bundle, options),
    far: await orderOnDisk(join(folder, 'far'), ct, loaded.bundle, options),
  };
}

/** What a remote worker does: it has the order's JSON and the slices, nothing else. */
async function contourRemotely({ far, models, spool, loaded }: Hospital): Promise<string> {
  const prepared = await prepareRemoteOrder({ dataDirectory: far.dataDirectory, modelsDirectory: models }, far.payload);
  assert.ok(prepared !== undefined);
  await writeFile(join(spool, remoteOrderFile), JSON.stringify(prepared.order));
  for (const index of prepared.order.geometry.z.keys())
    await writeFile(join(spool, sliceFile(index)), await prepared.slice(index));
  await contourRemoteOrder(spool, { openEngine: () => Promise.resolve(loaded), batchSize: 8 });
  return join(spool, returnedFile);
}

const nearby = ({ near, loaded }: Hospital) =>
  contourOrder(near.dataDirectory, near.payload, { openEngine: () => Promise.resolve(loaded), batchSize: 8 });

const written = ({ far, models }: Hospital, file: string | undefined) =>
  writeReturnedContours(far.payload, file, { dataDirectory: far.dataDirectory, modelsDirectory: models });

async function filesOf({ folder }: OrderOnDisk): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => name !== 'result.json').toSorted();
  const contents = names.map(async (name) => [name, (await readFile(join(folder, name))).toString('base64')]);
  return Object.fromEntries(await Promise.all(contents)) as Record<string, string>;
}

async function assertSame(there: Hospital): Promise<void> {
  const [near, far] = [await nearby(there), await written(there, await contourRemotely(there))];
  const { structureSets, rois, warnings, status } = near;
  assert.deepEqual(
    { structureSets: far.structureSets, rois: far.rois, warnings: far.warnings, status: far.status },
    { structureSets, rois, warnings, status },
  );
  assert.deepEqual(
    far.timings.map(({ stage }) => stage),
    near.timings.map(({ stage }) => stage),
  );
  assert.deepEqual(await filesOf(there.far), await filesOf(there.near));
}

test('contours of a remote worker give the same bytes as those of a worker beside the node, pictures included', async (t) => {
  await assertSame(await hospital(t));
});

test('the same with a segmentation, and by a recipe with derived structures', async (t) => {
  const there = await hospital(t, { destination: { segmentation: true } });
  await assertSame(there);
  assert.ok(Object.keys(await filesOf(there.far)).some((name) => name.endsWith('.seg.implicit.dcm')));
  const { name } = there.loaded.bundle.manifest;
  const recipe: Recipe = {
    name: 'protocol',
    description: '',
    structures: [
      { name: 'Bright', from: `${name}/Bright`, need: 'optional', deliver: true },
      { name: 'Body', from: 'body', need: 'optional', deliver: true },
      { name: 'Bright_5', formula: 'margin(Bright, 5)', need: 'optional', deliver: true },
    ],
  };
  await assertSame(await hospital(t, { recipe, destination: { segmentation: true } }));
});

test('what leaves the node names nobody: order and slices hold nothing of the header but what the pixels need', async (t) => {
  const there = await hospital(t);
  await contourRemotely(there);
  const secrets = ['Ellipsoid', 'T1 ', '2.25.770', '20260102', '030405', '"TPS"'];
  const files = (await readdir(there.spool)).filter((name) => name !== returnedFile);
  assert.equal(files.length, 14);
  for (const name of files) {
    const bytes = await readFile(join(there.spool, name));
    for (const secret of secrets) assert.equal(bytes.includes(secret), false, `${secret} in ${name}`);
  }
});

test('a CT that a worker beside the node would reject is rejected in the same words', async (t) => {
  const unfit = await hospital(t, {}, { applicability: { sliceSpacingMm: [0.5, 2] as [number, number] } });
  const prepared = await prepareRemoteOrder(
    { dataDirectory: unfit.far.dataDirectory, modelsDirectory: unfit.models },
    unfit.far.payload,
  );
  assert.equal(prepared, undefined, 'nothing of it leaves the node');
  const [near, far] = [await nearby(unfit), await written(unfit, undefined)];
  assert.deepEqual([far.status, far.error], ['rejected', near.error]);

  const thin = { centre: [0, 0], radii: [9, 9] } as const;
  const nobody = cylinderWithEllipsoids(grid([128, 128, 12], [1.7, 1.7, 3]), thin, []);
  const air = await hospital(t, {}, {}, nobody);
  const [here, there] = [await nearby(air), await written(air, await contourRemotely(air))];
  assert.deepEqual([there.status, there.error], ['rejected', here.error]);
});

test('an order with an MR beside the CT does not leave the node: a remote worker would contour it without', async (t) => {
  const image = { name: 'MR', series: 'fedcba9876543210', revision: 1, fromCt: [...identity] };
  const { far, models } = await hospital(t, { inputs: [{ ...image, how: 'frame-of-reference' }] });
  await assert.rejects(
    prepareRemoteOrder({ dataDirectory: far.dataDirectory, modelsDirectory: models }, far.payload),
    (error) => error instanceof ContourNodeError && error.code === 'REMOTE_INPUTS',
  );
});

test('what is damaged, of another version, of another bundle or beyond the CT is refused, and nothing is written', async (t) => {
  const there = await hospital(t);
  const file = await contourRemotely(there);
  const good = JSON.parse((await promisify(gunzip)(await readFile(file))).toString()) as RemoteContours;
  const refused = async (code: string, change: (bad: RemoteContours) => unknown): Promise<void> => {
    await writeFile(file, await promisify(gzip)(JSON.stringify(change(structuredClone(good)))));
    await assert.rejects(
      written(there, file),
      (error) => error instanceof ContourNodeError && error.code === code && !/2\.25\.|Ellipsoid/.test(error.message),
    );
    assert.deepEqual(await readdir(there.far.folder), ['order.json']);
  };
  await refused('REMOTE_VERSION', (bad) => ({ ...bad, version: '0.0.1' }));
  await refused('REMOTE_RESULT', (bad) => ({ ...bad, bundles: ['0'.repeat(64)] }));
  await refused('REMOTE_RESULT', (bad) => ({ ...bad, outcome: { kind: 'contours' } }));
  await refused('REMOTE_RESULT', (bad) => {
    if (bad.outcome.kind === 'contours') bad.outcome.rois[0]!.slices[0]!.polygons[0]!.outer[0] = 1e6;
    return bad;
  });
  await refused('REMOTE_RESULT', (bad) => {
    if (bad.outcome.kind === 'contours') bad.outcome.rois[0]!.slices.reverse();
    return bad;
  });
  await writeFile(file, 'not gzip');
  await assert.rejects(written(there, file), /is not gzip of JSON/);
});
