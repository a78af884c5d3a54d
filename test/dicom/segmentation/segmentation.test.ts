import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Recipe, recipeSchema } from '../../../src/config/recipe-schema.ts';
import { parseDicom } from '../../../src/dicom/read-data-set.ts';
import { organCode } from '../../../src/dicom/segmentation/anatomic-codes.ts';
import { segmentProperty } from '../../../src/dicom/segmentation/segment-property.ts';
import type { WorkResult } from '../../../src/work/work-result.ts';
import { loadBundle } from '../../../worker/bundles/load-bundle.ts';
import { contourOrder } from '../../../worker/order/contour-order.ts';
import { noPynetdicom, python } from '../../interop/pynetdicom.ts';
import { clinicCt, writeFiles } from '../../support/clinic-ct.ts';
import { orderOnDisk } from '../../support/order-on-disk.ts';
import { runProgram } from '../../support/run-program.ts';
import { cylinderWithEllipsoids, grid, writeCtFolder } from '../../support/synthetic-ct.ts';
import { temporaryFolder, thresholdBundle } from '../../support/threshold-bundle.ts';

const recipe: Recipe = recipeSchema.parse({
  name: 'organs',
  structures: [
    { name: 'PTV', formula: 'margin(Parotid_L, 5)', type: 'PTV' },
    { name: 'Parotid_L', from: 'threshold/Bright' },
    { name: 'zHidden', formula: 'margin(PTV, 3)', deliver: false },
    { name: 'External', from: 'body' },
  ],
});

interface Made {
  readonly path: string;
  readonly result: WorkResult;
}

async function make(
  t: TestContext,
  ct: string,
  options: { recipe?: Recipe; destination?: Record<string, unknown> } = {},
): Promise<Made> {
  const { directory } = await thresholdBundle(t);
  const loaded = await loadBundle(directory, '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
  t.after(() => loaded.engine.close());
  const destination = { segmentation: true, ...options.destination };
  const order = await orderOnDisk(await temporaryFolder(t), ct, loaded.bundle, { ...options, destination });
  const open = { openEngine: () => Promise.resolve(loaded), batchSize: 8 };
  const result = await contourOrder(order.dataDirectory, order.payload, open);
  const [stored] = Object.values(result.structureSets[0]!.segmentation!.files);
  return { path: join(order.folder, stored!.file), result };
}

/** The ellipsoid lies on the left side; the matrix is no multiple of 8 pixels, so that frames share bytes. */
async function leftBall(t: TestContext): Promise<string> {
  const volume = cylinderWithEllipsoids(grid([125, 121, 13], [1.7, 1.7, 3]), { centre: [0, 0], radii: [90, 75] }, [
    { centre: [30, -10, 18], radii: [15, 12, 9] },
  ]);
  return writeCtFolder(join(await temporaryFolder(t), 'ct'), volume);
}

async function passes(path: string): Promise<void> {
  const { stdout, stderr } = await runProgram('dciodvfy', ['-new', path]);
  const lines = (stdout + stderr).trim().split('\n');
  assert.ok(lines.includes('Segmentation'), lines[0]);
  assert.deepEqual(
    lines.filter((line) => line.startsWith('Error')),
    [],
  );
}

for (const transferSyntaxes of [['implicit', 'explicit'], ['explicit']]) {
  test(`dciodvfy finds no error in a segmentation, ${transferSyntaxes.join(' and ')} VR offered (CS 8.1.3)`, async (t) => {
    await passes((await make(t, await leftBall(t), { recipe, destination: { transferSyntaxes } })).path);
  });
}

const noHighdicom =
  noPynetdicom ||
  (globSync(join(python, '../../lib/*/site-packages/highdicom')).length > 0
    ? false
    : 'highdicom is missing: deps/install-pynetdicom.sh (./setup --dev calls it)');

interface Read {
  readonly frameOfReference: string;
  readonly sources: number;
  readonly segments: readonly {
    readonly label: string;
    readonly category: string;
    readonly type: readonly string[];
    readonly side: readonly string[];
    readonly algorithm: string;
    readonly cm3: number;
    readonly centre: readonly [number, number, number];
  }[];
}

async function readByHighdicom(path: string): Promise<Read> {
  const script = fileURLToPath(new URL('./read-segmentation.py', import.meta.url));
  const { code, stdout, stderr } = await runProgram(python, [script, path]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Read;
}

test(
  'highdicom reads the structures in order, with names, codes, volumes and places (CS 8.1.3)',
  { skip: noHighdicom },
  async (t) => {
    const ct = await leftBall(t);
    const { path, result } = await make(t, ct, { recipe });
    const { segments, sources, frameOfReference } = await readByHighdicom(path);
    assert.deepEqual(
      segments.map(({ label, category, type, side, algorithm }) => [label, category, type, side, algorithm]),
      [
        ['PTV^AI', 'RT Target', ['228793007', 'SCT', 'PTV'], [], 'AUTOMATIC'],
        ['Parotid_L^AI', 'Anatomical Structure', ['45289007', 'SCT', 'Parotid gland'], ['Left'], 'AUTOMATIC'],
        ['External^AI', 'Anatomical Structure', ['38266002', 'SCT', 'Entire body'], [], 'AUTOMATIC'],
      ],
    );
    assert.equal(sources, 13);
    const cm3 = new Map(result.rois.map(({ name, volumeCm3 }) => [name, volumeCm3]));
    for (const { label, cm3: read } of segments) {
      const own = cm3.get(label.replace('^AI', ''))!;
      assert.ok(Math.abs(read / own - 1) < 1e-3, `${label}: ${read} cm3, not ${own}`);
    }
    const [, parotid] = segments;
    [30, -10, 18].forEach((at, axis) => assert.ok(Math.abs(parotid!.centre[axis]! - at) < 0.6, parotid!.centre.join()));
    const structureSet = parseDicom(await readFile(path.replace(/\.seg\..*/, '.implicit.dcm')));
    assert.equal(structureSet.items('30060010')[0]!.string('00200052'), frameOfReference);
  },
);

test('a series with a tilted gantry: the segmentation lies in the tilted planes', { skip: noHighdicom }, async (t) => {
  const folder = join(await temporaryFolder(t), 'tilted');
  await mkdir(folder);
  const ct = await writeFiles(folder, clinicCt({ tilt: 18.5, slices: 40 }));
  const { path, result } = await make(t, ct);
  await passes(path);
  const { segments } = await readByHighdicom(path);
  assert.equal(segments.length, 1);
  const structureSet = parseDicom(await readFile(path.replace(/\.seg\..*/, '.implicit.dcm')));
  const contours = structureSet.items('30060039').flatMap((roi) => roi.items('30060040'));
  const points = contours.flatMap((contour) => contour.numbers('30060050'));
  const range = (axis: number) => points.filter((_, n) => n % 3 === axis);
  for (const [axis, at] of segments[0]!.centre.entries()) {
    const values = range(axis);
    const middle = (Math.min(...values) + Math.max(...values)) / 2;
    assert.ok(Math.abs(at - middle) < 2, `axis ${axis}: ${at} mm, contours around ${middle} mm`);
  }
  assert.ok(Math.abs(segments[0]!.cm3 / result.rois[0]!.volumeCm3 - 1) < 0.1, `${segments[0]!.cm3} cm3`);
});

test('the same order gives the same bytes; patient and character set are those of the CT', async (t) => {
  const ct = await leftBall(t);
  const [one, two] = [await make(t, ct, { recipe }), await make(t, ct, { recipe })];
  const bytes = await readFile(one.path);
  assert.deepEqual(bytes, await readFile(two.path));
  const [set] = one.result.structureSets;
  assert.notEqual(set!.segmentation!.sopInstanceUid, set!.sopInstanceUid);
  const [segmentation, structureSet] = [
    parseDicom(bytes),
    parseDicom(await readFile(one.path.replace(/\.seg\..*/, '.implicit.dcm'))),
  ];
  for (const tag of ['00080005', '00100010', '00100020', '00100030', '00100040', '0020000d'])
    assert.deepEqual(segmentation.raw(tag), structureSet.raw(tag), tag);
});

test('a code stands for what is certain: organ and side, target, PRV; an unknown organ is one at risk', () => {
  assert.deepEqual(organCode('Lungs'), {
    organ: { value: '39607008', scheme: 'SCT', meaning: 'Lung' },
    side: { value: '51440002', scheme: 'SCT', meaning: 'Right and left' },
  });
  assert.equal(organCode('Mandible')?.side, undefined);
  assert.equal(organCode('toString'), undefined);
  for (const [name, type, meaning] of [
    ['GTVp', 'GTV', 'GTV Primary'],
    ['CTVn2_5400', 'CTV', 'CTV Nodal'],
    ['PTV_High', 'PTV', 'PTV'],
    ['SpinalCord_PRV05', 'AVOIDANCE', 'Planning Organ At Risk Volume'],
    ['SpinalCrdPRV5', 'AVOIDANCE', 'Planning Organ At Risk Volume'],
    ['Femur_Head_R', 'ORGAN', 'Head of femur'],
    ['Larynx_SG', 'ORGAN', 'Organ At Risk'],
    ['zRing', 'CONTROL', 'Non-specific Volume'],
  ] as const)
    assert.equal(segmentProperty(name, type).type.meaning, meaning, name);
});
