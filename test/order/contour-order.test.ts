import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { WorkResult } from '../../src/work/work-result.ts';
import type { BundleDescription } from '../../worker/bundles/write-bundle.ts';
import { loadBundle, type LoadedBundle } from '../../worker/bundles/load-bundle.ts';
import { contourOrder } from '../../worker/order/contour-order.ts';
import { orderOnDisk, type OrderOnDisk } from '../support/order-on-disk.ts';
import { cylinderWithEllipsoids, grid, writeCtFolder } from '../support/synthetic-ct.ts';
import { temporaryFolder, thresholdBundle, thresholdDescription } from '../support/threshold-bundle.ts';

const body = { centre: [0, 0], radii: [90, 75] } as const;
const bright = [{ centre: [20, -10, 18], radii: [25, 20, 11] }] as const;

async function setUp(
  t: TestContext,
  options: { volume?: ReturnType<typeof cylinderWithEllipsoids>; changes?: Partial<BundleDescription> } & Parameters<
    typeof orderOnDisk
  >[3] = {},
) {
  const folder = await temporaryFolder(t);
  const volume = options.volume ?? cylinderWithEllipsoids(grid([128, 128, 13], [1.7, 1.7, 3]), body, bright);
  const ct = await writeCtFolder(join(folder, 'ct'), volume);
  const loaded = await load(t, options.changes);
  const order = await orderOnDisk(join(folder, 'data'), ct, loaded.bundle, options);
  return { folder, ct, loaded, order };
}

async function load(t: TestContext, changes?: Partial<BundleDescription>): Promise<LoadedBundle> {
  const { directory } = await thresholdBundle(t, changes);
  const loaded = await loadBundle(directory, '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
  t.after(() => loaded.engine.close());
  return loaded;
}

const run = ({ dataDirectory, payload }: OrderOnDisk, loaded: LoadedBundle, seen: string[] = []): Promise<WorkResult> =>
  contourOrder(dataDirectory, payload, {
    openEngine: () => Promise.resolve(loaded),
    batchSize: 8,
    progress: (stage, fraction) => {
      assert.ok(fraction >= 0 && fraction <= 1);
      if (seen.at(-1) !== stage) seen.push(stage);
    },
  });

async function filesOf(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(folder)).filter((name) => name !== 'result.json').toSorted();
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, (await readFile(join(folder, name))).toString('base64')] as const),
    ),
  );
}

/** ROI Description (3006,0028) of the first ROI. */
async function roiDescription({ folder }: OrderOnDisk): Promise<string> {
  const name = (await readdir(folder)).find((file) => file.endsWith('.implicit.dcm'));
  const [roi] = parseDicom(await readFile(join(folder, name!))).items('30060020');
  return roi?.string('30060028') ?? '';
}

test('an order becomes structure sets in both encodings, contours, a picture and a result', async (t) => {
  const { order, loaded } = await setUp(t);
  const stages: string[] = [];
  const result = await run(order, loaded, stages);
  assert.deepEqual(stages, ['volume', 'body', 'resampling', 'inference', 'contours', 'structure set', 'pictures']);
  assert.deepEqual(
    result.timings.map(({ stage }) => stage),
    stages.filter((stage) => stage !== 'pictures'),
    'the result, and with it the delivery, does not wait for the pictures',
  );
  assert.equal(result.status, 'contoured');
  const [roi] = result.rois;
  assert.equal(roi?.found && roi.delivered && roi.name, 'Bright');
  assert.ok(Math.abs(roi!.volumeCm3 / 23.04 - 1) < 0.05, `${roi!.volumeCm3} cm3`);
  const [set] = result.structureSets;
  const key = set!.profile;
  assert.deepEqual(
    (await readdir(order.folder)).toSorted(),
    [
      `${key}.explicit.dcm`,
      `${key}.implicit.dcm`,
      'contours.json',
      'order.json',
      'preview.png',
      'result.json',
      'review-axial.bin',
      'review-coronal.bin',
      'review-sagittal.bin',
      'review.json',
    ].toSorted(),
  );
  for (const { file } of Object.values(set!.files)) {
    const structureSet = readRtstruct(await readFile(join(order.folder, file)));
    assert.equal(structureSet.sopInstanceUid, set!.sopInstanceUid);
    assert.equal(structureSet.rois[0]?.contours.length, roi!.slices);
    assert.equal(structureSet.rois[0]?.name, 'Bright^AI');
  }
  assert.deepEqual(JSON.parse(await readFile(join(order.folder, 'result.json'), 'utf8')), result);
  const contours = JSON.parse(await readFile(join(order.folder, 'contours.json'), 'utf8')) as {
    z: number[];
    rois: { name: string; slices: object[] }[];
  };
  assert.equal(contours.z.length, 13);
  assert.deepEqual(
    contours.rois.map(({ name, slices }) => [name, slices.length]),
    [['Bright', roi!.slices]],
  );
});

test('the same order again gives the same bytes, with and without what the first run left', async (t) => {
  const { order, loaded } = await setUp(t);
  const first = await run(order, loaded);
  const files = await filesOf(order.folder);
  assert.deepEqual(await run(order, loaded), first, 'a finished order is not contoured again');

  await rm(join(order.folder, 'result.json'));
  const repeated = await run(order, loaded);
  assert.deepEqual([repeated.structureSets, repeated.rois], [first.structureSets, first.rois]);
  assert.deepEqual(await filesOf(order.folder), files);

  for (const name of files.keys()) if (name !== 'order.json') await rm(join(order.folder, name));
  await rm(join(order.folder, 'result.json'));
  await run(order, await load(t));
  assert.deepEqual(await filesOf(order.folder), files, 'another engine process, from nothing');
});

test('an order whose worker died before the pictures gets them from the next one, and nothing else changes', async (t) => {
  const { order, loaded } = await setUp(t);
  const first = await run(order, loaded);
  const files = await filesOf(order.folder);
  for (const name of ['contours.json', 'preview.png', 'review-axial.bin', 'review.json'])
    await rm(join(order.folder, name));
  assert.deepEqual(await run(order, loaded), first);
  assert.deepEqual(await filesOf(order.folder), files);
});

test('two workers on one order at once agree', async (t) => {
  const { order, loaded } = await setUp(t);
  const other = await load(t);
  const [one, two] = await Promise.all([run(order, loaded), run(order, other)]);
  assert.deepEqual(one.structureSets, two.structureSets);
  const kept = JSON.parse(await readFile(join(order.folder, 'result.json'), 'utf8')) as WorkResult;
  assert.ok([one, two].some((result) => JSON.stringify(result) === JSON.stringify(kept)));
});

test('a worker that is killed at any moment is finished by the next one', async (t) => {
  const { folder, order, loaded } = await setUp(t);
  const whole = await run({ ...order }, loaded);
  const expected = await filesOf(order.folder);
  const child = fileURLToPath(new URL('../support/contour-order-child.ts', import.meta.url));
  // Before anything is written, between structure sets and pictures, and when only the result is missing.
  const stages = ['structure set', 'pictures', 'result'];
  for (const [n, stage] of stages.entries()) {
    const data = join(folder, `killed-${n}`);
    await cp(order.dataDirectory, data, { recursive: true });
    const again = { ...order, dataDirectory: data, folder: order.folder.replace(order.dataDirectory, data) };
    for (const name of await readdir(again.folder)) if (name !== 'order.json') await rm(join(again.folder, name));
    const process = fork(child, [data, JSON.stringify(order.payload), loaded.bundle.directory, stage], {
      stdio: 'ignore',
    });
    const [, signal] = (await once(process, 'exit')) as [number | null, string | null];
    assert.equal(signal, 'SIGKILL', stage);
    const result = await run(again, loaded);
    assert.deepEqual(result.structureSets, whole.structureSets, `after a kill at ${stage}`);
    const left = [...(await filesOf(again.folder))].filter(([name]) => !name.endsWith('.tmp'));
    assert.deepEqual(new Map(left), expected, `after a kill at ${stage}`);
  }
});

test('a file of the order with other bytes is a conflict, not overwritten', async (t) => {
  const { order, loaded } = await setUp(t);
  const { structureSets } = await run(order, loaded);
  const path = join(order.folder, structureSets[0]!.files.implicit!.file);
  const conflict = (error: unknown): boolean => error instanceof ContourNodeError && error.code === 'RESULT_CONFLICT';
  await writeFile(path, 'other');
  await assert.rejects(run(order, loaded), conflict, 'beside a result');
  await rm(join(order.folder, 'result.json'));
  await assert.rejects(run(order, loaded), conflict, 'without a result');
  assert.equal(await readFile(path, 'utf8'), 'other');
});

test('nothing found gives no structure set, unless the destination wants an empty one', async (t) => {
  const volume = cylinderWithEllipsoids(grid([128, 128, 12], [1.7, 1.7, 3]), body, []);
  const { order, loaded } = await setUp(t, { volume });
  const result = await run(order, loaded);
  assert.equal(result.status, 'nothing-found');
  assert.deepEqual([result.structureSets, result.rois[0]?.found], [[], false]);
  const wanting = await setUp(t, { volume, destination: { sendEmpty: true } });
  const empty = await run(wanting.order, wanting.loaded);
  assert.equal(empty.status, 'contoured');
  const bytes = await readFile(join(wanting.order.folder, empty.structureSets[0]!.files.implicit!.file));
  assert.deepEqual(
    readRtstruct(bytes).rois.map(({ name, contours }) => [name, contours.length]),
    [['Bright^AI', 0]],
  );
});

test('a CT that this bundle cannot take is rejected in words, and the result says so', async (t) => {
  const applicability = { sliceSpacingMm: [0.5, 2] as [number, number] };
  const { order, loaded } = await setUp(t, { changes: { applicability } });
  const result = await run(order, loaded);
  assert.deepEqual([result.status, result.error?.code], ['rejected', 'SERIES_SPACING']);
  const nobody = cylinderWithEllipsoids(grid([128, 128, 12], [1.7, 1.7, 3]), { centre: [0, 0], radii: [9, 9] }, []);
  const air = await setUp(t, { volume: nobody });
  const rejected = await run(air.order, air.loaded);
  assert.deepEqual([rejected.status, rejected.error?.code], ['rejected', 'SERIES_NO_BODY']);
  assert.deepEqual(await run(air.order, air.loaded), rejected, 'and stays so');
});

test('another bundle than the one ordered, and slices that are gone, fail without a result', async (t) => {
  const { order, loaded } = await setUp(t);
  const other = await load(t, { version: '1.0.1' });
  const failing = (code: string, message: RegExp) => (error: unknown) => {
    assert.ok(error instanceof ContourNodeError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /2\.25\.|Ellipsoid/, 'no UID and no name');
    return true;
  };
  await assert.rejects(run(order, other), failing('BUNDLE_DIGEST', /names a bundle .* with another digest/));
  const instances = join(order.dataDirectory, 'series', order.payload.series, 'instances');
  const [first, second] = (await readdir(instances)).toSorted() as [string, string];
  await cp(join(instances, first), join(instances, second));
  await assert.rejects(run(order, loaded), failing('DATA_DIRECTORY', /another instance than the manifest names/));
  await rm(join(instances, second));
  await assert.rejects(run(order, loaded), failing('DATA_DIRECTORY', /is missing or damaged/));
  assert.equal((await readdir(order.folder)).includes('result.json'), false);
});

test('a later revision names the structure set that it replaces', async (t) => {
  const { order, loaded, ct } = await setUp(t);
  const first = await run(order, loaded);
  const second = await orderOnDisk(order.dataDirectory, ct, loaded.bundle, {
    revision: 2,
    predecessors: [{ revision: 1, order: order.payload.order }],
  });
  const result = await run(second, loaded);
  const [old, now] = [first.structureSets[0]!, result.structureSets[0]!];
  assert.notEqual(now.sopInstanceUid, old.sopInstanceUid);
  const file = parseDicom(await readFile(join(second.folder, now.files.explicit!.file)));
  const [predecessor] = file.items('30060018');
  assert.equal(predecessor?.string('00081155'), old.sopInstanceUid);
  assert.match(file.string('30060006') ?? file.string('30060002')!, /[Rr]evision 2|r2/);
});

test('ROIs that touch the end of the scan or leave the training range are warned of', async (t) => {
  const volume = cylinderWithEllipsoids(grid([128, 128, 13], [1.7, 1.7, 3]), body, [
    { centre: [20, -10, 30], radii: [25, 20, 20] },
  ]);
  const { order, loaded } = await setUp(t, { volume, changes: { plausibility: { Bright: { volumeCm3: [40, 90] } } } });
  const { warnings } = await run(order, loaded);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['END_OF_SCAN', 'VOLUME'],
  );
  assert.match(warnings[0]!.text, /^Bright: touches the end of the scan at the (feet|head) end$/);
  assert.match(warnings[1]!.text, /^Bright: \d+\.\d cm3, in the training data at least 40\.0 cm3$/);
  assert.equal(
    await roiDescription(order),
    `CHECK: ${warnings[0]!.text.slice('Bright: '.length)}; CHECK: ${warnings[1]!.text.slice('Bright: '.length)}`,
  );
  const silent = await setUp(t, { volume, destination: { warnings: 'none' } });
  assert.equal((await run(silent.order, silent.loaded)).warnings.length, 1);
  assert.equal(await roiDescription(silent.order), '', 'in the job, and not in the structure set');

  const narrow = await setUp(t, { changes: { input: { ...thresholdDescription.input, size: [32, 32] } } });
  const cut = await run(narrow.order, narrow.loaded);
  assert.deepEqual(
    cut.warnings.map(({ code }) => code),
    ['FIELD_OF_VIEW'],
  );
});

test('a warning about an ROI that no destination gets holds nothing up; a destination that wants it gets the warning too', async (t) => {
  const [bright] = thresholdDescription.rois;
  const changes = {
    rois: [bright!, { ...bright!, name: 'PTV', deliver: false }],
    plausibility: { PTV: { volumeCm3: [400, 900] as [number, number] } },
  };
  const { order, loaded } = await setUp(t, { changes });
  assert.deepEqual((await run(order, loaded)).warnings, []);
  const wanted = await setUp(t, { changes, destination: { includeRois: ['PTV'] } });
  assert.deepEqual(
    (await run(wanted.order, wanted.loaded)).warnings.map(({ code }) => code),
    ['VOLUME'],
  );
});

test('an order that is taken back while it is contoured gets no result', async (t) => {
  const { order, loaded } = await setUp(t);
  const takenBack = contourOrder(order.dataDirectory, order.payload, {
    openEngine: () => Promise.resolve(loaded),
    batchSize: 8,
    progress: (stage) => {
      if (stage === 'contours') rmSync(join(order.folder, 'order.json'), { force: true });
    },
  });
  await assert.rejects(takenBack, (error: ContourNodeError) => {
    assert.equal(error.code, 'DATA_DIRECTORY');
    assert.match(error.message, /the order was taken back/);
    return true;
  });
  assert.ok(!(await readdir(order.folder)).includes('result.json'));
});

test('an order for a series that is not complete yet has its own manifest, and gives the same bytes', async (t) => {
  const { order, loaded } = await setUp(t);
  const expected = await run(order, loaded);
  for (const name of await readdir(order.folder)) if (name !== 'order.json') await rm(join(order.folder, name));
  const { manifestSha256 } = JSON.parse(await readFile(join(order.folder, 'order.json'), 'utf8')) as {
    manifestSha256: string;
  };
  const revision = join(order.folder, '../..');
  await mkdir(join(revision, 'ahead'));
  await rename(join(revision, 'manifest.json'), join(revision, 'ahead', `${manifestSha256.slice(0, 16)}.json`));
  const { structureSets } = await run({ ...order, payload: { ...order.payload, try: 0 } }, loaded);
  assert.deepEqual(structureSets, expected.structureSets);
});

test('an order is not contoured on the manifest of other images', async (t) => {
  const { order, loaded } = await setUp(t);
  const path = join(order.folder, '../../manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as { slices: unknown[] };
  await writeFile(path, JSON.stringify({ ...manifest, slices: manifest.slices.slice(1) }));
  await assert.rejects(run(order, loaded), /manifest\.json is not the manifest of the order/);
});
