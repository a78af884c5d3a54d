import assert from 'node:assert/strict';
import { mkdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { findInstances } from '../../src/dimse/scu/find-instances.ts';
import {
  explicitVrBigEndian,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
} from '../../src/dicom/transfer-syntax.ts';
import { ctElements, dicomFile } from '../dicom/generated-ct.ts';
import { clinicCt, type ClinicFile, writeFiles } from '../support/clinic-ct.ts';
import { contourNode } from '../support/run-program.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';
import { contoured, contouredPath } from './contoured-folder.ts';

/** The data set alone, or with the file meta information but no preamble. */
const bare = (file: Buffer): Buffer => file.subarray(144 + file.readUInt32LE(140));
const withoutPreamble = (file: Buffer): Buffer => file.subarray(132);
const withoutPrefix = (file: Buffer): Buffer => Buffer.concat([Buffer.alloc(132), file.subarray(132)]);
/** No (0002,0000) either. */
const withoutGroupLength = (file: Buffer): Buffer => file.subarray(144);
const preambleAlone = (file: Buffer): Buffer => Buffer.concat([file.subarray(0, 132), bare(file)]);
const headers = [bare, withoutPreamble, withoutPrefix, withoutGroupLength, preambleAlone];

for (const syntax of [implicitVrLittleEndian, explicitVrLittleEndian, explicitVrBigEndian]) {
  test(`files without a header are read, not skipped (${syntax})`, async (t) => {
    const garble = (file: Buffer, k: number) => headers[k % 6]?.(file) ?? file;
    const { slices, ignored, structureSet } = await contoured(t, clinicCt({ syntax, garble }));
    assert.deepEqual([slices, ignored], [24, []]);
    const whole = await contoured(t, clinicCt({ syntax }));
    assert.deepEqual(structureSet.rois[0]!.contours, whole.structureSet.rois[0]!.contours);
  });
}

test('a file without a header that is cut off, or compressed, is an error that names it', async (t) => {
  const cut = clinicCt({ garble: (file, k) => (k === 5 ? bare(file).subarray(0, -100) : file) });
  await assert.rejects(contoured(t, cut), { code: 'DICOM_UNREADABLE', message: /ct\.006\.dcm: the data set ends/ });
  const { '7fe00010': _pixels, ...header } = ctElements(0);
  const compressed = bare(dicomFile(header, { encapsulated: [Buffer.alloc(64)] }));
  await assert.rejects(contoured(t, [...clinicCt(), { name: 'x.dcm', bytes: compressed }]), {
    code: 'DICOM_UNREADABLE',
    message: /nothing says how the pixels are compressed/,
  });
});

const strange: ClinicFile[] = [
  { name: 'notes.txt', bytes: Buffer.from('not DICOM at all') },
  { name: 'empty', bytes: Buffer.alloc(0) },
  { name: 'zeros.bin', bytes: Buffer.alloc(5000) },
  { name: 'group8.bin', bytes: Buffer.concat([Buffer.from('08000500', 'hex'), Buffer.from('what is not a data set')]) },
  { name: 'mr.dcm', bytes: dicomFile({ ...ctElements(0), '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.4'] }) },
];

test('contour says how many files it ignored and why, also as JSON, and follows symbolic links', async (t) => {
  const folder = await temporaryFolder(t);
  const files = clinicCt();
  const ct = await writeFiles(join(folder, 'ct'), [...files, ...strange, { name: 'copy.dcm', bytes: files[3]!.bytes }]);
  // Slices behind a link to a file and behind a link to a folder; a circle; a link that leads nowhere.
  await mkdir(join(folder, 'elsewhere'));
  await rename(join(ct, files[4]!.name), join(folder, 'one'));
  await symlink(join(folder, 'one'), join(ct, 'linked.dcm'));
  for (const { name } of files.slice(5, 9)) await rename(join(ct, name), join(folder, 'elsewhere', name));
  await symlink(join(folder, 'elsewhere'), join(ct, 'more'));
  await symlink(ct, join(folder, 'elsewhere', 'back'));
  await symlink(join(folder, 'nowhere'), join(ct, 'broken'));

  const { directory } = await thresholdBundle(t);
  const args = ['contour', ct, '--model', directory, '--out', join(folder, 'out.dcm')];
  const json = await contourNode(...args, '--json');
  assert.equal(json.code, 0, json.stderr);
  const report = JSON.parse(json.stdout) as { slices: number; ignored: unknown };
  assert.equal(report.slices, 24);
  assert.deepEqual(report.ignored, [
    { reason: 'no DICOM', files: 4 },
    { reason: 'DICOM, but no CT image', files: 1 },
    { reason: 'copy of an image that was read', files: 1 },
    { reason: 'link that leads nowhere', files: 1 },
  ]);
  const words = await contourNode(...args, '--force');
  assert.match(words.stderr, /^7 files ignored: 4 no DICOM, 1 DICOM, but no CT image, 1 copy of an image/m);
});

test('a damaged file of another kind does not keep a CT from being contoured', async (t) => {
  const report = dicomFile({ ...ctElements(0), '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.88.67'] }).subarray(0, -50);
  const { slices, ignored } = await contoured(t, [...clinicCt(), { name: 'dose.dcm', bytes: report }]);
  assert.deepEqual([slices, ignored], [24, [{ reason: 'DICOM, but no CT image', files: 1 }]]);
});

test('a scout that lies beside the CT as a series of its own is ignored, a second CT is not', async (t) => {
  const scout = clinicCt({
    slices: 2,
    uids: '1.2.7',
    change: () => ({ '00080008': ['CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'] }),
  });
  const beside = (files: readonly ClinicFile[]) => files.map(({ name, bytes }) => ({ name: `other/${name}`, bytes }));
  const { slices, ignored } = await contoured(t, [...clinicCt(), ...beside(scout)]);
  assert.deepEqual([slices, ignored], [24, [{ reason: 'localiser or report of another series', files: 2 }]]);
  const two = [...clinicCt(), ...beside(clinicCt({ uids: '1.2.7' }))];
  await assert.rejects(contoured(t, two), { code: 'USAGE', message: /^2 CT series/ });
});

test('a link instead of a folder, and send, find the same files', async (t) => {
  const folder = await temporaryFolder(t);
  const ct = await writeFiles(join(folder, 'ct'), clinicCt({ garble: (file, k) => (k === 2 ? bare(file) : file) }));
  await symlink(ct, join(folder, 'link'));
  await symlink(join(folder, 'link'), join(ct, 'again'));
  assert.equal((await contouredPath(t, join(folder, 'link'))).slices, 24);
  const { instances, ignored } = await findInstances([join(folder, 'link')]);
  assert.deepEqual([instances.length, ignored], [24, 0]);
  assert.equal(instances[2]!.dataSetOffset, 0);
});
