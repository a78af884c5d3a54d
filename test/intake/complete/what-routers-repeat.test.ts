import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dicomFile, type Elements } from '../../dicom/generated-ct.ts';
import { type ClinicCt, clinicCt, type ClinicFile, clinicSlice, foreignFile } from '../../support/clinic-ct.ts';
import { rle } from '../../support/rle.ts';
import { IntakeHarness } from '../intake-harness.ts';

const series = '1.2.3.2';
const rleLossless = '1.2.840.10008.1.2.5';

/** Sends what a clinic's router sends over one association. @returns the statuses that are not 0 */
async function send(
  bench: IntakeHarness,
  files: readonly ClinicFile[],
  how: 'released' | 'aborted' = 'released',
  uid = (k: number) => `1.2.3.4.${k + 1}`,
): Promise<number[]> {
  const association = bench.associate();
  const statuses: number[] = [];
  for (const [k, { bytes }] of files.entries())
    statuses.push(await bench.sendBytes(association, bytes, { sopInstanceUid: uid(k) }));
  bench.assembly.ended(association, how);
  await bench.pass(21);
  return statuses.filter((status) => status !== 0);
}

const newUid = (k: number): string => `1.2.3.5.${k}`;
const renamed = (k: number): Elements => ({ '00080018': ['UI', newUid(k)] });

/** The CT once more as an archive sends it: compressed, under new SOP Instance UIDs. */
function compressed(): ClinicFile[] {
  return Array.from({ length: 24 }, (_, k) => {
    const { '7fe00010': pixels, ...header } = clinicSlice({}, k);
    const encapsulated = [rle(pixels![1] as number[])];
    const bytes = dicomFile({ ...header, ...renamed(k) }, { syntax: rleLossless, encapsulated });
    return { name: `${k}`, bytes };
  });
}

const acquisition = (number: number): Elements => ({ '00200012': ['IS', String(number)] });
const otherPixels = (k: number): Elements => ({
  '7fe00010': ['OW', (clinicSlice({}, k)['7fe00010']![1] as number[]).map((word) => word + 9)],
});

test('a repeat under new UIDs in another compression is a repeat, before and after the revision (CS 8.1.2)', async (t) => {
  const before = await IntakeHarness.open(t);
  const association = before.associate();
  for (const [k, { bytes }] of clinicCt().entries())
    await before.sendBytes(association, bytes, { sopInstanceUid: `1.2.3.4.${k + 1}` });
  for (const [k, { bytes }] of compressed().entries())
    assert.equal(await before.sendBytes(association, bytes, { sopInstanceUid: newUid(k) }), 0);
  before.assembly.ended(association, 'released');
  await before.pass(21);
  const { state, warnings } = before.show(series);
  assert.deepEqual([state, warnings.map(({ code }) => code)], ['unrouted', ['REPEAT']]);

  const after = await IntakeHarness.open(t);
  await send(after, clinicCt());
  assert.deepEqual(await send(after, compressed(), 'released', newUid), []);
  const shown = after.show(series);
  assert.deepEqual([shown.state, shown.revision], ['unrouted', 1]);
  assert.match(shown.history.at(-1)!.text, /^repeat: 24 images came again/);
  // What follows is told for what it is, not for what came before.
  await send(after, [foreignFile({}, 'a colour report page')], 'released', () => '1.2.3.9.1');
  assert.match(
    after.show(series).history.at(-1)!.text,
    /^1 image came that is no slice of this scan; revision 1 stays/,
  );
});

test('a few images of a second acquisition after the revision are called so (CS 8.1.2)', async (t) => {
  const bench = await IntakeHarness.open(t);
  await send(bench, clinicCt({ change: () => acquisition(1) }));
  const change = (k: number): Elements => ({ ...renamed(k), ...otherPixels(k), ...acquisition(2) });
  await send(bench, clinicCt({ slices: 3, change }), 'released', newUid);
  const { state, revision, history } = bench.show(series);
  assert.deepEqual([state, revision], ['unrouted', 1]);
  assert.equal(history.at(-1)?.text, 'second acquisition: 3 images; revision 1 stays as it is');
});

test('a slice that came without its pixels is replaced by the one that has them (CS 8.1.2)', async (t) => {
  const bench = await IntakeHarness.open(t);
  const ct: ClinicCt = { change: (k) => (k === 23 ? { '7fe00010': undefined } : {}) };
  assert.deepEqual(await send(bench, clinicCt(ct)), []);
  assert.deepEqual(
    [bench.show(series).state, bench.show(series).problem?.message],
    ['rejected', 'a slice has no pixels'],
  );
  await send(bench, clinicCt().slice(23), 'released', () => '1.2.3.4.24');
  assert.deepEqual([bench.show(series).state, bench.show(series).revision], ['unrouted', 1]);
  // Not the other way round.
  assert.equal((await send(bench, clinicCt(ct).slice(23), 'released', () => '1.2.3.4.24')).length, 1);
});

test('what an unreadable image holds is free when a router has repeated it, over two associations (CS 8.1.2)', async (t) => {
  const bench = await IntakeHarness.open(t);
  const ct = clinicCt();
  const unreadable = { name: 'x', bytes: Buffer.from('no DICOM at all') };
  assert.equal((await send(bench, [...ct, unreadable])).length, 1);
  assert.match(bench.show(series).problem!.message, /^1 instance of unknown series refused on the same association/);
  await send(bench, ct.slice(0, 12));
  assert.equal(bench.show(series).state, 'incomplete');
  await send(bench, ct.slice(12), 'released', (k) => `1.2.3.4.${k + 13}`);
  assert.equal(bench.show(series).state, 'unrouted');
});

test('where nothing was kept and the association was aborted, the reason of the images is shown', async (t) => {
  const bench = await IntakeHarness.open(t);
  const ct: ClinicCt = {
    change: (k) => ({ '7fe00010': ['OW', (otherPixels(k)['7fe00010']![1] as number[]).slice(1)] }),
  };
  assert.equal((await send(bench, clinicCt(ct), 'aborted')).length, 24);
  const { state, problem } = bench.show(series);
  assert.deepEqual([state, problem?.code], ['rejected', 'PIXEL_DECODING']);
  assert.match(problem!.message, /^24 instances refused: .*8190 bytes instead of 8192$/);
});

test('of a slice that was scanned twice an operator says which one counts', async (t) => {
  const bench = await IntakeHarness.open(t);
  const twice = clinicCt({
    slices: 8,
    change: (k) => ({ ...renamed(k), ...otherPixels(k), '00200013': ['IS', '99'] }),
  });
  const uid = (k: number): string => (k < 24 ? `1.2.3.4.${k + 1}` : newUid(7));
  await send(bench, [...clinicCt(), twice[7]!], 'released', uid);
  assert.equal(bench.show(series).problem?.code, 'SERIES_DUPLICATE_POSITION');
  const choices = await bench.actions.choices(bench.keyOf(series));
  assert.deepEqual(
    choices.map(({ kind, images, leftOut, problem }) => [
      kind,
      images,
      leftOut[0]!.images,
      leftOut[0]!.reason,
      problem,
    ]),
    [
      ['without', 24, 1, 'the second of two images at one position', undefined],
      ['without', 24, 1, 'the first of two images at one position', undefined],
    ],
  );
  await bench.actions.choose(bench.keyOf(series), choices[1]!.choice, { user: 'ann', address: '127.0.0.1' });
  await bench.pass(0);
  assert.deepEqual([bench.show(series).state, bench.show(series).revision], ['unrouted', 1]);
});
