import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PNG } from 'pngjs';
import { gunzipSync } from 'node:zlib';
import { main } from '../../bin/contour.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { contourNode, runProgram } from '../support/run-program.ts';
import { cylinderWithEllipsoids, grid, writeCtFolder } from '../support/synthetic-ct.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

const body = { centre: [0, 0], radii: [90, 75] } as const;
const bright = [{ centre: [31, -14, -60], radii: [24, 18, 17] }] as const;
const ct = () => cylinderWithEllipsoids(grid([150, 140, 17], [1.5, 1.6, 3], [4, -7], -84), body, bright);

interface Report {
  readonly model: { readonly name: string };
  readonly slices: number;
  readonly rois: { readonly name: string; readonly found: boolean; readonly volumeCm3: number }[];
  readonly files: string[];
}

test('contour writes a structure set, masks and a picture that independent tools agree on', async (t) => {
  const folder = await temporaryFolder(t);
  const series = await writeCtFolder(join(folder, 'ct'), ct());
  await writeFile(join(series, 'notes.txt'), 'not DICOM');
  const { directory } = await thresholdBundle(t);
  const [out, masks, pictures] = ['out.dcm', 'masks', 'pictures'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const args = [
    'contour',
    series,
    '--model',
    directory,
    '--out',
    out,
    '--nifti',
    masks,
    '--pictures',
    pictures,
    '--json',
  ];
  const outcome = await contourNode(...args);
  assert.equal(outcome.code, 0, outcome.stderr);
  const report = JSON.parse(outcome.stdout) as Report;
  assert.deepEqual([report.model.name, report.slices, report.rois[0]?.found], ['threshold', 17, true]);
  const shown = ['contact-sheet', 'axial', 'coronal', 'sagittal'].map((name) => join(pictures, `${name}.png`));
  assert.deepEqual(report.files, [out, join(masks, 'Bright.nii.gz'), ...shown]);
  assert.deepEqual(
    readRtstruct(await readFile(out)).rois.map(({ name }) => name),
    ['Bright^AI'],
  );
  for (const path of shown) {
    const { data } = PNG.sync.read(await readFile(path));
    const red = data.filter((value, at) => at % 4 === 0 && value > 200 && data[at + 1]! < 40 && data[at + 2]! < 40);
    assert.ok(red.length > 200, `${path}: ${red.length} pixels of the ROI's colour`);
  }

  const prefix = join(folder, 'rasterised');
  const convert = [
    'convert',
    '--input',
    out,
    '--referenced-ct',
    series,
    '--output-prefix',
    prefix,
    '--prefix-format',
    'nii.gz',
  ];
  assert.equal((await runProgram('plastimatch', convert)).code, 0);
  const [rasterised] = await readdir(prefix);
  const dice = await runProgram('plastimatch', [
    'dice',
    '--all',
    join(prefix, rasterised!),
    join(masks, 'Bright.nii.gz'),
  ]);
  assert.equal(dice.code, 0, dice.stderr);
  const value = (name: string): number => Number(new RegExp(`${name}\\s*[:=]?\\s*([\\d.]+)`).exec(dice.stdout)?.[1]);
  assert.ok(value('DICE') >= 0.99, dice.stdout);
  assert.ok(value('Hausdorff distance') <= 3.01, dice.stdout);
});

test('the mask says where it lies: RAS, a voxel of the file is a voxel of the CT', async (t) => {
  const folder = await temporaryFolder(t);
  const volume = ct();
  const series = await writeCtFolder(join(folder, 'ct'), volume, { patientPosition: 'FFP' });
  const { directory } = await thresholdBundle(t);
  const outcome = await contourNode(
    'contour',
    series,
    '--model',
    directory,
    '--out',
    join(folder, 'o.dcm'),
    '--nifti',
    join(folder, 'm'),
  );
  assert.equal(outcome.code, 0, outcome.stderr);
  const file = gunzipSync(await readFile(join(folder, 'm', 'Bright.nii.gz')));
  const rows = Array.from({ length: 12 }, (_, n) => file.readFloatLE(280 + 4 * n));
  const [nx, ny, nz] = [42, 44, 46].map((at) => file.readInt16LE(at)) as [number, number, number];
  assert.deepEqual([nx, ny, nz], volume.grid.size);
  let [count, x, y, z] = [0, 0, 0, 0];
  for (let v = 0; v < nx * ny * nz; v += 1) {
    if (file[352 + v] !== 1) continue;
    const index = [v % nx, Math.trunc(v / nx) % ny, Math.trunc(v / nx / ny), 1];
    const world = [0, 4, 8].map((row) => index.reduce((sum, value, axis) => sum + value * rows[row + axis]!, 0));
    [count, x, y, z] = [count + 1, x + world[0]!, y + world[1]!, z + world[2]!];
  }
  // The ellipsoid's centre, with x and y of LPS negated.
  const centre = [x, y, z].map((sum) => sum / count);
  [-31, 14, -60].forEach((expected, axis) =>
    assert.ok(Math.abs(centre[axis]! - expected) < 0.3, `centre at ${centre.join(', ')}`),
  );
});

test('bad calls get one clear line and exit code 1 or 2', async (t) => {
  const folder = await temporaryFolder(t);
  const series = await writeCtFolder(join(folder, 'ct'), ct());
  const nobody = await writeCtFolder(
    join(folder, 'air'),
    cylinderWithEllipsoids(grid([64, 64, 12], [3, 3, 3]), { centre: [0, 0], radii: [5, 5] }, []),
  );
  const dull = await writeCtFolder(
    join(folder, 'dull'),
    cylinderWithEllipsoids(grid([80, 80, 12], [3, 3, 3]), body, []),
  );
  const { directory } = await thresholdBundle(t);
  const out = join(folder, 'out.dcm');
  assert.equal((await contourNode('contour', series, '--model', directory, '--out', out)).code, 0);
  const fresh = join(folder, 'fresh.dcm');
  await mkdir(join(folder, 'empty'));
  await mkdir(join(folder, 'rtstruct'));
  await writeFile(join(folder, 'rtstruct', 'rs.dcm'), await readFile(out));
  const damaged = await writeCtFolder(join(folder, 'damaged'), ct(), { seriesUid: '2.25.7799' });
  await truncate(join(damaged, (await readdir(damaged))[3]!), 20_000);
  const calls: [string[], number, RegExp][] = [
    [[series, '--model', directory, '--out', out], 2, /^error OUTPUT_EXISTS: --out .*out.* exists \(.*--force/],
    [['--model', directory, '--out', fresh], 2, /^error USAGE: contour needs a CT/],
    [[series, '--out', fresh], 2, /^error USAGE: contour needs --model/],
    [[series, '--model', directory], 2, /^error USAGE: contour needs --out/],
    [[join(folder, 'absent'), '--model', directory, '--out', fresh], 2, /^error PATH_NOT_FOUND: .*absent/],
    [[join(folder, 'empty'), '--model', directory, '--out', fresh], 2, /^error NO_CT_IMAGES: /],
    [[join(folder, 'rtstruct'), '--model', directory, '--out', fresh], 1, /^error DICOM_NOT_CT: /],
    [[damaged, '--model', directory, '--out', fresh], 1, /^error DICOM_UNREADABLE: .*damaged/],
    [[series, '--model', 'nobody', '--out', fresh], 2, /^error MODEL_NOT_FOUND: no model bundle nobody/],
    [
      [series, '--model', directory, '--out', fresh, '--engine', 'abacus'],
      2,
      /^error USAGE: there is no engine abacus/,
    ],
    [[nobody, '--model', directory, '--out', fresh], 1, /^error SERIES_NO_BODY: no body in the images/],
    [[dull, '--model', directory, '--out', fresh], 1, /^error NOTHING_FOUND: /],
  ];
  for (const [args, code, line] of calls) {
    await assert.rejects(main(args), (error) => {
      assert.ok(error instanceof ContourNodeError, String(error));
      assert.match(error.toLine(), line);
      assert.equal(error.exitCode, code, args.join(' '));
      assert.doesNotMatch(error.toLine(), /\n|Ellipsoid|2\.25\./, 'one line, no patient data and no UIDs');
      return true;
    });
  }
  const printed = await contourNode('contour', join(folder, 'empty'), '--model', directory, '--out', fresh);
  assert.equal(printed.code, 2);
  assert.match(printed.stderr, /^error NO_CT_IMAGES: [^\n]+\n$/);
});
