import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { contourOrder } from '../../worker/order/contour-order.ts';
import { IntakeHarness } from '../intake/intake-harness.ts';
import { clinicCt, enhancedCt } from '../support/clinic-ct.ts';
import { thresholdBundle } from '../support/threshold-bundle.ts';
import { contoured } from './contoured-folder.ts';

const sopClassUid = '1.2.840.10008.5.1.4.1.1.2.1';
const sopInstanceUid = '1.2.3.8';

async function send(bench: IntakeHarness, bytes: Buffer): Promise<number> {
  const association = bench.associate();
  const status = await bench.sendBytes(association, bytes, { sopClassUid, sopInstanceUid });
  bench.assembly.ended(association, 'released');
  await bench.pass(21);
  return status;
}

test('an Enhanced CT that arrives by C-STORE is contoured like the classic one, with frame numbers (CS 8.1.2)', async (t) => {
  const bundle = await thresholdBundle(t);
  const bench = await IntakeHarness.open(t, {
    config: {
      models: { directory: dirname(bundle.directory) },
      routes: [{ name: 'all', models: ['threshold'] }],
    },
  });
  const { bytes } = enhancedCt({}, { order: Array.from({ length: 24 }, (_, k) => 23 - k) });
  assert.equal(await send(bench, bytes), 0);
  // Again, as a sender that had no answer does.
  assert.equal(await send(bench, bytes), 0);
  const shown = bench.show('1.2.3.2');
  assert.deepEqual([shown.state, shown.revision, shown.images], ['queued', 1, 1]);
  const [order] = shown.orders;
  const loaded = await loadBundle(bundle.directory, '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
  t.after(() => loaded.engine.close());
  const payload = { series: shown.key, revision: 1, order: order!.order, try: 1 };
  const result = await contourOrder(bench.dataDirectory, payload, {
    openEngine: () => Promise.resolve(loaded),
    batchSize: 8,
  });
  assert.equal(result.status, 'contoured');
  const folder = join(bench.dataDirectory, order!.folder);
  const name = (await readdir(folder)).find((file) => file.endsWith('.implicit.dcm'));
  const structureSet = await readFile(join(folder, name!));
  const classic = await contoured(t, clinicCt());
  const points = ({ rois }: ReturnType<typeof readRtstruct>) => rois[0]!.contours.map((contour) => contour.points);
  assert.deepEqual(points(readRtstruct(structureSet)), points(classic.structureSet));
  for (const contour of parseDicom(structureSet).items('30060039')[0]!.items('30060040')) {
    const [image] = contour.items('30060016');
    assert.equal(image!.string('00081150'), sopClassUid);
    assert.equal(image!.string('00081155'), sopInstanceUid);
    assert.deepEqual(image!.numbers('00081160'), [24 - contour.numbers('30060050')[2]! / 3]);
  }

  // What the tables know comes out of the file alone, too.
  await bench.store.rebuild(shown.key);
  assert.equal(bench.store.images(shown.key)[0]?.image.frames?.length, 24);
});

test('an Enhanced CT of which a frame has no place is refused on its own line, in words', async (t) => {
  const bench = await IntakeHarness.open(t);
  const { bytes } = enhancedCt({ change: (k) => (k === 6 ? { '00200032': undefined } : {}) });
  assert.equal(await send(bench, bytes), 0xc000);
  const { state, problem } = bench.show('1.2.3.2');
  assert.deepEqual(
    [state, problem?.code, problem?.message],
    ['rejected', 'SERIES_HEADER', '1 instance refused: frame 7 of 24 has no Image Position'],
  );
});
