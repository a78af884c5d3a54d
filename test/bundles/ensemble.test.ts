import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readBundle } from '../../src/bundles/read-bundle.ts';
import { seriesDigest } from '../../worker/archive/series-digest.ts';
import { membersOf } from '../../src/bundles/manifest.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { hasSeen } from '../../worker/bundles/provenance.ts';
import { writeBundle } from '../../worker/bundles/write-bundle.ts';
import { writeEnsemble } from '../../worker/bundles/write-ensemble.ts';
import { contourVolume } from '../../worker/contour-ct.ts';
import { meanOfMembers } from '../../worker/inference/mean-of-members.ts';
import { one } from '../../worker/inference/infer.ts';
import { generatePhantom } from '../../worker/phantom/generate-phantom.ts';
import { StageClock } from '../../worker/stage-clock.ts';
import type { Grid } from '../../worker/volume/volume.ts';
import { brightInMrBundle } from '../support/bright-in-mr.ts';
import { brightNetwork, brightVolume } from '../support/pointwise-volume.ts';
import { contourNode } from '../support/run-program.ts';
import { grid } from '../support/synthetic-ct.ts';
import { temporaryFolder, thresholdDescription } from '../support/threshold-bundle.ts';
import { pointwiseNetwork } from '../support/tiny-onnx.ts';

const choice = { name: 'onnxruntime', device: 'cpu', threads: 1 };

/** A bundle that marks what is brighter than 100 HU minus 400 times `bias`. */
async function shifted(folder: string, name: string, bias: number, changes: object = {}) {
  const model = pointwiseNetwork({ weights: [[1]], bias: [bias], activation: 'none' });
  const training = { series: { training: [seriesDigest(name, `${name}.1`)], validation: [] } };
  return writeBundle(join(folder, name), { ...thresholdDescription, name, training, ...changes }, { model });
}

test('the mean of two networks is what one network with the mean of their probabilities draws', async (t) => {
  const folder = await temporaryFolder(t);
  const members = [
    await shifted(folder, 'plain', 0, { intendedUse: 'research', applicability: { sliceSpacingMm: [1, 6] } }),
    await shifted(folder, 'bright', 0.25, { applicability: { sliceSpacingMm: [0.5, 5], minimumCoverageMm: 80 } }),
  ];
  const between = await shifted(folder, 'between', 0.125);
  const out = join(folder, 'both');
  const names = ['plain', 'bright'].map((name) => join(folder, name));
  const { code, stdout, stderr } = await contourNode('models', 'ensemble', ...names, '--out', out, '--json');
  assert.equal(code, 0, stderr);
  const ensemble = await openBundle(out, folder);
  assert.equal(ensemble.digest, (JSON.parse(stdout) as { digest: string }).digest);
  const { name, intendedUse, applicability } = ensemble.manifest;
  assert.deepEqual([name, intendedUse, membersOf(ensemble.manifest).length], ['both', 'demonstration', 2]);
  assert.deepEqual([applicability.sliceSpacingMm, applicability.minimumCoverageMm], [[1, 5], 80]);

  const { volume } = generatePhantom(5, { size: 128, slices: 20 });
  const volumes = [];
  for (const directory of [out, between.directory, ...members.map((member) => member.directory)]) {
    const loaded = await loadBundle(directory, folder, choice);
    const { rois } = await contourVolume(volume, loaded, { batchSize: 8, clock: new StageClock() });
    volumes.push(rois[0]!.volumeCm3);
    await loaded.engine.close();
  }
  const [whole, expected, plain, bright] = volumes as [number, number, number, number];
  assert.ok(Math.abs(whole / expected - 1) < 1e-3, `${whole} cm3, expected ${expected}`);
  assert.ok(plain < whole * 0.95 && whole < bright * 0.95, `${plain}, ${whole}, ${bright} cm3`);

  assert.ok(hasSeen(ensemble.manifest, 'plain.1', 'training') && hasSeen(ensemble.manifest, 'bright.1', 'training'));
  assert.ok(!hasSeen(ensemble.manifest, 'between.1', 'training'));
});

test('a member that was changed, and members that do not make an ensemble, are refused', async (t) => {
  const folder = await temporaryFolder(t);
  const [a, b] = [await shifted(folder, 'a', 0), await shifted(folder, 'b', 0.1)];
  const about = { name: 'whole', version: '1.0.0', date: '2026-11-29' };
  const out = join(folder, 'whole');
  for (const [members, message] of [
    [[a], /two bundles or more/],
    [[a, a], /two of the bundles have one name/],
  ] as const) {
    await assert.rejects(writeEnsemble(out, members, about), { code: 'USAGE', message });
  }
  const ofVolume = await writeBundle(join(folder, 'labels'), brightVolume, {
    model: brightNetwork,
    goldenSize: [4, 8, 8],
  });
  await assert.rejects(writeEnsemble(out, [a, ofVolume], about), {
    code: 'BUNDLE_INVALID',
    message: 'bright-volume is a network of the whole CT, not one of slices',
  });
  const whole = await writeEnsemble(out, [a, b], about);
  const again = { ...about, name: 'again' };
  await assert.rejects(writeEnsemble(join(folder, 'again'), [whole, b], again), { message: /an ensemble itself/ });
  await assert.rejects(writeEnsemble(out, [a, b], about), { code: 'USAGE', message: /exists/ });
  assert.deepEqual(await readBundle(join(out, 'members', 'b')), { ...b, directory: join(out, 'members', 'b') });

  await appendFile(join(out, 'members', 'b', 'model.onnx'), ' ');
  await assert.rejects(openBundle(out, folder), { code: 'BUNDLE_DIGEST', message: /of the model b is not the file/ });
  await appendFile(join(out, 'members', 'a', 'bundle.json'), ' ');
  await assert.rejects(openBundle(out, folder), {
    code: 'BUNDLE_DIGEST',
    message: /members\/a\/bundle\.json of the model whole/,
  });
  assert.ok((await readFile(join(out, 'bundle.json'), 'utf8')).includes('members/a/model.onnx'));
});

test('probabilities come to the grid of the first network; an ROI is the mean of those that know it', () => {
  const fine = grid([9, 7, 5], [2, 2, 3]);
  const coarse: Grid = { ...grid([6, 6, 4], [4, 4, 5]), z: Float64Array.of(-2, 3, 8, 13) };
  /** Linear along each axis, so that linear interpolation gives it back. */
  const field = ([x, y, z]: readonly [number, number, number], of: Grid, by: number) => {
    const at = [of.origin[0] + x * of.spacing[0], of.origin[1] + y * of.spacing[1], of.z[z]!] as const;
    return by * (0.3 + 0.01 * at[0] + 0.005 * at[1] + 0.008 * at[2]);
  };
  const on = (of: Grid, by: number) => {
    const [nx, ny, nz] = of.size;
    return Uint16Array.from({ length: nx * ny * nz }, (_, v) =>
      Math.round(one * field([v % nx, Math.trunc(v / nx) % ny, Math.trunc(v / (nx * ny))], of, by)),
    );
  };
  const mean = meanOfMembers(
    [
      { names: ['A', 'B'], probabilities: { grid: fine, rois: [on(fine, 1), on(fine, 0.5)] } },
      { names: ['C', 'A'], probabilities: { grid: coarse, rois: [on(coarse, 0.1), on(coarse, 1.4)] } },
    ],
    ['A', 'B'],
  );
  assert.equal(mean.grid, fine);
  const [a, b] = [on(fine, 1.2), on(fine, 0.5)];
  mean.rois[0]!.forEach((value, v) => assert.ok(Math.abs(value - a[v]!) <= 2, `A, voxel ${v}: ${value}, ${a[v]}`));
  assert.deepEqual(mean.rois[1], b, 'the second network does not know B');
});

test('where one network of an ensemble needs the MR, none contours without it', async (t) => {
  const members = [
    await brightInMrBundle(t, true, { name: 'may' }),
    await brightInMrBundle(t, false, { name: 'must' }),
  ];
  const about = { name: 'both', version: '1.0.0', date: '2026-11-29' };
  const { volume } = generatePhantom(5, { size: 64, slices: 12 });
  for (const order of [members, members.toReversed()]) {
    const folder = await temporaryFolder(t);
    await writeEnsemble(join(folder, 'both'), order, about);
    const loaded = await loadBundle(join(folder, 'both'), folder, choice);
    t.after(() => loaded.engine.close());
    await assert.rejects(contourVolume(volume, loaded, { batchSize: 8, clock: new StageClock() }), {
      code: 'SERIES_INPUT_MISSING',
    });
  }
});
