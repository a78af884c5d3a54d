import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeHu } from '../../src/dicom/pixel-data.ts';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { matchToCt } from '../../src/dicom/rtstruct/match-to-ct.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { rasterise } from '../../worker/contours/rasterise.ts';
import { overlap } from '../../worker/evaluation/compare-masks.ts';
import { patientPositions } from '../../worker/phantom/write-ct.ts';
import { writePhantom } from '../../worker/phantom/write-phantom.ts';
import { contourNode, runProgram } from '../support/run-program.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phantom-'));
});
after(() => rm(folder, { recursive: true }));

const small = { size: 96, slices: 30 };

for (const patientPosition of patientPositions) {
  test(`written as ${patientPosition} and read back, the CT has the phantom's voxels in patient coordinates`, async () => {
    const { phantom, ctFiles } = await writePhantom(join(folder, patientPosition), 5, { ...small, patientPosition });
    const { series } = await readCtFolder([join(folder, patientPosition, 'ct')]);
    assert.deepEqual(series.warnings, []);
    assert.equal(series.slices.length, 30);
    const { grid, hu } = phantom.volume;
    assert.deepEqual([...series.geometry.z], [...grid.z]);
    assert.ok(
      Math.abs(series.geometry.originX - grid.origin[0]) < 1e-9 &&
        Math.abs(series.geometry.originY - grid.origin[1]) < 1e-9,
    );
    for (const k of [0, 15, 29]) {
      const slice = await decodeHu(await readFile(ctFiles[k]!), series.geometry);
      assert.deepEqual(slice, hu.slice(k * 96 * 96, (k + 1) * 96 * 96));
    }
  });
}

test('dciodvfy finds no error in CT and structure set, drtdump reads it', async () => {
  const { ctFiles, structureSet } = await writePhantom(join(folder, 'valid'), 6, small);
  for (const path of [ctFiles[0]!, ctFiles.at(-1)!, structureSet]) {
    const { stdout, stderr } = await runProgram('dciodvfy', [path]);
    assert.doesNotMatch(stdout + stderr, /^Error/m, path);
    assert.match(stdout + stderr, /CTImage|RTStructureSet/);
  }
  const { code, stdout, stderr } = await runProgram('drtdump', [structureSet]);
  assert.equal(code, 0);
  assert.doesNotMatch(stderr, /W:|E:/);
  assert.match(stdout, /Truth of a generated phantom/);
});

test('the true structure set, read back and rasterised, is the truth', async () => {
  const { phantom, structureSet } = await writePhantom(join(folder, 'truth'), 7, { size: 256, slices: 40 });
  const { series } = await readCtFolder([join(folder, 'truth', 'ct')]);
  const { rois } = matchToCt(readRtstruct(await readFile(structureSet)), {
    frameOfReferenceUid: series.slices[0]!.frameOfReferenceUid,
    slices: series.slices.map(({ sopInstanceUid, imagePosition }) => ({ sopInstanceUid, z: imagePosition[2]! })),
  });
  assert.deepEqual(
    rois.map(({ name }) => name),
    phantom.truth.map(({ name }) => name),
  );
  for (const { name, mask } of phantom.truth) {
    const contours = rois.find((roi) => roi.name === name)!.contours;
    const { dsc } = overlap(mask, rasterise(contours, mask.grid));
    assert.ok(dsc! > 0.99, `${name}: ${dsc}`);
  }
});

test('the same seed writes the same bytes', async () => {
  const [first, again] = await Promise.all(['a', 'b'].map((name) => writePhantom(join(folder, name), 8, small)));
  for (const paths of [
    [first!.structureSet, again!.structureSet],
    [first!.ctFiles[3]!, again!.ctFiles[3]!],
  ] as const) {
    const [a, b] = await Promise.all(paths.map((path) => readFile(path)));
    assert.ok(a!.equals(b!));
  }
});

test('the command writes what it says; a wrong call is one line and exit code 2', async () => {
  const good = await contourNode(
    'phantom',
    '--out',
    join(folder, 'command'),
    '--seed',
    '9',
    '--matrix',
    '64',
    '--slices',
    '12',
    '--json',
  );
  assert.equal(good.code, 0, good.stderr);
  const answer = JSON.parse(good.stdout) as { size: number[]; ctFiles: string[]; structureSet: string };
  assert.deepEqual(answer.size, [64, 64, 12]);
  assert.equal(readRtstruct(await readFile(answer.structureSet)).label, 'PHANTOM TRUTH');
  for (const [args, words] of [
    [[], /needs --out/],
    [['--out', folder, '--seed', 'x'], /--seed x/],
    [['--out', folder, '--position', 'HFX'], /HFS, HFP, FFS, FFP/],
    [['--out', folder, '--matrix', '1'], /--matrix 1/],
    [['--out', join(folder, 'command'), '--slices', '10'], /OUTPUT_EXISTS: --out .* exists \(.*--force/],
  ] as const) {
    const { code, stderr } = await contourNode('phantom', ...args);
    assert.equal(code, 2);
    assert.match(stderr, words);
    assert.equal(stderr.trim().split('\n').length, 1);
  }
  const over = ['--out', join(folder, 'command'), '--matrix', '64', '--slices', '10', '--force'];
  assert.equal((await contourNode('phantom', ...over)).code, 0);
  assert.equal((await readdir(join(folder, 'command', 'ct'))).length, 10, 'no slice of the one before is left');
});
