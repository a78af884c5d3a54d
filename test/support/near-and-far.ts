import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { TestContext } from 'node:test';
import { ContourNodeError } from '../../src/errors.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import type { RemoteContours } from '../../src/work/remote-contours.ts';
import { sliceCount } from '../../src/work/remote-order.ts';
import type { WorkResult } from '../../src/work/work-result.ts';
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
import type { Volume } from '../../worker/volume/volume.ts';
import type { PlacedImage } from '../../worker/volume/modality-image.ts';
import { mrOnDisk } from './mr-on-disk.ts';
import { runProgram } from './run-program.ts';
import { orderOnDisk, type OrderOnDisk } from './order-on-disk.ts';
import { cylinderWithEllipsoids, grid, writeCtFolder } from './synthetic-ct.ts';
import { writeMrFolder } from './synthetic-mr.ts';
import { temporaryFolder, thresholdBundle } from './threshold-bundle.ts';

export const body = { centre: [0, 0], radii: [90, 75] } as const;
export const bright = [{ centre: [20, -10, 18], radii: [25, 20, 11] }] as const;

/** An order on disk, and what contours it. */
export interface Hospital {
  readonly loaded: LoadedBundle;
  readonly models: string;
  readonly spool: string;
  /** Twice the same order: for a worker beside the node, and for a remote one. */
  readonly near: OrderOnDisk;
  readonly far: OrderOnDisk;
}

/** A hospital whose CT shows a bright ellipsoid, which the bundle contours, unless the test says otherwise. */
export async function hospital(
  t: TestContext,
  options: Parameters<typeof orderOnDisk>[3] = {},
  {
    volume = cylinderWithEllipsoids(grid([128, 128, 13], [1.7, 1.7, 3]), body, bright),
    bundle,
    mr,
    compressMr,
  }: {
    volume?: Volume;
    bundle?: Bundle;
    mr?: PlacedImage;
    /** A program that is given a file of the MR and the one that it writes. */
    compressMr?: string;
  } = {},
): Promise<Hospital> {
  const folder = await temporaryFolder(t);
  const ct = await writeCtFolder(join(folder, 'ct'), volume);
  const { directory } = bundle ?? (await thresholdBundle(t));
  const mrFiles = mr === undefined ? [] : await writeMrFolder(join(folder, 'mr'), mr.image);
  for (const file of compressMr === undefined ? [] : mrFiles)
    assert.equal((await runProgram(compressMr!, [file, file])).code, 0, file);
  if (mr !== undefined) for (const data of ['near', 'far']) await mrOnDisk(join(folder, data), mrFiles);
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
export async function contourRemotely({ far, models, spool, loaded }: Hospital): Promise<string> {
  const prepared = await prepareRemoteOrder({ dataDirectory: far.dataDirectory, modelsDirectory: models }, far.payload);
  assert.ok(prepared !== undefined);
  await writeFile(join(spool, remoteOrderFile), JSON.stringify(prepared.order));
  for (let index = 0; index < sliceCount(prepared.order); index += 1)
    await writeFile(join(spool, sliceFile(index)), await prepared.slice(index));
  await contourRemoteOrder(spool, { openEngine: () => Promise.resolve(loaded), batchSize: 8 });
  return join(spool, returnedFile);
}

/** What a worker beside the node makes of it. */
export const nearby = ({ near, loaded }: Hospital) =>
  contourOrder(near.dataDirectory, near.payload, { openEngine: () => Promise.resolve(loaded), batchSize: 8 });

/** What the node makes of what a remote worker returned. */
export const written = ({ far, models }: Hospital, file: string | undefined) =>
  writeReturnedContours(far.payload, file, { dataDirectory: far.dataDirectory, modelsDirectory: models });

/** Of an order, but for its result; in base64. */
export async function filesOf({ folder }: OrderOnDisk): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => name !== 'result.json').toSorted();
  const contents = names.map(async (name) => [name, (await readFile(join(folder, name))).toString('base64')]);
  return Object.fromEntries(await Promise.all(contents)) as Record<string, string>;
}

/** Worker beside the node and remote worker give the same result and files. @returns the remote result */
export async function assertSame(there: Hospital): Promise<WorkResult> {
  const [near, far] = [await nearby(there), await written(there, await contourRemotely(there))];
  const { structureSets, rois, warnings, status, inputs } = near;
  assert.deepEqual(
    {
      structureSets: far.structureSets,
      rois: far.rois,
      warnings: far.warnings,
      status: far.status,
      inputs: far.inputs,
    },
    { structureSets, rois, warnings, status, inputs },
  );
  assert.deepEqual(
    far.timings.map(({ stage }) => stage),
    near.timings.map(({ stage }) => stage),
  );
  assert.deepEqual(await filesOf(there.far), await filesOf(there.near));
  return far;
}

/** What a worker returned, and that the node refuses a changed one and writes nothing of it. */
export async function refusing(there: Hospital, file: string) {
  const good = JSON.parse((await promisify(gunzip)(await readFile(file))).toString()) as RemoteContours;
  const refused = async (code: string, change: (bad: RemoteContours) => unknown): Promise<void> => {
    await writeFile(file, await promisify(gzip)(JSON.stringify(change(structuredClone(good)))));
    await assert.rejects(
      written(there, file),
      (error) => error instanceof ContourNodeError && error.code === code && !/2\.25\.|Ellipsoid/.test(error.message),
    );
    assert.deepEqual(await readdir(there.far.folder), ['order.json']);
  };
  return { good, refused };
}
