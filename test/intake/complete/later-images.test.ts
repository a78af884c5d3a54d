import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IntakeHarness, range } from '../intake-harness.ts';

const a = '1.2.826.9.1';

async function sendAs(bench: IntakeHarness, suffix: string, changes: object, numbers = range(1, 12)): Promise<void> {
  const association = bench.associate();
  for (const number of numbers)
    assert.equal(
      await bench.send(association, { series: a, number, sopInstanceUid: `${a}.${suffix}.${number}`, ...changes }),
      0,
    );
  bench.assembly.ended(association, 'released');
  await bench.pass(21);
}

test('a CT that is sent again under new SOP Instance UIDs leaves what was made of it as it is, and the history says repeat', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, range(1, 12));
  await bench.pass(21);
  await sendAs(bench, '77', {});
  const shown = bench.show(a);
  assert.deepEqual([shown.state, shown.revision, shown.images], ['unrouted', 1, 24]);
  assert.equal(
    shown.history.at(-1)?.text,
    'repeat: 12 images came again under other SOP Instance UIDs; revision 1 stays as it is',
  );
  await bench.actions.retry(bench.keyOf(a));
  await bench.pass(0);
  assert.deepEqual([bench.show(a).state, bench.show(a).revision], ['unrouted', 1]);
});

test('a second acquisition into a delivered series, larger or shifted, is told and not contoured in its place', async (t) => {
  for (const [name, changes, numbers] of [
    ['at the same positions', { acquisition: 2, pixelSeed: 500 }, range(1, 12)],
    ['larger', { acquisition: 2, pixelSeed: 500 }, range(1, 60)],
    ['nothing tells it apart but its pixels', { pixelSeed: 500 }, range(1, 12)],
    ['in another frame of reference', { frame: '1.2.3.999', pixelSeed: 500 }, range(1, 12)],
    ['of another part of the body', { acquisition: 2 }, range(60, 80)],
    ['between the slices', { acquisition: 2, position: [-16, -16] }, range(1, 12).map((number) => number + 0.5)],
    ['of the contrast, again and again at one position', { acquisition: 2, z: 15 }, range(60, 70)],
  ] as const) {
    const bench = await IntakeHarness.open(t);
    await bench.sendAll(a, range(1, 12), 'released', { acquisition: 1 });
    await bench.pass(21);
    await sendAs(bench, '88', changes, numbers);
    const shown = bench.show(a);
    assert.deepEqual([shown.state, shown.revision], ['unrouted', 1], name);
    assert.match(shown.history.at(-1)?.text ?? '', /^second acquisition: \d+ images/, name);
    assert.ok(
      shown.warnings.some(({ code }) => code === 'SECOND_ACQUISITION'),
      name,
    );
  }
});

test('the rest of a scan that goes on under another Acquisition Number is contoured with what came before', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, range(1, 12), 'released', { acquisition: 1 });
  await bench.pass(21);
  await sendAs(bench, '1', { acquisition: 2 }, range(13, 24));
  assert.deepEqual([bench.show(a).state, bench.show(a).revision], ['unrouted', 2]);
});

test('the rest of a scan with a gap, and the images of another patient, are no second acquisition', async (t) => {
  const bench = await IntakeHarness.open(t);
  await bench.sendAll(a, range(1, 12));
  await bench.pass(21);
  await sendAs(bench, '1', {}, range(14, 26));
  assert.deepEqual([bench.show(a).state, bench.show(a).problem?.code], ['rejected', 'SERIES_MISSING_SLICE']);
  await sendAs(bench, '1', {}, [13]);
  assert.deepEqual([bench.show(a).state, bench.show(a).revision], ['unrouted', 2]);
  await sendAs(bench, '2', { patient: 'Roe^Richard', patientId: 'P-2', pixelSeed: 9 });
  assert.deepEqual([bench.show(a).state, bench.show(a).problem?.code], ['rejected', 'SERIES_MIXED_IDENTITY']);
});
