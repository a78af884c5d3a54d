import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { decodingsAtOnce } from '../../src/dicom/pixel-codecs.ts';
import { loadVolume } from '../../worker/volume/load-volume.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { runProgram } from '../support/run-program.ts';

/** The files of a phantom, and the same compressed, in the order of the slices. */
async function compressedPhantom(t: TestContext, program: string, slices: number) {
  const { ct, files } = await phantomCt(t, 17, { slices, matrix: 64 });
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-compressed-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const file of files) {
    const { code, stderr } = await runProgram(program, [file, join(folder, basename(file))]);
    assert.equal(code, 0, stderr);
  }
  const { series, files: paths } = await readCtFolder([ct]);
  const native = series.slices.map(({ sopInstanceUid }) => paths.get(sopInstanceUid)!);
  return { geometry: series.geometry, native, compressed: native.map((path) => join(folder, basename(path))) };
}

for (const program of ['dcmcjpls', 'dcmcjpeg', 'dcmcrle']) {
  test(`slices compressed by ${program} give the same voxels, each in its place`, async (t) => {
    const { geometry, native, compressed } = await compressedPhantom(t, program, 3 * decodingsAtOnce + 10);
    const seen: number[] = [];
    const [expected, actual] = [
      await loadVolume(native, geometry),
      await loadVolume(compressed, geometry, (done) => seen.push(done)),
    ];
    assert.ok(new Set(expected.hu).size > 100);
    assert.ok(Buffer.from(actual.hu.buffer).equals(Buffer.from(expected.hu.buffer)));
    assert.deepEqual(
      seen,
      native.map((_, k) => k + 1),
    );
  });
}

test('a damaged slice among compressed ones is named, and no slice is read after it', async (t) => {
  const { geometry, compressed } = await compressedPhantom(t, 'dcmcjpls', 40);
  const damaged = compressed[4]!;
  const bytes = await readFile(damaged);
  await writeFile(damaged, bytes.subarray(0, bytes.length - 200));
  let read = 0;
  await assert.rejects(
    loadVolume(compressed, geometry, () => read++),
    /slice 5 of 40: /,
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(read < 5 + 2 * decodingsAtOnce, `${read} slices were read`);
});
