import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { OfferedChoice } from '../../../src/store/series.ts';
import type { RevisionManifest } from '../../../src/work/revision-manifest.ts';
import type { CtSlice } from '../../support/ct-slice.ts';
import { IntakeHarness, range } from '../intake-harness.ts';

const a = '1.2.826.9.1';
const ann = { user: 'ann', address: '127.0.0.1' };

/** One association with several kinds of images of one series. */
async function sendKinds(bench: IntakeHarness, kinds: [Partial<CtSlice>, number[]][]): Promise<void> {
  const association = bench.associate();
  for (const [index, [changes, numbers]] of kinds.entries())
    for (const number of numbers) {
      const slice = { series: a, number, sopInstanceUid: `${a}.${index}.${number}`, ...changes };
      assert.equal(await bench.send(association, slice), 0);
    }
  bench.assembly.ended(association, 'released');
  await bench.pass(21);
}

function told(groups: OfferedChoice['leftOut']): { images: number; reason: string }[] {
  return groups.map(({ images, reason }) => ({ images, reason }));
}

async function manifestOf(bench: IntakeHarness, revision: number): Promise<RevisionManifest> {
  const path = join(bench.dataDirectory, 'series', bench.keyOf(a), `revision-${revision}`, 'manifest.json');
  return JSON.parse(await readFile(path, 'utf8')) as RevisionManifest;
}

/** @returns where the slices of the revision lie, in mm */
async function choose(bench: IntakeHarness, choice: string): Promise<number[]> {
  await bench.actions.choose(bench.keyOf(a), choice, ann);
  await bench.pass(0);
  return (await manifestOf(bench, 1)).slices.map(({ z }) => z);
}

const twoAcquisitions: [Partial<CtSlice>, number[]][] = [
  [{ acquisition: 1 }, range(1, 12)],
  [{ acquisition: 2, pixelSeed: 500 }, range(3, 12)],
];

test('of two acquisitions in one series an operator has one contoured, and the history says who chose what', async (t) => {
  const bench = await IntakeHarness.open(t, { countInstances: async () => 22 });
  await sendKinds(bench, twoAcquisitions);
  const key = bench.keyOf(a);
  assert.deepEqual([bench.show(a).state, bench.show(a).problem?.code], ['rejected', 'SERIES_TWO_ACQUISITIONS']);
  const choices = await bench.actions.choices(key);
  assert.deepEqual(
    choices.map(({ kind, name, images, leftOut, problem }) => [kind, name, images, told(leftOut), problem]),
    [
      ['only', 'Acquisition Number 1', 12, [{ images: 10, reason: 'Acquisition Number 2' }], undefined],
      ['only', 'Acquisition Number 2', 10, [{ images: 12, reason: 'Acquisition Number 1' }], undefined],
    ],
  );
  const first = await choose(bench, choices[0]!.choice);
  assert.deepEqual(choices[0]?.missingMm, { feet: 0, head: 0 });
  assert.deepEqual(choices[1]?.missingMm, { feet: first[2]! - first[0]!, head: 0 });

  const shown = bench.show(a);
  assert.deepEqual([shown.state, shown.revision], ['unrouted', 1]);
  const text = 'Acquisition Number 1 only, 12 images; left out: 10 (Acquisition Number 2)';
  assert.ok(shown.history.some((event) => event.text === `ann has some of the images contoured: ${text}`));
  assert.deepEqual(
    shown.warnings.filter(({ code }) => code === 'CHOSEN'),
    [{ code: 'CHOSEN', text: `chosen by an operator: ${text}`, severity: 'warning' }],
  );
  assert.doesNotMatch(JSON.stringify(shown), /Test\^|1\.2\.826/, 'no patient data, no UIDs');
  assert.deepEqual(await bench.actions.choices(key), [], 'nothing is left to choose');
  await assert.rejects(bench.actions.choose(key, choices[1].choice, ann), { code: 'STATE_CONFLICT' });

  await bench.actions.retry(key);
  await bench.pass(0);
  assert.deepEqual([bench.show(a).state, bench.show(a).revision], ['unrouted', 1], 'a retry keeps the choice');
  await bench.crash();
  const again = await IntakeHarness.open(t, { dataDirectory: bench.dataDirectory });
  assert.deepEqual([again.show(a).state, again.show(a).revision], ['unrouted', 1]);
});

test('too many foreign images are named in a choice without them, and the other matrix may be chosen instead', async (t) => {
  const bench = await IntakeHarness.open(t);
  await sendKinds(bench, [
    [{}, range(1, 12)],
    [{ matrix: 32, position: [-16, -16] }, range(1, 11)],
  ]);
  assert.equal(bench.show(a).problem?.code, 'SERIES_MIXED_SIZE');
  const choices = await bench.actions.choices(bench.keyOf(a));
  assert.deepEqual(
    choices.map(({ kind, images, leftOut }) => [kind, images, told(leftOut)]),
    [
      ['without', 12, [{ images: 11, reason: '32 x 32 pixels' }]],
      ['only', 11, [{ images: 12, reason: 'the other slices' }]],
    ],
  );
  assert.equal((await choose(bench, choices[1]!.choice)).length, 11);
});

test('a choice that would leave a gap says so and cannot be made; of two patients it is shown which images are of another, and there is no choice', async (t) => {
  const gap = await IntakeHarness.open(t);
  await sendKinds(gap, [
    [{}, [1, 2, 3, 4, 5, 9, 10, 11, 12]],
    [{ matrix: 32, position: [-16, -16] }, [6, 7, 8]],
  ]);
  const [choice, ...more] = await gap.actions.choices(gap.keyOf(a));
  assert.deepEqual([choice?.problem?.code, more.length], ['SERIES_MISSING_SLICE', 0]);
  await assert.rejects(gap.actions.choose(gap.keyOf(a), choice!.choice, ann), { code: 'STATE_CONFLICT' });
  assert.equal(gap.show(a).state, 'rejected');

  const patients = await IntakeHarness.open(t);
  const [one, [acquisition, numbers]] = twoAcquisitions as [(typeof twoAcquisitions)[0], (typeof twoAcquisitions)[0]];
  await sendKinds(patients, [one, [{ ...acquisition, patientId: 'OTHER' }, numbers]]);
  assert.equal(patients.show(a).state, 'rejected');
  const [shown, ...others] = await patients.actions.choices(patients.keyOf(a));
  assert.deepEqual(
    [shown?.images, told(shown!.leftOut), shown?.problem?.code, others],
    [12, [{ images: 10, reason: 'another Patient ID' }], 'SERIES_MIXED_IDENTITY', []],
  );
  await assert.rejects(patients.actions.choose(patients.keyOf(a), shown!.choice, ann), { code: 'STATE_CONFLICT' });
});

test('of two frames of reference, and of two runs that only their Instance Numbers part, an operator has one contoured', async (t) => {
  for (const [name, second, choices] of [
    ['frames', { frame: '1.2.3.999', offset: 0 }, ['frame of reference 1', 'frame of reference 2']],
    ['runs', { pixelSeed: 500, offset: 12 }, ['Instance Numbers 1 to 12', 'Instance Numbers 13 to 24']],
  ] as const) {
    const bench = await IntakeHarness.open(t);
    const association = bench.associate();
    const { offset, ...changes } = second;
    for (const number of range(1, 12)) await bench.send(association, { series: a, number });
    for (const number of range(1, 12)) {
      const z = { z: (name === 'frames' ? number + 12 : number) * 3 };
      const slice = { series: a, number: number + offset, sopInstanceUid: `${a}.1.${number}`, ...z, ...changes };
      await bench.send(association, slice);
    }
    bench.assembly.ended(association, 'released');
    await bench.pass(21);
    const code = name === 'frames' ? 'SERIES_MIXED_FRAME' : 'SERIES_DUPLICATE_POSITION';
    assert.deepEqual([bench.show(a).state, bench.show(a).problem?.code], ['rejected', code]);
    const offered = await bench.actions.choices(bench.keyOf(a));
    assert.deepEqual(
      offered.map((choice) => choice.name),
      choices,
      name,
    );
    assert.equal((await choose(bench, offered[1]!.choice)).length, 12);
    assert.equal(bench.show(a).state, 'unrouted');
    assert.doesNotMatch(JSON.stringify(bench.show(a)), /1\.2\.3\.999/, 'no UIDs');
  }
});
