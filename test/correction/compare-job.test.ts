import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import type { ComparePayload } from '../../src/work/payloads.ts';
import { type ComparisonResult, comparisonResultSchema } from '../../src/work/correction.ts';
import { compareJobId, contourJobId } from '../../src/jobs/queue-names.ts';
import type { ContourQueues } from '../../src/jobs/queues.ts';
import { workResultSchema } from '../../src/work/work-result.ts';
import { startWorker } from '../../worker/processes/worker.ts';
import { openQueues, runningRedis, silentLog } from '../jobs/running-redis.ts';
import { prepared, type Prepared } from '../processes/prepared.ts';
import { afterwards } from '../support/afterwards.ts';
import { type ClinicFile, clinicCt, organ } from '../support/clinic-ct.ts';
import { editedStructureSet, type Edit } from '../support/edited-structure-set.ts';
import { eventually } from '../support/eventually.ts';

interface Bench extends Prepared {
  readonly queues: ContourQueues;
  /** What the worker sent out. */
  readonly original: Buffer;
  readonly folder: string;
}

/** A worker that has drawn one order. */
async function bench(t: TestContext, files?: readonly ClinicFile[]): Promise<Bench> {
  const ready = await prepared(t, files);
  const { order } = ready;
  const redis = await runningRedis(t);
  const queues = await openQueues(t, redis.address, []);
  const config = configSchema.parse({
    dataDirectory: ready.dataDirectory,
    models: { directory: ready.modelsDirectory },
    redis: { queuePrefix: 'test' },
    routes: [{ name: 'all', models: ['threshold'] }],
    logging: { level: 'error' },
    engine: { threads: 1 },
  });
  const worker = startWorker(config, { queues: ['contour', 'compare'], address: redis.address, log: silentLog });
  afterwards(t, () => worker.close(0));
  await worker.ready;
  await queues.addContour(order.payload, 'normal');
  await eventually('it is drawn', 60, async () => {
    const { state } = await queues.statusOf('contour', contourJobId(order.payload));
    assert.notEqual(state, 'failed');
    return state === 'completed' ? true : undefined;
  });
  const result = workResultSchema.parse(JSON.parse(await readFile(join(order.folder, 'result.json'), 'utf8')));
  const original = await readFile(join(order.folder, result.structureSets[0]!.files.implicit!.file));
  const folder = join(ready.dataDirectory, 'series', order.payload.series, 'structure-sets');
  await mkdir(folder);
  return { ...ready, queues, original, folder };
}

let number = 0;

/** Has a structure set compared. @returns the failure's text, or undefined */
async function compare({ queues, order, folder }: Bench, bytes: Uint8Array) {
  const structureSet = String(++number).padStart(16, '0');
  await writeFile(join(folder, `${structureSet}.dcm`), bytes);
  const payload: ComparePayload = { ...order.payload, structureSet };
  await queues.addCompare(payload);
  const status = await eventually('it is compared', 60, async () => {
    const now = await queues.statusOf('compare', compareJobId(payload));
    return now.state === 'completed' || now.state === 'failed' ? now : undefined;
  });
  const place = join(folder, structureSet, order.payload.order);
  const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(join(place, file), 'utf8'));
  return {
    status,
    place,
    result: async (): Promise<ComparisonResult> => comparisonResultSchema.parse(await read('result.json')),
    read,
  };
}

test('a corrected structure set is compared with what was drawn, ROI by ROI; our own comes back as such', async (t) => {
  const node = await bench(t);
  const edit = (changes: Edit): Buffer => editedStructureSet(node.original, changes);

  const own = await (await compare(node, edit({ encoding: 'explicit' }))).result();
  assert.equal(own.own, true);
  const [same] = own.rois;
  assert.deepEqual(
    [same?.state, same?.dsc, same?.hd95, same?.surfaceDsc, same?.addedPathLengthMm],
    ['compared', 1, 0, 1, 0],
  );

  const accepted = await (await compare(node, edit({ sopInstanceUid: '1.2.3.4' }))).result();
  assert.deepEqual([accepted.own, accepted.rois[0]?.dsc], [false, 1], 'unchanged, but saved by somebody as their own');

  const moved = await compare(node, edit({ move: { roi: /.*/, x: 8 } }));
  const result = await moved.result();
  assert.equal(result.own, false, 'its UID alone makes it not ours');
  const [roi] = result.rois;
  assert.ok(roi?.state === 'compared' && roi.dsc! > 0.6 && roi.dsc! < 0.95, JSON.stringify(roi));
  assert.ok(roi.hd95! > 4 && roi.hd95! <= 9 && roi.addedPathLengthMm! > 50, JSON.stringify(roi));
  assert.ok(Math.abs(roi.proposedCm3! - roi.correctedCm3!) < 0.05 * roi.proposedCm3!);
  const contours = (await moved.read('contours.json')) as { rois: { name: string; slices: unknown[] }[] };
  assert.deepEqual(
    contours.rois.map(({ name }) => name),
    [roi.name],
  );
  assert.ok(contours.rois[0]!.slices.length > 2);
  assert.deepEqual((await readdir(moved.place)).toSorted(), ['contours.json', 'result.json']);
  assert.doesNotMatch(JSON.stringify(result), /\d+\.\d+\.\d+\.\d+/, 'no UID');

  const nameless = await (await compare(node, edit({ rename: () => 'Heart' }))).result();
  assert.deepEqual(
    nameless.rois.map(({ state }) => state),
    ['only proposed'],
  );
});

interface ShownContours {
  readonly rois: readonly { readonly slices: readonly ShownSlice[] }[];
}

interface ShownSlice {
  readonly slice: number;
  readonly polygons: readonly { readonly outer: readonly number[] }[];
}

/** The middle (mm) of the first ROI's contour in every slice, as the page shows it. */
function middles(contours: unknown): Map<number, readonly [x: number, y: number]> {
  const { slices } = (contours as ShownContours).rois[0]!;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return new Map(
    slices
      .toSorted((a, b) => a.slice - b.slice)
      .map(({ slice, polygons }) => {
        const { outer } = polygons[0]!;
        return [slice, [mean(outer.filter((_, at) => at % 2 === 0)), mean(outer.filter((_, at) => at % 2 === 1))]];
      }),
  );
}

test('a correction of a tilted series is compared on its own planes, and shown over them', async (t) => {
  const tilt = 18.5;
  const step = 3;
  const node = await bench(t, clinicCt({ tilt, slices: 40, step }));
  const edit = (changes: Edit): Buffer => editedStructureSet(node.original, { sopInstanceUid: '1.2.3.4', ...changes });
  const accepted = await compare(node, edit({}));
  const [same] = (await accepted.result()).rois;
  assert.deepEqual([same?.state, same?.dsc, same?.hd95], ['compared', 1, 0]);
  const whole = (4 / 3) * Math.PI * organ.radii.reduce((product, radius) => product * radius, 1e-3);
  assert.ok(Math.abs(same!.correctedCm3! / whole - 1) < 0.05, `${same!.correctedCm3} cm3 of ${whole}`);

  // From each plane into the next one above it: nowhere is the surface farther than that.
  const up = await (await compare(node, edit({ move: { roi: /.*/, z: step } }))).result();
  const [roi] = up.rois;
  assert.deepEqual([roi?.state, up.warnings.map(({ code }) => code)], ['compared', ['CONTRADICTING_IMAGE_REFERENCE']]);
  assert.ok(roi!.dsc! > 0.85 && roi!.dsc! < 0.98, `DSC ${roi!.dsc}`);
  assert.ok(roi!.hd95! > step / 2 && roi!.hd95! < step + 2, `HD95 ${roi!.hd95}`);

  const shown = middles(await accepted.read('contours.json'));
  const drawn = middles(JSON.parse(await readFile(join(node.order.folder, 'contours.json'), 'utf8')));
  assert.deepEqual([...shown.keys()], [...drawn.keys()], 'slices');
  assert.ok(shown.size > 10);
  for (const [slice, [x, y]] of shown) {
    const [atX, atY] = drawn.get(slice)!;
    assert.ok(
      Math.abs(x - atX) < 0.1 && Math.abs(y - atY) < 0.1,
      `slice ${slice}: ${x}, ${y}; drawn at ${atX}, ${atY}`,
    );
  }
});

test('what cannot be compared says why; a try that fails for other reasons is told to the node', async (t) => {
  const node = await bench(t);
  const elsewhere = editedStructureSet(node.original, { move: { roi: /.*/, z: 4000 } });
  const wrong = await compare(node, elsewhere);
  assert.equal(wrong.status.state, 'completed');
  const { status, error, rois } = await wrong.result();
  assert.deepEqual([status, error?.code, rois], ['not comparable', 'STRUCTURE_SET_NOT_OF_CT', []]);

  await rm(join(node.order.folder, 'result.json'));
  const broken = await compare(node, node.original);
  assert.equal(broken.status.state, 'failed');
  assert.match(broken.status.failedReason ?? '', /^DATA_DIRECTORY: the order has no result/);
});
