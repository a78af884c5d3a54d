import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { ctSlice } from './generated-ct.ts';

function folderWith(t: TestContext, files: Record<string, Uint8Array | string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'read-ct-folder-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const structureSet = ctSlice(0, { '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.481.3'], '00080018': ['UI', '1.9'] });
const slices = { 'a.dcm': ctSlice(3), 'sub/b': ctSlice(0), 'sub/deeper/c.ima': ctSlice(6) };

test('a CT series is found below the folder, other files are counted', async (t) => {
  const folder = folderWith(t, {
    ...slices,
    'notes.txt': 'nothing',
    DICOMDIR: 'short',
    'rs.dcm': structureSet,
    'copy.dcm': ctSlice(3),
  });
  const progress: string[] = [];
  const { series, files, ignored } = await readCtFolder([folder], {
    onProgress: (done, total) => progress.push(`${done}/${total}`),
  });
  assert.deepEqual(series.geometry.z, [0, 3, 6]);
  assert.deepEqual(ignored, { notDicom: 2, notCt: 1 });
  assert.deepEqual(
    series.slices.map(({ sopInstanceUid }) => files.get(sopInstanceUid)!.slice(folder.length)),
    ['/sub/b', '/a.dcm', '/sub/deeper/c.ima'],
  );
  assert.deepEqual(progress.slice(-1), ['7/7']);
});

test('a list of files is as good as a folder', async (t) => {
  const folder = folderWith(t, slices);
  const { series } = await readCtFolder(Object.keys(slices).map((name) => join(folder, name)));
  assert.equal(series.slices.length, 3);
});

test('each wrong call has its own error, which names the path', async (t) => {
  const folder = folderWith(t, { 'nothing.txt': 'x' });
  await assert.rejects(readCtFolder([join(folder, 'absent')]), {
    code: 'PATH_NOT_FOUND',
    message: `no such file or folder: ${folder}/absent`,
  });
  await assert.rejects(readCtFolder([folder]), {
    code: 'NO_CT_IMAGES',
    message: `no CT image in ${folder} (1 files that are not DICOM)`,
  });
  await assert.rejects(readCtFolder([folderWith(t, {})]), { code: 'NO_CT_IMAGES' });
  await assert.rejects(readCtFolder([folderWith(t, { 'rs.dcm': structureSet })]), {
    code: 'DICOM_NOT_CT',
    message: /1 other DICOM files/,
  });
});

test('two series in one folder are a wrong call that names their number', async (t) => {
  const folder = folderWith(t, { ...slices, 'd.dcm': ctSlice(100, { '0020000e': ['UI', '1.2.3.77'] }) });
  await assert.rejects(readCtFolder([folder]), { code: 'USAGE', exitCode: 2, message: `2 CT series in ${folder}` });
});

test('a truncated file is an error that names it, wherever it is cut', async (t) => {
  const whole = ctSlice(9);
  for (const length of [200, 400, whole.length - 300, whole.length - 1]) {
    const folder = folderWith(t, { ...slices, 'cut.dcm': whole.subarray(0, length) });
    await assert.rejects(readCtFolder([folder]), (error: Error & { code: string }) => {
      assert.equal(error.code, 'DICOM_UNREADABLE', `cut at ${length}`);
      assert.ok(error.message.startsWith(`${folder}/cut.dcm: `));
      return true;
    });
  }
});

test('another image under the same SOP Instance UID is refused', async (t) => {
  const folder = folderWith(t, { ...slices, 'other.dcm': ctSlice(3, { '00281052': ['DS', '-1000'] }) });
  await assert.rejects(readCtFolder([folder]), { code: 'SERIES_PIXELS_DIFFER' });
});

test('whatever stands as the SOP class, a file that is no CT image is refused in one line', async (t) => {
  const strange = ctSlice(0, { '00080016': ['UI', '1.2.840\nMueller^Anna'] });
  const folder = folderWith(t, { 'strange.dcm': strange });
  await assert.rejects(readCtFolder([join(folder, 'strange.dcm')]), (error: Error) => !/\n|Anna/.test(error.message));
});
