import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { rtStructureSetStorage } from '../../../src/dicom/rtstruct/structure-set.ts';
import { tag } from '../../../src/dicom/rtstruct/tags.ts';
import type { CtSlice } from '../../support/ct-slice.ts';
import { editedStructureSet, type Edit } from '../../support/edited-structure-set.ts';
import { structureSetOfSlices } from '../../support/structure-set-of-slices.ts';
import { contouredOrder, recordContoured } from '../contoured-series.ts';
import { IntakeHarness, range } from '../intake-harness.ts';

const a = '1.2.826.71.1';
const b = '1.2.826.71.2';

const slicesOf = (series: string): CtSlice[] => range(1, 12).map((number) => ({ series, number }));

async function bench(t: TestContext): Promise<IntakeHarness> {
  const opened = await IntakeHarness.open(t);
  await recordContoured(opened, a);
  return opened;
}

const drawn = structureSetOfSlices(slicesOf(a));
const original = drawn.encode('implicit');
const edited = (edit: Edit): Buffer => editedStructureSet(original, { sopInstanceUid: '1.2.3.4.5', ...edit });

/** Hands one over as the SCP does. @returns the DIMSE status */
async function send(to: IntakeHarness, bytes: Uint8Array, sopInstanceUid = '1.2.3.4.5'): Promise<number> {
  return to.sendBytes(to.associate({ callingAe: 'PINNACLE' }), bytes, {
    sopClassUid: rtStructureSetStorage,
    sopInstanceUid,
  });
}

async function files(of: IntakeHarness, ...folder: string[]): Promise<string[]> {
  return (await readdir(join(of.dataDirectory, ...folder)).catch((): string[] => [])).toSorted();
}

const events = (of: IntakeHarness, series = a) =>
  of.store.events(of.keyOf(series)).flatMap((event) => (event.kind === 'structure set' ? [event] : []));

test('a corrected structure set lies with the series whose images it names, as it came (CS 4.2.4.4)', async (t) => {
  const node = await bench(t);
  const bytes = edited({ move: { roi: /GTVp/, x: 2 }, approval: 'APPROVED' });
  const before = node.show(a).state;
  assert.equal(await send(node, bytes), 0x0000);
  const [event, ...more] = events(node);
  assert.equal(more.length, 0);
  assert.deepEqual(
    [event?.sender, event?.matchedBy, event?.approval, event?.orders],
    ['PINNACLE', 'images', 'APPROVED', [contouredOrder]],
  );
  assert.equal(event?.datedAt, '20260102030405');
  const [file] = await files(node, 'series', node.keyOf(a), 'structure-sets');
  assert.equal(file, `${event?.structureSet}.dcm`);
  assert.deepEqual(await readFile(join(node.dataDirectory, 'series', node.keyOf(a), 'structure-sets', file)), bytes);
  assert.equal(node.show(a).state, before, 'the series itself stands as before');
  assert.deepEqual(node.unmatched.list(), []);
  assert.doesNotMatch(JSON.stringify(node.store.events(node.keyOf(a))), /1\.2\.3\.4\.5|Doe|P-1/);
});

test('the same again changes nothing, whatever its encoding; another content under its UID is another version', async (t) => {
  const node = await bench(t);
  assert.equal(await send(node, edited({})), 0x0000);
  assert.equal(await send(node, edited({})), 0x0000);
  assert.equal(await send(node, edited({ encoding: 'explicit' })), 0x0000);
  assert.equal(events(node).length, 1);
  assert.equal(await send(node, edited({ move: { roi: /GTVp/, y: 1 } })), 0x0000);
  assert.equal(await send(node, edited({ approval: 'APPROVED' })), 0x0000);
  const [first, second, third] = events(node);
  assert.equal(new Set([first, second, third].map((one) => one?.structureSet)).size, 3);
  assert.deepEqual([second?.instance, third?.instance], [first?.instance, first?.instance]);
});

test('what is broken or names itself otherwise is refused with a status that says so (CS 4.2.4.4)', async (t) => {
  const node = await bench(t);
  assert.equal(await send(node, edited({}).subarray(0, 3000)), 0xc000);
  assert.equal(await send(node, Buffer.from('no DICOM at all')), 0xc000);
  const empty = edited({ values: { [tag.StructureSetROISequence]: undefined } });
  assert.equal(await send(node, empty), 0xc000, 'no ROI');
  assert.equal(await send(node, edited({}), '1.2.3.4.6'), 0xa900);
  const ct = edited({ values: { [tag.SOPClassUID]: '1.2.840.10008.5.1.4.1.1.2' } });
  assert.equal(await send(node, ct), 0xa900);
  assert.deepEqual(events(node), []);
  assert.deepEqual(await files(node, 'unmatched'), []);
});

test('without image references the frame of reference and the planes decide, where one series alone fits', async (t) => {
  const node = await bench(t);
  assert.equal(await send(node, edited({ withoutImages: true })), 0x0000);
  assert.equal(events(node)[0]?.matchedBy, 'frame of reference');
  const between = edited({ withoutImages: true, move: { roi: /GTVp/, z: 1 } });
  assert.equal(await send(node, between), 0x0000);
  assert.deepEqual(
    node.unmatched.list().map(({ reason }) => reason),
    ['no series here has its images'],
    'planes between the slices are of another series',
  );
  await recordContoured(node, b);
  assert.equal(await send(node, edited({ withoutImages: true, approval: 'APPROVED' })), 0x0000);
  assert.equal(events(node).length, 1);
  assert.deepEqual(
    node.unmatched.list().map(({ reason }) => reason),
    ['several series fit', 'no series here has its images'],
  );
});

test('what belongs to no series is confirmed, kept apart and listed with the reason', async (t) => {
  const node = await bench(t);
  const elsewhere = structureSetOfSlices(slicesOf('1.2.826.71.9').map((slice) => ({ ...slice, frame: '1.2.3.902' })));
  const bytes = elsewhere.encode('explicit');
  assert.equal(await send(node, bytes, elsewhere.sopInstanceUid), 0x0000);
  assert.equal(await send(node, edited({ values: { [tag.PatientID]: 'P-2' } })), 0x0000);
  await node.sendAll(b, range(1, 12));
  await node.pass(21);
  const early = structureSetOfSlices(slicesOf(b));
  assert.equal(await send(node, early.encode('implicit'), early.sopInstanceUid), 0x0000);
  assert.deepEqual(events(node), []);
  const listed = node.unmatched.list();
  assert.deepEqual(listed.map(({ reason }) => reason).toSorted(), [
    'it names another patient than the series',
    'no series here has its images',
    'the series was not contoured',
  ]);
  const names = listed.flatMap(({ key }) => [`${key}.dcm`, `${key}.json`]).toSorted();
  assert.deepEqual(await files(node, 'unmatched'), names);
  assert.doesNotMatch(JSON.stringify(listed), /Doe|P-[12]|1\.2\.826/);

  assert.equal(await send(node, bytes, elsewhere.sopInstanceUid), 0x0000, 'again');
  assert.equal(node.unmatched.list().length, 3);
});

test('unmatched structure sets outlive a restart, go by age, and by hand', async (t) => {
  const node = await bench(t);
  for (const approval of ['APPROVED', 'UNAPPROVED'])
    await send(node, edited({ approval, values: { [tag.PatientID]: 'P-2' } }));
  const [newest] = node.unmatched.list();
  // A crash before the sender had its answer.
  await writeFile(join(node.dataDirectory, 'unmatched', '0123456789abcdef.dcm'), 'half');
  await node.crash();
  const again = await IntakeHarness.open(t, { dataDirectory: node.dataDirectory, clock: node.clock });
  assert.equal(again.unmatched.list().length, 2);
  await again.unmatched.remove(newest!.key);
  await assert.rejects(again.unmatched.remove(newest!.key), { code: 'NOT_FOUND' });
  assert.equal((await files(again, 'unmatched')).length, 2);
  await again.unmatched.expire(new Date(again.clock.now() + 1).toISOString());
  assert.deepEqual(await files(again, 'unmatched'), []);
});

test('a full disk is answered with 0xA700; a crash between file and record is made good by the repeat', async (t) => {
  const full = await IntakeHarness.open(t, { config: { intake: { reservedMegabytes: 1e9 } } });
  assert.equal(await send(full, edited({})), 0xa700);
  const node = await bench(t);
  assert.equal(await send(node, edited({})), 0x0000);
  const { structureSet = '' } = events(node)[0] ?? {};
  const journal = join(node.dataDirectory, 'series', node.keyOf(a), 'journal.jsonl');
  await node.crash();
  const lines = (await readFile(journal, 'utf8')).split('\n').filter((line) => !line.includes('"structure set"'));
  await writeFile(journal, lines.join('\n'));
  const again = await IntakeHarness.open(t, { dataDirectory: node.dataDirectory, clock: node.clock });
  assert.deepEqual(events(again), []);
  assert.equal(await send(again, edited({})), 0x0000);
  assert.equal(events(again)[0]?.structureSet, structureSet);
});

test('tables made again from the files know the structure sets', async (t) => {
  const node = await bench(t);
  await send(node, edited({ approval: 'APPROVED' }));
  const before = node.store.get(node.keyOf(a));
  assert.equal(before?.corrections[0]?.approval, 'APPROVED');
  await node.store.rebuild(node.keyOf(a));
  assert.deepEqual(node.store.get(node.keyOf(a)), before);
  await node.store.remove(node.keyOf(a), 'retention');
  assert.equal(node.store.get(node.keyOf(a)), undefined);
});
