import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readBundle } from '../../src/bundles/read-bundle.ts';
import { seriesDigest } from '../../worker/archive/series-digest.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { writePhantom } from '../../worker/phantom/write-phantom.ts';
import { contourNode } from '../support/run-program.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

test('models calibrate finds the threshold with which the patients set aside were contoured; those of the training do not count', async (t) => {
  const folder = await temporaryFolder(t);
  const archive = join(folder, 'archive');
  const seen = { training: [] as string[], validation: [] as string[] };
  const roi = { name: 'Bright', interpretedType: 'ORGAN', colour: [255, 0, 0] as [number, number, number] } as const;
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const side = seed <= 5 ? 'validation' : 'training';
    const place = join(archive, String(seed));
    const { ctFiles, structureSet } = await writePhantom(place, seed, { size: 96, slices: 48 });
    const header = parseDicom(await readFile(ctFiles[0]!));
    seen[side].push(seriesDigest('threshold', header.string('0020000e')!));
    const person = await thresholdBundle(t, { rois: [{ ...roi, threshold: side === 'validation' ? 0.7 : 0.3 }] });
    const contour = ['contour', join(place, 'ct'), '--model', person.directory, '--out', join(place, 'person.dcm')];
    const { code, stderr } = await contourNode(...contour);
    assert.equal(code, 0, stderr);
    await rm(structureSet);
  }
  const bundle = await thresholdBundle(t, {
    rois: [roi],
    training: { series: seen, patterns: { Bright: ['Bright.*'] } },
    metrics: { external: { what: 'figures with the old threshold' } },
  });
  const { code, stdout, stderr } = await contourNode(
    'models',
    'calibrate',
    bundle.directory,
    '--data',
    archive,
    '--json',
  );
  assert.equal(code, 0, stderr);
  const { choices, digest } = JSON.parse(stdout) as {
    choices: { roi: string; patients: number; threshold: number; before: number; after: number }[];
    digest: string;
  };
  assert.deepEqual(
    choices.map(({ roi: name, patients, threshold }) => [name, patients, threshold]),
    [['Bright', 5, 0.7]],
  );
  assert.ok(choices[0]!.before < 0.95 && choices[0]!.after > 0.98, stdout);
  const calibrated = await readBundle(bundle.directory);
  assert.equal(calibrated.digest, digest);
  assert.equal(calibrated.manifest.rois[0]?.threshold, 0.7);
  assert.deepEqual(calibrated.manifest.metrics, {}, 'figures of the old threshold are gone');

  const wrong = await contourNode('models', 'calibrate', bundle.directory, '--data', join(archive, '6'));
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.stderr,
    /^error TRAINING_DATA: .* has no patient that was set aside for threshold \(name the archive/,
  );
});
