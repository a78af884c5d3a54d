import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import type { VolumeManifest } from '../../src/bundles/manifest.ts';
import type { VolumeSection } from '../../src/bundles/volume-section.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { writeBundle, type VolumeDescription } from '../../worker/bundles/write-bundle.ts';
import { contourVolume } from '../../worker/contour-ct.ts';
import type { Engine } from '../../worker/engines/engine.ts';
import { StageClock } from '../../worker/stage-clock.ts';
import { leadOf } from '../../worker/segmentation/label-map.ts';
import { labelBoxes, labelRegion } from '../../worker/segmentation/label-region.ts';
import { labelVoxels } from '../../worker/segmentation/label-planes.ts';
import { largestLogit, regions, type LabelRule } from '../../worker/segmentation/label-rule.ts';
import { prepareImage, segmentVolume } from '../../worker/segmentation/segment-volume.ts';
import type { Volume } from '../../worker/volume/volume.ts';
import type { LogitPlane } from '../../worker/segmentation/window-logits.ts';
import { seededRandom } from '../../worker/phantom/random.ts';
import { brightNetwork, brightVolume } from '../support/pointwise-volume.ts';
import { cylinderWithEllipsoids, grid } from '../support/synthetic-ct.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const body = { centre: [0, 0], radii: [60, 50] } as const;
const ellipsoid = { centre: [20, -10, 24], radii: [22, 16, 14] } as const;

async function loaded(t: TestContext, section: Partial<VolumeDescription['volume']> = {}) {
  const folder = await temporaryFolder(t);
  const description = { ...brightVolume, volume: { ...brightVolume.volume, ...section } };
  await writeBundle(join(folder, 'bright'), description, { model: brightNetwork, goldenSize: [4, 8, 8] });
  const bundle = await loadBundle(join(folder, 'bright'), '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
  t.after(() => bundle.engine.close());
  return bundle;
}

const sectionOf = (bundle: { manifest: unknown }): VolumeSection => (bundle.manifest as VolumeManifest).volume;

/** Labels with the network on the CT's own grid, where each voxel is decided by itself. */
async function labelsOf(t: TestContext, volume: Volume, section: Partial<VolumeDescription['volume']>) {
  const { bundle, engine } = await loaded(t, section);
  const image = prepareImage(volume, sectionOf(bundle));
  return segmentVolume(engine, volume.grid, image, sectionOf(bundle));
}

test('whichever way the axes of the training ran, labels lie where their voxels lie', async (t) => {
  const volume = cylinderWithEllipsoids(grid([40, 36, 12], [2, 2, 3]), { ...body, radii: [36, 32] }, [
    { centre: [10, -8, 15], radii: [12, 9, 8] },
  ]);
  const expected = Uint8Array.from(volume.hu, (hu) => (hu > 100 ? 1 : 0));
  assert.ok(expected.includes(1));
  const ways: Partial<VolumeDescription['volume']>[] = [
    { axes: ['S', 'P', 'L'], transpose: [0, 1, 2], spacingMm: [3, 2, 2] },
    { axes: ['S', 'A', 'R'], transpose: [0, 1, 2], spacingMm: [3, 2, 2] },
    { axes: ['S', 'P', 'L'], transpose: [2, 0, 1], spacingMm: [2, 3, 2] },
    { axes: ['I', 'R', 'A'], transpose: [1, 2, 0], spacingMm: [2, 2, 3] },
  ];
  for (const way of ways) {
    const { labels } = await labelsOf(t, volume, { ...way, patch: [8, 8, 8] });
    assert.deepEqual(labels, expected, way.axes?.join());
  }
});

test('a network that was trained on images in RAS sees the patient from its own side', async () => {
  // This backend calls the first half of its third axis label 1: the patient's left, where that axis grows to the right.
  const half: Engine = {
    name: 'onnxruntime',
    device: 'cpu',
    precision: 'float32',
    run: (_, shape) => {
      const voxels = shape.slice(2).reduce((a, b) => a * b, 1);
      const width = shape.at(-1)!;
      const data = Float32Array.from({ length: 2 * voxels }, (_value, n) =>
        n < voxels ? 0 : n % width < width / 2 ? 5 : -5,
      );
      return Promise.resolve({ data, shape: [1, 2, ...shape.slice(2)] });
    },
    close: () => Promise.resolve(),
  };
  const on = grid([16, 8, 4], [2, 2, 3]);
  const volume = { grid: on, hu: new Int16Array(16 * 8 * 4).fill(40) };
  const { volume: given } = brightVolume;
  const section = { ...given, cropToNonzero: true, step: 0.5, gaussianSigma: 0.125, mirrorAxes: [], mirroring: false };
  const patch = [4, 8, 16];
  for (const [axes, left] of [
    [['S', 'P', 'L'], 0],
    [['S', 'A', 'R'], 1],
  ] as const) {
    const own = { ...section, patch, axes: [...axes] as VolumeSection['axes'] } as VolumeSection;
    const { labels } = await segmentVolume(half, on, prepareImage(volume, own), own);
    // x grows to the left.
    assert.equal(labels[15], left, axes.join());
    assert.equal(labels[0], 1 - left, axes.join());
  }
});

test('an ellipsoid comes back as contours: its volume, its slices, its surface between the voxels', async (t) => {
  const volume = cylinderWithEllipsoids(grid([96, 80, 25], [1.5, 1.5, 2]), body, [ellipsoid]);
  const bundle = await loaded(t);
  const clock = new StageClock();
  const { rois } = await contourVolume(volume, bundle, { batchSize: 1, clock });
  const [{ volumeCm3, slices, components, warnings }] = rois as [(typeof rois)[0]];
  const truth = (4 / 3) * Math.PI * 2.2 * 1.6 * 1.4;
  assert.ok(Math.abs(volumeCm3 / truth - 1) < 0.03, `${volumeCm3}, ${truth}`);
  assert.equal(components, 1);
  assert.deepEqual(warnings, []);
  assert.ok(clock.batchSeconds.length > 4, 'one entry a patch');
  const middle = slices.find(({ slice }) => volume.grid.z[slice] === 24)!;
  const [{ outer }] = middle.polygons as [(typeof middle.polygons)[0]];
  for (let n = 0; n < outer.length; n += 2) {
    const away = Math.hypot((outer[n]! - 20) / 22, (outer[n + 1]! + 10) / 16);
    assert.ok(Math.abs(away - 1) * 16 < 0.6, `${outer[n]}, ${outer[n + 1]}: ${((away - 1) * 16).toFixed(2)} mm off`);
  }
});

test('a series with a tilted gantry is refused: its labels would not lie in the tilted planes', async (t) => {
  const volume = cylinderWithEllipsoids(grid([96, 80, 25], [1.5, 1.5, 2]), body, [ellipsoid]);
  const { origin, z } = volume.grid;
  const column = [Math.cos(0.3), Math.sin(0.3)] as const;
  const planes = { origins: Array.from(z, (at) => [...origin, at] as const), column, tilted: true };
  await assert.rejects(contourVolume(volume, await loaded(t), { batchSize: 1, clock: new StageClock() }, { planes }), {
    code: 'SERIES_GANTRY_TILT',
    message: 'bright-volume, a network of the whole CT, does not take a gantry tilt',
  });
});

test('slices at unequal distances get the labels of where they lie', async (t) => {
  const z = Float64Array.of(0, 3, 6, 9, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 33, 36, 39, 42, 45, 48);
  const even = grid([64, 56, z.length], [2, 2, 1]);
  const volume = cylinderWithEllipsoids({ ...even, z }, body, [ellipsoid]);
  const { labels } = await labelsOf(t, volume, { spacingMm: [2, 2, 2] });
  const expected = Uint8Array.from(volume.hu, (hu) => (hu > 100 ? 1 : 0));
  const [both, all] = expected.reduce(
    ([inBoth, sum], label, v) => [inBoth + label * labels[v]!, sum + label + labels[v]!],
    [0, 0],
  );
  assert.ok((2 * both) / all > 0.97, `DSC ${(2 * both) / all}`);
});

test('a CT in a frame of zeros is cut to what is not zero, and the frame stays without label', async (t) => {
  const inner = cylinderWithEllipsoids(grid([40, 36, 8], [2, 2, 3]), { ...body, radii: [36, 32] }, [
    { centre: [10, -8, 12], radii: [12, 9, 8] },
  ]);
  const on = grid([48, 46, 8], [2, 2, 3]);
  const hu = new Int16Array(48 * 46 * 8);
  const expected = new Uint8Array(hu.length);
  for (let v = 0; v < inner.hu.length; v += 1) {
    const [x, y, k] = [v % 40, Math.trunc(v / 40) % 36, Math.trunc(v / 1440)];
    const at = (k * 46 + y + 7) * 48 + x + 3;
    hu[at] = inner.hu[v]!;
    expected[at] = inner.hu[v]! > 100 ? 1 : 0;
  }
  const { labels } = await labelsOf(t, { grid: on, hu }, { patch: [8, 16, 16] });
  assert.deepEqual(labels, expected);
});

test('the largest logit wins, of equal ones the first; regions are written one over the other', () => {
  const decided = (rule: LabelRule, ...logits: number[]) => {
    rule.decide(Float32Array.from(logits), Uint16Array.of(0, 1, 2), 0, 3);
    return [rule.label, rule.lead];
  };
  const largest = largestLogit();
  assert.deepEqual(decided(largest, 0, 2, 1), [1, 1]);
  assert.deepEqual(decided(largest, 1, 1, 0), [0, 0]);
  assert.deepEqual(decided(largest, 5, -1, 4), [0, 1]);

  // The whole tumour, its core (2), what is necrotic in it (3).
  const nested = regions([1, 2, 3]);
  assert.deepEqual(decided(nested, 4, -1, -6), [1, 1]);
  assert.deepEqual(decided(nested, 4, 2, -1), [2, 1]);
  assert.deepEqual(decided(nested, -2, -3, -4), [0, 2]);
  assert.deepEqual(decided(nested, 3, 5, 0.5), [3, 0.5]);
});

test('leaving out the channels that cannot decide changes no label and no lead', async () => {
  const size = [4, 7, 6] as const;
  const channels = 5;
  const random = seededRandom(3);
  const planes = Array.from({ length: size[0] }, (_, index): LogitPlane => {
    const logits = Float32Array.from({ length: size[1] * size[2] * channels }, () => random.between(-3, 3));
    // Two channels that are equal, and a plane without any difference.
    for (let v = 0; v < logits.length; v += channels) logits[v + 3] = logits[v + 1]!;
    return { index, logits: index === 2 ? logits.fill(1) : logits };
  });
  const geometry = {
    logits: { low: [0, 0, 0], high: size },
    voxels: { low: [0, 0, 0], high: [9, 19, 17] },
    position: size.map((length, axis) => (index: number) => (index * (length - 1)) / [8, 17, 17][axis]!),
    size,
    order: [1, 1, 1],
  } as const;
  const decided = async (rule: LabelRule) => {
    const found: number[] = [];
    await labelVoxels(
      Readable.from(planes),
      channels,
      geometry,
      rule,
      (_, labels, lead) => void found.push(...labels, ...lead),
    );
    return found;
  };
  const largest = largestLogit();
  const all = await decided({
    twoLargestDecide: false,
    decide: (...given) => largest.decide(...given),
    get label() {
      return largest.label;
    },
    get lead() {
      return largest.lead;
    },
  });
  assert.equal(all.length, 2 * 9 * 19 * 17);
  assert.deepEqual(await decided(largestLogit()), all);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((label) => all.includes(label)),
    [true, true, true, false, true],
  );
});

test('the lead is the same whether logits or their probabilities were resampled', () => {
  const [of, and] = [largestLogit('logits'), largestLogit('probabilities')];
  of.decide(Float32Array.of(2, 0.5), Uint16Array.of(0, 1), 0, 2);
  const e = Math.exp(1.5);
  and.decide(Float32Array.of(e / (1 + e), 1 / (1 + e)), Uint16Array.of(0, 1), 0, 2);
  assert.ok(Math.abs(of.lead - and.lead) < 1e-5);
  const [logit, probability] = [regions([1], 'logits'), regions([1], 'probabilities')];
  logit.decide(Float32Array.of(-1.5), Uint16Array.of(0), 0, 1);
  probability.decide(Float32Array.of(1 / (1 + e)), Uint16Array.of(0), 0, 1);
  assert.deepEqual([logit.label, probability.label], [0, 0]);
  assert.ok(Math.abs(logit.lead - probability.lead) < 1e-5);
});

test('two ROIs that touch have one line between them, neither overlap nor gap', () => {
  const on = grid([4, 1, 1], [1, 1, 1]);
  const map = {
    grid: on,
    labels: Uint8Array.of(1, 1, 2, 0),
    lead: Uint16Array.from([leadOf(9), leadOf(2), leadOf(0.5), leadOf(0)]),
  };
  const boxes = labelBoxes(map);
  const valuesOf = (label: number) => {
    const region = labelRegion(map, boxes, [label])!;
    const values = new Float32Array(region.grid.size[0]);
    region.write(0, values);
    return { first: region.column, values };
  };
  const [one, two] = [valuesOf(1), valuesOf(2)];
  assert.deepEqual([one.first, two.first], [0, 1]);
  const crossing = (a: number, b: number) => (a - 0.5) / (a - b);
  const ofOne = crossing(one.values[1]!, one.values[2]!);
  const ofTwo = 1 - crossing(two.values[1]!, two.values[0]!);
  assert.ok(Math.abs(ofOne - ofTwo) < 1e-6 && ofOne > 0.5, `${ofOne}, ${ofTwo}: nearer to the less certain voxel`);
  assert.ok(two.values[2]! < 0.5, 'a voxel without lead is on one side still');
  assert.equal(labelRegion(map, boxes, [7]), undefined);
});
