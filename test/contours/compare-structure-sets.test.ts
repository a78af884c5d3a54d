import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeRtstruct } from '../../src/dicom/rtstruct/write-rtstruct.ts';
import type { StructureSetComparison } from '../../worker/contours/compare-structure-sets.ts';
import {
  ctFolder,
  exampleInput,
  exampleMasks,
  exampleRois,
  maskOf,
  roiOf,
  temporaryFolder,
} from '../dicom/rtstruct/example-structure-set.ts';
import { contourNode } from '../support/run-program.ts';

test('compare prints DSC and volumes of ROIs of the same name, and says what is empty or missing on either side', async (t) => {
  const ct = await ctFolder(t);
  const folder = await temporaryFolder(t);
  const [solid, ring, islands] = exampleRois('keyhole') as [
    ReturnType<typeof roiOf>,
    ReturnType<typeof roiOf>,
    ReturnType<typeof roiOf>,
  ];
  const half = maskOf((i, j, k) => exampleMasks['Ring']!.voxels[(k * 40 + j) * 48 + i] === 1 && k < 6);
  const a = join(folder, 'a.dcm');
  const b = join(folder, 'b.dcm');
  await writeFile(a, writeRtstruct(exampleInput([solid, ring, { ...islands, slices: [] }]), 'implicit'));
  await writeFile(
    b,
    writeRtstruct(
      exampleInput([
        { ...solid, name: 'SOLID^AI' },
        roiOf('Ring', 2, half, 'nested'),
        { ...islands, slices: [] },
        { ...solid, number: 4, name: 'Other' },
      ]),
      'explicit',
    ),
  );

  const json = await contourNode('compare', a, b, '--ct', ct, '--json');
  assert.equal(json.code, 0, json.stderr);
  const { rois, warnings } = JSON.parse(json.stdout) as StructureSetComparison;
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    rois.map(({ name, status }) => [name, status]),
    [
      ['Solid', 'ok'],
      ['Ring', 'ok'],
      ['Islands', 'empty in both'],
      ['Other', 'only in B'],
    ],
  );
  assert.deepEqual([rois[0]!.dsc, rois[0]!.ji, rois[0]!.hd, rois[0]!.asd, rois[0]!.surfaceDsc], [1, 1, 0, 0, 1]);
  assert.ok(rois[1]!.hd! > 0 && rois[1]!.asd! < rois[1]!.hd! && rois[1]!.hd95! <= rois[1]!.hd!);
  assert.ok(rois[1]!.surfaceDsc! < 1);
  // The same in half of the slices.
  assert.ok(Math.abs(rois[1]!.dsc! - 2 / 3) < 1e-12);
  assert.ok(Math.abs(rois[1]!.volumeCm3A! / rois[1]!.volumeCm3B! - 2) < 1e-12);
  assert.equal(rois[2]!.dsc, undefined);

  const table = await contourNode('compare', b, a, '--ct', ct);
  assert.match(table.stdout, /^SOLID\^AI +1\.000 +0\.00 +0\.0 +0\.0 +1\.000 /m);
  assert.match(table.stdout, /^Other .*only in A$/m);
});

test('compare answers a bad call in one line', async (t) => {
  const ct = await ctFolder(t);
  const file = join(await temporaryFolder(t), 'rtstruct.dcm');
  await writeFile(file, writeRtstruct(exampleInput(exampleRois('keyhole')), 'implicit'));
  const failing = async (code: number, pattern: RegExp, ...args: string[]): Promise<void> => {
    const outcome = await contourNode('compare', ...args);
    assert.deepEqual([outcome.code, outcome.stderr.trim().split('\n').length], [code, 1], outcome.stderr);
    assert.match(outcome.stderr, pattern);
  };
  await failing(2, /USAGE.*two structure sets/, file, '--ct', ct);
  await failing(2, /USAGE.*needs the CT/, file, file);
  await failing(2, /USAGE.*--tolerance/, file, file, '--ct', ct, '--tolerance', 'much');
  await failing(2, /PATH_NOT_FOUND/, file, `${file}.not-there`, '--ct', ct);
  await failing(1, /RTSTRUCT_UNREADABLE.*not an RT Structure Set/, file, join(ct, 'ct_000.dcm'), '--ct', ct);
});
