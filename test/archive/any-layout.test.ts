import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readHeader } from '../../src/dicom/read-data-set.ts';
import { archiveCases } from '../../worker/archive/archive-cases.ts';
import type { IndexedImages } from '../../worker/archive/image-index.ts';
import type { ArchiveIndex, IndexedStructureSet } from '../../worker/archive/index-archive.ts';
import { matchCases } from '../../worker/archive/match-cases.ts';
import { namedRoi, readCase } from '../../worker/archive/read-case.ts';
import { writePhantom } from '../../worker/phantom/write-phantom.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const gtv = [{ name: 'GTVp', patterns: ['gtv.*'] }];
const size = { size: 64, slices: 20 } as const;

/** Every file of a folder tree moved into one folder, under names that say nothing. */
async function flatten(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const count = (await readdir(to)).length;
    await copyFile(join(entry.parentPath, entry.name), join(to, `file-${count}`));
  }
}

/** Replaces a UID in every CT file of a phantom by one of the same length. */
async function renameSeries(ct: string, uid: string): Promise<void> {
  const other = `${uid.slice(0, -3)}${uid.endsWith('111') ? '222' : '111'}`;
  for (const name of await readdir(ct)) {
    const path = join(ct, name);
    const text = (await readFile(path)).toString('latin1');
    assert.ok(text.includes(uid));
    await writeFile(path, Buffer.from(text.replaceAll(uid, other), 'latin1'));
  }
}

async function seriesUid(ct: string): Promise<string> {
  const [first] = await readdir(ct);
  return (await readHeader(join(ct, first!))).string('0020000e')!;
}

test('files of three patients mixed in one folder come apart as they belong', async (t) => {
  const folder = await temporaryFolder(t);
  for (const seed of [1, 2, 3]) await writePhantom(join(folder, 'tidy', String(seed)), seed, size);
  await flatten(join(folder, 'tidy'), join(folder, 'mixed'));
  await writeFile(join(folder, 'mixed', 'notes.txt'), 'no DICOM');
  const { cases, leftOut } = await archiveCases(join(folder, 'mixed'), gtv);
  assert.deepEqual(leftOut, []);
  assert.deepEqual(cases.map(({ patient }) => patient).toSorted(), ['PHANTOM-1', 'PHANTOM-2', 'PHANTOM-3']);
  assert.deepEqual(
    cases.map(({ ctFiles }) => ctFiles.length),
    [20, 20, 20],
  );
  const { volume, rois } = await readCase(cases[0]!);
  assert.deepEqual(volume.grid.size, [64, 64, 20]);
  assert.equal(namedRoi(rois, gtv[0]!)?.name, 'GTVp');
});

test('two series of one patient are two cases of that patient', async (t) => {
  const folder = await temporaryFolder(t);
  await writePhantom(join(folder, 'planning'), 1, size);
  await writePhantom(join(folder, 'replanning'), 1, { ...size, slices: 22 });
  const { cases } = await archiveCases(folder, gtv);
  assert.deepEqual(
    cases.map(({ place, patient, ctFiles }) => [place, patient, ctFiles.length]),
    [
      ['planning', 'PHANTOM-1', 20],
      ['replanning', 'PHANTOM-1', 22],
    ],
  );
  assert.notEqual(cases[0]!.id, cases[1]!.id);
  const byFolder = await archiveCases(folder, gtv, { patients: 'folder' });
  assert.deepEqual(
    byFolder.cases.map(({ patient }) => patient),
    ['planning', 'replanning'],
    'for archives with one Patient ID for all',
  );
});

test('a structure set that names a series which is not there is matched by its frame of reference', async (t) => {
  const folder = await temporaryFolder(t);
  await writePhantom(join(folder, 'a'), 1, size);
  await renameSeries(join(folder, 'a', 'ct'), await seriesUid(join(folder, 'a', 'ct')));
  const { cases, leftOut } = await archiveCases(folder, gtv);
  assert.deepEqual(leftOut, []);
  assert.equal((await readCase(cases[0]!)).rois.length, 5);
});

async function leftOutOf(t: TestContext, spoil: (folder: string) => Promise<void>) {
  const folder = await temporaryFolder(t);
  for (const seed of [1, 2]) await writePhantom(join(folder, `p${seed}`), seed, size);
  await spoil(folder);
  const { cases, leftOut } = await archiveCases(folder, gtv);
  return { cases, words: leftOut.map(({ place, error }) => `${place}: ${error.message}`) };
}

test('what cannot be used is left out, with its place and the reason', async (t) => {
  const withoutCt = await leftOutOf(t, (folder) => rm(join(folder, 'p1', 'ct'), { recursive: true }));
  assert.equal(withoutCt.cases.length, 1);
  assert.match(withoutCt.words.join(), /^p1: the archive holds neither the CT series .* nor another one in its frame/);

  const truncated = await leftOutOf(t, (folder) => truncate(join(folder, 'p2', 'truth.dcm'), 3000));
  assert.equal(truncated.cases.length, 1);

  const repeated = await leftOutOf(t, (folder) =>
    copyFile(join(folder, 'p1', 'truth.dcm'), join(folder, 'p1', 'again.dcm')),
  );
  assert.equal(repeated.cases.length, 2);
  assert.match(
    repeated.words.join(),
    /^p1\/(again|truth)\.dcm: another structure set of this CT, p1\/(again|truth)\.dcm, has more/,
  );
});

test('an archive without structure sets says what it holds instead', async (t) => {
  const folder = await temporaryFolder(t);
  await writePhantom(folder, 1, size);
  await rm(join(folder, 'truth.dcm'));
  await writeFile(join(folder, 'notes.txt'), 'no DICOM');
  await assert.rejects(archiveCases(folder, gtv), {
    code: 'TRAINING_DATA',
    message: /no structure set below .* \(1 CT series, 0 other DICOM files, 1 files that are not DICOM\)/,
  });
  await assert.rejects(archiveCases(join(folder, 'nowhere'), gtv), { code: 'PATH_NOT_FOUND' });
});

const ct = (seriesInstanceUid: string, z: number[], frame = 'frame'): IndexedImages => ({
  seriesInstanceUid,
  frameOfReferenceUid: frame,
  patient: 'somebody',
  identities: [],
  corners: [],
  files: z.map((_, k) => `${seriesInstanceUid}/${k}`),
  z,
});
const drawn = (path: string, changes: Partial<IndexedStructureSet> = {}): IndexedStructureSet => ({
  path: `/archive/${path}`,
  referencedSeriesUid: undefined,
  framesOfReference: ['frame'],
  roiNames: ['GTV p'],
  planes: [100, 103, 106],
  written: '20260101120000',
  sha256: path,
  ...changes,
});
const matched = (series: IndexedImages[], structureSets: IndexedStructureSet[]) => {
  const index: ArchiveIndex = {
    series,
    structureSets,
    modalities: [],
    registrations: [],
    unreadable: [],
    ignored: { notDicom: 0, otherKinds: 0 },
  };
  return matchCases('/archive', index, gtv);
};

test('of two CT series in one frame of reference the contours choose the one in whose slices they lie', () => {
  const low = ct('low', [0, 3, 6, 9]);
  const high = ct('high', [97, 100, 103, 106]);
  assert.equal(matched([low, high], [drawn('a/rs')]).cases[0]!.ctFiles[0], 'high/0');
  const named = matched([low, high], [drawn('a/rs', { referencedSeriesUid: 'low' })]);
  assert.equal(named.cases[0]!.ctFiles[0], 'low/0', 'what the structure set names comes first');
  const alike = matched([high, { ...high, seriesInstanceUid: 'copy' }], [drawn('a/rs')]);
  assert.match(
    alike.leftOut[0]!.error.message,
    /^2 CT series in the structure set's frame of reference fit equally well/,
  );
});

test('of several structure sets of one CT the one with the most wanted ROIs is taken, of equals the latest', () => {
  const images = ct('ct', [97, 100, 103, 106]);
  const organs = drawn('p/organs', { roiNames: ['Brain'], written: '20260301000000' });
  const early = drawn('p/early');
  const late = drawn('p/late', { written: '20260201000000' });
  const { cases, leftOut } = matched([images], [organs, early, late]);
  assert.deepEqual(
    cases.map(({ place }) => place),
    ['p/late'],
  );
  assert.equal(leftOut.length, 2);
});
