import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Recipe, recipeSchema } from '../../src/config/recipe-schema.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import type { WorkResult } from '../../src/work/work-result.ts';
import { loadBundle, type LoadedBundle } from '../../worker/bundles/load-bundle.ts';
import { contourOrder } from '../../worker/order/contour-order.ts';
import { noPynetdicom, python } from '../interop/pynetdicom.ts';
import { clinicCt, writeFiles } from '../support/clinic-ct.ts';
import { orderOnDisk, type OrderOnDisk } from '../support/order-on-disk.ts';
import { runProgram } from '../support/run-program.ts';
import { cylinderWithEllipsoids, type Ellipsoid, grid, writeCtFolder } from '../support/synthetic-ct.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

const body = { centre: [0, 0], radii: [90, 75] } as const;
const bright: Ellipsoid = { centre: [20, -10, 18], radii: [25, 20, 11] };

/** In an order of its own, with a structure that is only for the formulas. */
const structures = [
  { name: 'PTV_60', formula: 'inside(margin(GTVp, 5), External, 3)', type: 'PTV', colour: [255, 0, 255] },
  { name: 'External', from: 'body' },
  { name: 'zLarge', formula: 'margin(GTVp, 10)', deliver: false },
  { name: 'zRing', formula: 'zLarge and not PTV_60', type: 'CONTROL' },
  { name: 'GTVp', from: 'threshold/Bright', type: 'GTV', need: 'required', description: 'with nodes' },
] as const;

const recipe = (name: string, of: readonly object[] = structures): Recipe =>
  recipeSchema.parse({ name, structures: of });

interface SetUp {
  readonly folder: string;
  readonly ct: string;
  readonly loaded: LoadedBundle;
}

async function setUp(t: TestContext, ellipsoids: readonly Ellipsoid[] = [bright]): Promise<SetUp> {
  const folder = await temporaryFolder(t);
  const volume = cylinderWithEllipsoids(grid([128, 128, 13], [1.7, 1.7, 3]), body, ellipsoids);
  const { directory } = await thresholdBundle(t);
  const loaded = await loadBundle(directory, '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
  t.after(() => loaded.engine.close());
  return { folder, ct: await writeCtFolder(join(folder, 'ct'), volume), loaded };
}

async function run({ folder, ct, loaded }: SetUp, by: Recipe): Promise<{ order: OrderOnDisk; result: WorkResult }> {
  const order = await orderOnDisk(join(folder, by.name), ct, loaded.bundle, { recipe: by });
  const result = await contourOrder(order.dataDirectory, order.payload, {
    openEngine: () => Promise.resolve(loaded),
    batchSize: 8,
  });
  return { order, result };
}

async function structureSet(order: OrderOnDisk, result: WorkResult): Promise<Buffer> {
  return readFile(join(order.folder, result.structureSets[0]!.files.implicit!.file));
}

test('the order and the names of the recipe arrive, with types, colours and how each was made', async (t) => {
  const { order, result } = await run(await setUp(t), recipe('npc'));
  assert.equal(result.status, 'contoured');
  const bytes = await structureSet(order, result);
  const set = readRtstruct(bytes);
  assert.equal(set.label, 'DEMO npc');
  assert.deepEqual(
    set.rois.map(({ name, type }) => [name, type]),
    [
      ['PTV_60^AI', 'PTV'],
      ['External^AI', 'EXTERNAL'],
      ['zRing^AI', 'CONTROL'],
      ['GTVp^AI', 'GTV'],
    ],
  );
  assert.deepEqual(set.rois[0]!.colour, [255, 0, 255]);
  const rois = parseDicom(bytes).items('30060020');
  assert.deepEqual(
    rois.map((roi) => [roi.string('30060028'), roi.string('30060036')]),
    [
      ['PTV_60 = inside(margin(GTVp, 5), External, 3)', 'AUTOMATIC'],
      ['found without a model: body', 'AUTOMATIC'],
      ['zRing = zLarge and not PTV_60; CHECK: touches the end of the scan and is cut there', 'AUTOMATIC'],
      ['with nodes; contoured by the model threshold 1.0.0', 'AUTOMATIC'],
    ],
  );
  const cm3 = new Map(result.rois.map(({ name, volumeCm3 }) => [name, volumeCm3]));
  // Steiner's formula for the ellipsoid and all that lies within 5 mm of it, its surface by Thomsen's.
  const expected = 51.2;
  assert.ok(Math.abs(cm3.get('PTV_60')! / expected - 1) < 0.08, `${cm3.get('PTV_60')} cm3 of ${expected}`);
});

const listRois = `
import json, sys, pydicom
d = pydicom.dcmread(sys.argv[1])
names = {roi.ROINumber: roi.ROIName for roi in d.StructureSetROISequence}
print(json.dumps([
    [str(roi.ROIName) for roi in d.StructureSetROISequence],
    [str(names[roi.ReferencedROINumber]) for roi in d.ROIContourSequence],
    [str(names[roi.ReferencedROINumber]) for roi in d.RTROIObservationsSequence],
]))`;

test('pydicom reads the names in the order of the recipe, in every sequence', { skip: noPynetdicom }, async (t) => {
  const { order, result } = await run(await setUp(t), recipe('npc'));
  const path = join(order.folder, result.structureSets[0]!.files.implicit!.file);
  const { code, stdout, stderr } = await runProgram(python, ['-c', listRois, path]);
  assert.equal(code, 0, stderr);
  const names = ['PTV_60^AI', 'External^AI', 'zRing^AI', 'GTVp^AI'];
  assert.deepEqual(JSON.parse(stdout), [names, names, names]);
});

test('two recipes on one CT give two structure sets with labels and UIDs of their own, each always the same', async (t) => {
  const bench = await setUp(t);
  const [one, two] = [await run(bench, recipe('npc')), await run(bench, recipe('organs', structures.slice(1, 2)))];
  const [first, second] = [one.result.structureSets[0]!, two.result.structureSets[0]!];
  assert.notEqual(first.sopInstanceUid, second.sopInstanceUid);
  assert.notEqual(first.seriesInstanceUid, second.seriesInstanceUid);
  assert.equal(readRtstruct(await structureSet(two.order, two.result)).label, 'RSRCH organs');
  const again = await run({ ...bench, folder: join(bench.folder, 'again') }, recipe('npc'));
  assert.deepEqual(await structureSet(again.order, again.result), await structureSet(one.order, one.result));
});

test('nothing is derived from what was not found; a required structure that is missing is warned of', async (t) => {
  const { order, result } = await run(await setUp(t, []), recipe('npc'));
  const set = readRtstruct(await structureSet(order, result));
  assert.deepEqual(
    set.rois.map(({ name }) => name),
    ['External^AI'],
  );
  assert.deepEqual(
    result.rois.map(({ found }) => found),
    [false, true, false, false, false],
  );
  assert.deepEqual(
    result.warnings.filter(({ code }) => code === 'REQUIRED_NOT_FOUND'),
    [{ code: 'REQUIRED_NOT_FOUND', text: 'GTVp: required by the recipe, not found' }],
  );
});

test('left and right exchanged are warned of', async (t) => {
  const left: Ellipsoid = { centre: [35, 0, 18], radii: [12, 12, 11] };
  const { loaded, ...bench } = await setUp(t, [left]);
  const by = recipe('pairs', [
    { name: 'Parotid_L', formula: 'crop(Parotid_R, Organ, 0) or Far' },
    { name: 'Parotid_R', from: 'threshold/Bright', type: 'ORGAN' },
    { name: 'Organ', formula: 'margin(Parotid_R, -4)', type: 'ORGAN' },
    { name: 'Far', formula: 'margin(Parotid_R, right: 20) and not margin(Parotid_R, right: 4)' },
  ]);
  const { result } = await run({ ...bench, loaded }, by);
  assert.deepEqual(
    result.warnings.filter(({ code }) => code === 'LEFT_RIGHT').map(({ text }) => text),
    ['Parotid_L: lies to the right of Parotid_R: are left and right exchanged'],
  );
});

test('a series with a tilted gantry is rejected: the distances of formulas are those of an upright grid', async (t) => {
  const bench = await setUp(t);
  const tilted = join(bench.folder, 'tilted');
  await mkdir(tilted);
  const ct = await writeFiles(tilted, clinicCt({ tilt: 18.5, slices: 40 }));
  const { result } = await run({ ...bench, ct }, recipe('npc'));
  assert.deepEqual([result.status, result.error?.code, result.structureSets], ['rejected', 'SERIES_GANTRY_TILT', []]);
});
