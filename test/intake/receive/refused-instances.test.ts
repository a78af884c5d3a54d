import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ctImageStorage } from '../../../src/dicom/ct-instance.ts';
import type { AssociationInfo } from '../../../src/dimse/association-info.ts';
import { ctSliceFile } from '../../support/ct-slice.ts';
import { IntakeHarness, range } from '../intake-harness.ts';

const a = '1.2.826.7.1';
const b = '1.2.826.7.2';
const other = { patient: 'Roe^Richard', patientId: 'P-2' };

/** Too few pixels: 0xC000. */
function cutOff(series: string, number: number): Buffer {
  const file = ctSliceFile({ series, number, ...other });
  return file.subarray(0, file.length - 100);
}

test("one patient's refused image leaves another patient's CT alone, and has its own line with its own reason", async (t) => {
  const bench = await IntakeHarness.open(t);
  assert.deepEqual(await bench.sendAll(a, range(1, 12)), []);
  await bench.pass(5);
  const router = bench.associate();
  assert.equal(await bench.sendBytes(router, cutOff(b, 1), { sopInstanceUid: `${b}.1` }), 0xc000);
  bench.assembly.ended(router, 'released');
  await bench.pass(21);
  assert.deepEqual([bench.show(a).state, bench.show(a).problem], ['unrouted', undefined]);
  const line = bench.show(b);
  assert.deepEqual([line.state, line.images, line.problem?.code], ['rejected', 0, 'DICOM_UNREADABLE']);
  assert.match(line.problem?.message ?? '', /^1 instance refused: the data set ends within an element/);
  assert.equal(bench.store.list().length, 2);
  await assert.rejects(bench.actions.release(bench.keyOf(b)), { code: 'STATE_CONFLICT' });
  await assert.rejects(bench.actions.retry(bench.keyOf(b)), { code: 'STATE_CONFLICT' });

  assert.deepEqual(await bench.sendAll(b, range(1, 12), 'released', other), []);
  await bench.pass(21);
  assert.deepEqual([bench.show(b).state, bench.show(b).images], ['unrouted', 12]);
});

test('a series of which every image is refused has its line and its reason, whatever its UID looks like', async (t) => {
  const bench = await IntakeHarness.open(t);
  const long = `1.2.826.${'7'.repeat(60)}`;
  const association = bench.associate();
  for (const number of range(1, 3)) {
    const bytes = ctSliceFile({ series: long, number, sopInstanceUid: `${b}.${number}` });
    assert.equal(await bench.sendBytes(association, bytes, { sopInstanceUid: `${b}.${number}` }), 0xc000);
  }
  bench.assembly.ended(association, 'released');
  const line = bench.show(long);
  assert.deepEqual([line.state, line.problem?.code], ['rejected', 'DICOM_UID']);
  assert.match(line.problem?.message ?? '', /^3 instances refused: the Series Instance UID has 68 characters/);
  assert.equal(bench.store.counts().rejected, 1);
});

test('a SOP Instance UID that is too long is named as the reason, also where the request or the SCP cut it off', async (t) => {
  const bench = await IntakeHarness.open(t);
  const long = `1.2.826.${'7'.repeat(60)}`;
  for (const [series, refuse] of [
    [a, (association, bytes) => bench.sendBytes(association, bytes, { sopInstanceUid: long.slice(0, 64) })],
    [
      b,
      (association, head) =>
        bench.intake.scp.onRefused(association, { sopClassUid: ctImageStorage, sopInstanceUid: long, head }, 0x0117),
    ],
  ] as [string, (association: AssociationInfo, file: Buffer) => unknown][]) {
    const association = bench.associate();
    await refuse(association, ctSliceFile({ series, number: 1, sopInstanceUid: long }));
    bench.assembly.ended(association, 'released');
    const { state, problem } = bench.show(series);
    assert.deepEqual([state, problem?.code], ['rejected', 'DICOM_UID']);
    assert.match(problem?.message ?? '', /^1 instance refused: the SOP Instance UID has 68 characters/);
  }
});

test('an image whose series cannot be read holds what came on the same association only, until that is sent again', async (t) => {
  const [carried, elsewhere] = [a, b];
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(elsewhere, range(1, 12), 'released', other);
  const router = bench.associate();
  for (const number of range(1, 12)) await bench.send(router, { series: carried, number });
  assert.equal(await bench.sendBytes(router, Buffer.from('no DICOM'), { sopInstanceUid: '1.2.3' }), 0xc000);
  bench.assembly.ended(router, 'released');
  await bench.pass(21);
  assert.equal(bench.show(elsewhere).state, 'unrouted');
  assert.equal(bench.show(carried).state, 'incomplete');
  assert.match(
    bench.show(carried).problem?.message ?? '',
    /1 instance of unknown series refused on the same association/,
  );
  await bench.sendAll(carried, range(1, 11));
  await bench.pass(21);
  assert.equal(bench.show(carried).state, 'incomplete');
  await bench.sendAll(carried, range(1, 12));
  await bench.pass(21);
  assert.equal(bench.show(carried).state, 'unrouted');
});

test('an image that was refused unread and comes again in another series no longer holds the first', async (t) => {
  const bench = await IntakeHarness.open(t);
  const router = bench.associate();
  for (const number of range(1, 12)) await bench.send(router, { series: a, number });
  for (const number of range(1, 11)) await bench.send(router, { series: b, number, ...other });
  assert.equal(await bench.sendBytes(router, Buffer.from('no DICOM'), { sopInstanceUid: `${b}.12` }), 0xc000);
  bench.assembly.ended(router, 'released');
  await bench.pass(21);
  assert.deepEqual([bench.show(a).state, bench.show(b).state], ['incomplete', 'incomplete']);
  await bench.crash();

  const again = await IntakeHarness.open(t, { dataDirectory: bench.dataDirectory, clock: bench.clock });
  await again.sendAll(b, [12], 'released', other);
  await again.pass(21);
  assert.deepEqual([again.show(a).state, again.show(b).state], ['unrouted', 'unrouted']);
  assert.deepEqual([again.show(a).images, again.show(b).images], [12, 12]);
});

test('a node that is killed after a refusal still knows that the image is missing', async (t) => {
  const bench = await IntakeHarness.open(t);
  const router = bench.associate();
  assert.equal(await bench.sendBytes(router, cutOff(b, 1), { sopInstanceUid: `${b}.1` }), 0xc000);
  await bench.crash();
  const again = await IntakeHarness.open(t, { dataDirectory: bench.dataDirectory, clock: bench.clock });
  assert.equal(again.show(b).state, 'incomplete');
  await again.sendAll(b, range(2, 12), 'released', other);
  await again.pass(21);
  assert.equal(again.show(b).state, 'incomplete');
  await again.sendAll(b, [1], 'released', other);
  await again.pass(21);
  assert.equal(again.show(b).state, 'unrouted');
});
