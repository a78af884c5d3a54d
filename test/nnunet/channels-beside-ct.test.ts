import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { VolumeManifest } from '../../src/bundles/manifest.ts';
import { importNnUnet } from '../../worker/bundles/import-nnunet.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { writeBundle } from '../../worker/bundles/write-bundle.ts';
import { contourVolume } from '../../worker/contour-ct.ts';
import { StageClock } from '../../worker/stage-clock.ts';
import { smallNetwork, smallWeights, writeNnUnetFolder } from '../support/nnunet-folder.ts';
import { brightVolume, pointwiseVolumeNetwork } from '../support/pointwise-volume.ts';
import { cylinderWithEllipsoids, type Ellipsoid, grid } from '../support/synthetic-ct.ts';
import { cylinderInMr } from '../support/synthetic-mr.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

async function importing(t: TestContext, channels: Record<string, string>, normalisations: string[]) {
  const folder = await temporaryFolder(t);
  const weights = smallWeights(smallNetwork, 3, 1, normalisations.length);
  const given = { network: smallNetwork, patch: [4, 8, 8], spacing: [3, 2, 2], channels, normalisations };
  await writeNnUnetFolder(join(folder, 'results'), given, [{ weights, mirrorAxes: [] }]);
  return importNnUnet(join(folder, 'results'), join(folder, 'bundle'), { propose: true });
}

test('CT and MR are told apart by the names of dataset.json, in whatever order, each with its normalisation', async (t) => {
  const bundle = await importing(t, { '0': 'T1c', '1': 'CT' }, ['ZScoreNormalization', 'CTNormalization']);
  const { volume, files } = bundle.manifest as VolumeManifest;
  assert.deepEqual(volume.normalisation, { scheme: 'ct', low: -501, high: 1001, mean: 41, sd: 201 });
  assert.deepEqual(volume.beside, [
    { name: 'T1c', modality: 'MR', normalisation: { scheme: 'z-score', nonzeroOnly: false }, channel: 0 },
  ]);
  assert.deepEqual(files.golden.input.shape.slice(0, 2), [1, 2]);
});

test('channels that are neither CT nor MR, or two CTs, are refused in words', async (t) => {
  const z = 'ZScoreNormalization';
  for (const [channels, words] of [
    [{ '0': 'CT', '1': 'PET' }, /the channel PET is no MR/],
    [{ '0': 'MR', '1': 'T2' }, /of the channels MR, T2 one has to be CT/],
    [{ '0': 'CT', '1': 'ct' }, /one has to be CT/],
    [{ '0': 'CT' }, /dataset.json names 1 channels, plans.json normalises 2/],
  ] as const) {
    await assert.rejects(importing(t, channels, [z, z]), { code: 'MODEL_NOT_SUPPORTED', message: words });
  }
});

const body = { centre: [0, 0], radii: [90, 75] } as const;
const tumour: Ellipsoid = { centre: [20, -10, 18], radii: [25, 20, 14] };
const tumourCm3 = ((4 / 3) * Math.PI * 25 * 20 * 14) / 1000;

test('a network of two channels sees the MR at its place in the CT, and does not run without it', async (t) => {
  const folder = await temporaryFolder(t);
  const description = {
    ...brightVolume,
    volume: {
      ...brightVolume.volume,
      // Signal 300 is 0, 900 is 1; the CT does not matter.
      beside: [
        {
          name: 'MR',
          modality: 'MR' as const,
          channel: 0,
          normalisation: { scheme: 'ct' as const, low: 0, high: 2000, mean: 300, sd: 600 },
        },
      ],
    },
  };
  const model = pointwiseVolumeNetwork([0, 0, 8, 0], [0, -4], 3, 2);
  await writeBundle(join(folder, 'bundle'), description, { model });
  const loaded = await loadBundle(join(folder, 'bundle'), '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
  t.after(() => loaded.engine.close());
  const ct = cylinderWithEllipsoids(grid([128, 128, 19], [1.7, 1.7, 3], [0, 0], -9), body, []);
  const options = { batchSize: 1, clock: new StageClock() };
  const inputs = [{ ...cylinderInMr(body, [tumour]), name: 'MR', how: 'registration' as const }];
  const { rois, inputs: used } = await contourVolume(ct, loaded, options, { inputs });
  assert.ok(Math.abs(rois[0]!.volumeCm3 - tumourCm3) < 0.05 * tumourCm3, `${rois[0]!.volumeCm3} of ${tumourCm3} cm3`);
  assert.deepEqual([used[0]!.name, used[0]!.used], ['MR', true]);
  await assert.rejects(contourVolume(ct, loaded, options), { code: 'SERIES_INPUT_MISSING' });
});
