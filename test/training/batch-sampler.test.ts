import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { drawChange } from '../../worker/training/augmentation.ts';
import { BatchSampler } from '../../worker/training/sample-batch.ts';
import { mirroredChannels } from '../../worker/inference/mirrored-channels.ts';
import { seededRandom } from '../../worker/phantom/random.ts';
import { smallCases, smallConfig } from './small-training.ts';

const cases = await smallCases(2);
const plain = { flipLeftRight: 0, flipFrontBack: 0, rotationDegrees: 0, zoom: [1, 1], translationMm: 0 };

function sampler(augmentation: object, of = cases, foreground = 0): BatchSampler {
  const config = smallConfig({ augmentation: { ...plain, ...augmentation } });
  return new BatchSampler({
    cases: of,
    input: config.input,
    augmentation: config.augmentation,
    batch: 4,
    seed: 9,
    foreground,
    mirrored: mirroredChannels(config.rois),
  });
}

/** Centre of gravity along x of one ROI in sample n; NaN where it is absent. */
function columnOf(batch: ReturnType<BatchSampler['training']>, n: number, roi: number): number {
  const [, height, width, rois] = batch.targetShape as [number, number, number, number];
  let sum = 0;
  let count = 0;
  for (let pixel = 0; pixel < height * width; pixel += 1) {
    if (batch.target[(n * height * width + pixel) * rois + roi] !== 1) continue;
    sum += pixel % width;
    count += 1;
  }
  return sum / count;
}

test('a left-right flip mirrors the picture and exchanges left and right, also in what is known', () => {
  const straight = sampler({});
  const flipped = sampler({ flipLeftRight: 1 });
  const [a, b] = [straight.training(0), flipped.training(0)];
  const [batch, height, width, channels] = a.inputShape as [number, number, number, number];
  for (let n = 0; n < batch; n += 1) {
    // The patient's left is at larger x, in the mirror as in life.
    for (const batch of [a, b]) {
      if (batch.known[n * 2] === 1) assert.ok(columnOf(batch, n, 0) > 16, 'Disc_L is on the left');
      if (batch.known[n * 2 + 1] === 1) assert.ok(columnOf(batch, n, 1) < 16, 'Disc_R is on the right');
    }
    assert.deepEqual([b.known[n * 2], b.known[n * 2 + 1]], [a.known[n * 2 + 1], a.known[n * 2]]);
    for (let pixel = 0; pixel < height * width; pixel += 1) {
      const mirrored = pixel - (pixel % width) + width - 1 - (pixel % width);
      for (let c = 0; c < channels; c += 1) {
        assert.equal(
          b.input[(n * height * width + pixel) * channels + c],
          a.input[(n * height * width + mirrored) * channels + c],
        );
      }
    }
  }
  straight.close();
  flipped.close();
});

test('every slice comes once before any comes again, and batch n is always the same', () => {
  const one = sampler({ rotationDegrees: 10, translationMm: 8, noiseHu: 5 });
  const other = sampler({ rotationDegrees: 10, translationMm: 8, noiseHu: 5 });
  const batches = [0, 1, 2].map((n) => one.training(n));
  assert.deepEqual(other.training(2), batches[2], 'whatever was made before');
  assert.notDeepEqual(batches[0]?.input, batches[1]?.input);
  const plainly = sampler({});
  const slices = new Set(
    [0, 1, 2].flatMap((n) => {
      const { input, inputShape } = plainly.training(n);
      const [batch] = inputShape as [number];
      const length = input.length / batch;
      return Array.from({ length: batch }, (_, i) => input.slice(i * length, (i + 1) * length).join());
    }),
  );
  assert.equal(slices.size, 12, '2 patients of 6 slices in 3 batches of 4');
  one.close();
  other.close();
  plainly.close();
});

test('an ROI that few slices show comes as often as any other where the configuration asks for it', async () => {
  // Disc_R lies in one of twelve patients only.
  const many = await smallCases(12);
  const few = many.map((prepared, n) =>
    n === 1 ? prepared : { ...prepared, description: { ...prepared.description, known: [true, false] } },
  );
  const rare = few.filter((_, n) => n !== 1);
  for (const { directory } of rare) {
    const labels = new Uint16Array((await readFile(join(directory, 'labels.u16'))).buffer);
    await writeFile(
      join(directory, 'labels.u16'),
      labels.map((bits) => bits & 1),
    );
  }
  const shows = (foreground: number): number => {
    const drawn = sampler({}, few, foreground);
    let count = 0;
    for (let n = 0; n < 50; n += 1) {
      const batch = drawn.training(n);
      for (let i = 0; i < 4; i += 1) if (!Number.isNaN(columnOf(batch, i, 1))) count += 1;
    }
    drawn.close();
    return count / 200;
  };
  assert.ok(Math.abs(shows(0) - 1 / 12) < 0.02, 'in turn: as often as the slices are');
  // Half of the draws for Disc_R, and a twelfth of those for Disc_L.
  assert.ok(Math.abs(shows(1) - (1 / 2 + 1 / 24)) < 0.1);
});

test('without augmentation a sample is the middle of the cached slice', () => {
  const straight = sampler({});
  const validated = straight.plain(1, [2]);
  assert.ok(columnOf(validated, 0, 0) > 19 && columnOf(validated, 0, 0) < 25);
  assert.deepEqual([...validated.known], [1, 1]);
  assert.deepEqual([...straight.plain(0, [2]).known], [1, 0], 'the first patient lacks Disc_R');
  straight.close();
});

test('a zoom above 1 enlarges, a translation along x moves to the left of the patient', () => {
  const { augmentation } = smallConfig({ augmentation: { ...plain, zoom: [1.2, 1.2] } });
  const area = (zoom: [number, number]): number => {
    const sampling = sampler({ zoom });
    const { target } = sampling.training(0);
    sampling.close();
    return target.reduce((sum, voxel) => sum + voxel, 0);
  };
  assert.ok(Math.abs(area([1.2, 1.2]) / area([1, 1]) - 1.44) < 0.15);
  const drawn = Array.from({ length: 50 }, (_, n) =>
    drawChange(seededRandom(n), { ...augmentation, translationMm: 8, rotationDegrees: 10 }, 4),
  );
  assert.ok(
    drawn.every(
      ({ translation, rotation, zoom }) => Math.abs(translation[0]) <= 2 && Math.abs(rotation) <= 0.175 && zoom === 1.2,
    ),
  );
});
