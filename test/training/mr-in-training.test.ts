import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sliceManifestOf } from '../../src/bundles/manifest.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { networkOf } from '../../worker/networks/network.ts';
import { writePhantom } from '../../worker/phantom/write-phantom.ts';
import { type CaseCollection, collectCases } from '../../worker/training/case-cache.ts';
import { planCases } from '../../worker/training/case-plan.ts';
import { startingParameters, weightsOfBundle } from '../../worker/training/initial-weights.ts';
import { BatchSampler } from '../../worker/training/sample-batch.ts';
import { mirroredChannels } from '../../worker/inference/mirrored-channels.ts';
import { type TrainingConfig, trainingConfigSchema } from '../../worker/training/training-config.ts';
import { trainedModalities } from '../../worker/training/training-range.ts';
import { ctChannels, inputChannels } from '../../worker/volume/preprocess.ts';

const mr = { name: 'MR', modality: 'MR', normalisation: 'z-score', mayBeMissing: true } as const;

function config(modalities: object[] | undefined, beside?: object): TrainingConfig {
  return trainingConfigSchema.parse({
    bundle: {
      name: 'both',
      version: '0.0.1',
      description: 'CT and MR',
      intendedUse: 'demonstration',
      licence: 'none',
      applicability: { sliceSpacingMm: [1, 20] },
    },
    data: { source: 'dicom', validationShare: 0.5 },
    architecture: { family: 'unet', parameters: { channels: 4, depth: 2 } },
    input: {
      spacingMm: 7,
      sliceSpacingMm: null,
      size: [32, 32],
      centre: 'body',
      neighbours: 1,
      windows: [
        { low: -60, high: 180 },
        { low: 0, high: 90 },
      ],
      ...(modalities && { modalities }),
    },
    rois: [{ name: 'GTVp', interpretedType: 'GTV', colour: [255, 0, 0] }],
    augmentation: { flipLeftRight: 0.5, translationMm: 5, noiseHu: 3, ...(beside && { modalities: beside }) },
    training: { batch: 4 },
  });
}

let folder: string;
let archive: string;
let cases: CaseCollection;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'contour-node-mr-'));
  archive = join(folder, 'archive');
  await writePhantom(join(archive, 'with'), 1, { size: 64, slices: 24, mr: true });
  const { registration } = await writePhantom(join(archive, 'without'), 2, { size: 64, slices: 24, mr: true });
  await rm(registration!);
  cases = await collectCases(config([mr]), { archive, cache: join(folder, 'cases') });
});
after(() => rm(folder, { recursive: true }));

test('train finds the MR that a registration of the patient leads to; without one the patient has the CT alone', () => {
  assert.deepEqual(cases.leftOut, []);
  const of = (place: string) => cases.cases.find((one) => one.place === place)!.prepared.description.modalities;
  assert.deepEqual(of('without'), [null]);
  const [found] = of('with') as [{ fit: { bodyOverlap: number; mutualInformation: number } }];
  assert.ok(found.fit.bodyOverlap > 0.9 && found.fit.mutualInformation > 0.5, JSON.stringify(found));
  const all = cases.cases.map(({ prepared }) => prepared.description);
  const trained = trainedModalities([mr], all)?.[0]?.trained;
  assert.ok(Math.abs(trained!.bodyOverlap[0] - found.fit.bodyOverlap) < 1e-3, 'one patient makes the range');
});

function sampler(of: TrainingConfig): BatchSampler {
  const one = cases.cases.find(({ place }) => place === 'with')!.prepared;
  return new BatchSampler({
    cases: [one, one],
    input: of.input,
    augmentation: of.augmentation,
    batch: 16,
    seed: 3,
    foreground: 1,
    mirrored: mirroredChannels(of.rois),
  });
}

/** Sum of the mask of each sample. */
function reached({ input, inputShape }: ReturnType<BatchSampler['training']>): number[] {
  const [batch, height, width, channels] = inputShape as [number, number, number, number];
  return Array.from({ length: batch }, (_, n) => {
    let sum = 0;
    for (let pixel = 0; pixel < height * width; pixel += 1)
      sum += input[(n * height * width + pixel) * channels + channels - 1]!;
    return sum;
  });
}

test('the channels of the CT are those of a training without MR, value by value', () => {
  const [alone, both] = [
    config(undefined),
    config([mr], { dropout: 0.5, shiftMm: 4, scale: 0.3, offset: 0.2, noise: 0.2 }),
  ];
  assert.deepEqual([ctChannels(both.input), inputChannels(both.input)], [6, 10]);
  const [a, b] = [sampler(alone).training(5), sampler(both).training(5)];
  assert.deepEqual(b.target, a.target);
  for (let pixel = 0; pixel < a.input.length / 6; pixel += 1)
    assert.deepEqual(b.input.slice(pixel * 10, pixel * 10 + 6), a.input.slice(pixel * 6, pixel * 6 + 6));
});

test('half of the samples do without the MR where the configuration says so, each batch always the same', () => {
  const half = sampler(config([mr], { dropout: 0.5 }));
  const masks = Array.from({ length: 12 }, (_, n) => reached(half.training(n))).flat();
  const dropped = masks.filter((sum) => sum === 0).length;
  assert.ok(dropped > 60 && dropped < 140, `${dropped} of ${masks.length}`);
  assert.deepEqual(half.training(3), half.training(3));
  const never = sampler(config([mr])).training(0);
  assert.ok(reached(never).every((sum) => sum > 0));
  // With a flip the MR is mirrored as the CT is: bright fat lies where the CT has fat.
  const [, height, width, channels] = never.inputShape as [number, number, number, number];
  let [agree, all] = [0, 0];
  for (let pixel = 0; pixel < 16 * height * width; pixel += 1) {
    const at = pixel * channels;
    const isTissue = never.input[at + 2]! > 0;
    if (never.input[at + channels - 1] !== 1) continue;
    all += 1;
    if (isTissue === never.input[at + 7]! > -1) agree += 1;
  }
  assert.ok(agree / all > 0.8, `${agree} of ${all}`);
});

test('where modalities are dropped in training, every second patient set aside is validated without', () => {
  const validated = sampler(config([mr], { dropout: 0.5 }));
  assert.ok(reached(validated.plain(0, [10, 12])).every((sum) => sum > 0));
  assert.ok(reached(validated.plain(1, [10, 12])).every((sum) => sum === 0));
  assert.ok(reached(sampler(config([mr])).plain(1, [10, 12])).every((sum) => sum > 0));
});

test('a training from a bundle of the CT alone begins as that bundle: the weights of new channels are 0', async () => {
  const from = await weightsOfBundle('phantom-gtvp', 'models');
  const manifest = sliceManifestOf((await openBundle('phantom-gtvp', 'models')).manifest);
  const both = { ...manifest, input: { ...manifest.input, modalities: [mr] } };
  const [network, own] = [networkOf(both), ctChannels(both.input)];
  const started = startingParameters(network, 7, from, from.rois, own).get('stem/kernel')!;
  const given = from.weights.get('stem/kernel')!;
  const filters = given.length / 9 / own;
  for (let tap = 0; tap < 9; tap += 1) {
    const at = tap * 16 * filters;
    assert.deepEqual(
      started.slice(at, at + own * filters),
      given.slice(tap * own * filters, (tap + 1) * own * filters),
    );
    assert.ok(started.slice(at + own * filters, at + 16 * filters).every((value) => value === 0));
  }
});

test('every third phantom may be an ordinary one, without MR', async () => {
  const data = { source: 'phantom', firstSeed: 5, training: 5, validation: 1, sizes: [64], mr: true, ctAloneEvery: 3 };
  const { cases: planned } = await planCases(trainingConfigSchema.parse({ ...config([mr]), data }), '');
  const names = planned.map(({ id }) => id);
  assert.deepEqual(
    names,
    [5, 6, 7, 8, 9, 10].map((seed) => `phantom-${seed}-64${seed === 7 || seed === 10 ? '' : '-mr'}`),
  );
  const given = await Promise.all([planned[0]!, planned[2]!].map(async (one) => (await one.load()).modalities?.size));
  assert.deepEqual(given, [1, 0]);
});
