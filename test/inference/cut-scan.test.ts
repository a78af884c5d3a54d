import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Roi } from '../../src/bundles/manifest.ts';
import { ratedWarnings } from '../../src/warning.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { allWarnings, contourVolume } from '../../worker/contour-ct.ts';
import type { ContouredRoi } from '../../worker/inference/contour-roi.ts';
import { judgeRois } from '../../worker/inference/roi-warnings.ts';
import { generatePhantom } from '../../worker/phantom/generate-phantom.ts';
import { StageClock } from '../../worker/stage-clock.ts';
import type { Volume } from '../../worker/volume/volume.ts';
import { checkout } from '../support/run-program.ts';

/** The slices of a CT from one to before another. */
function part({ grid, hu }: Volume, from: number, to: number): Volume {
  const [width, height] = grid.size;
  const slice = width * height;
  return {
    grid: { ...grid, size: [width, height, to - from], z: grid.z.slice(from, to) },
    hu: hu.slice(from * slice, to * slice),
  };
}

test('a CT that ends inside an organ is to be looked at, with the organ and the end; a complete one has no such warning', async (t) => {
  const loaded = await loadBundle('phantom-gtvp', join(checkout, 'models'), {
    name: 'onnxruntime',
    device: 'cpu',
    threads: 1,
  });
  t.after(() => loaded.engine.close());
  const { volume, truth } = generatePhantom(1, { size: 256 });
  const toLookAt = async (ct: Volume): Promise<string[]> => {
    const contoured = await contourVolume(ct, loaded, { batchSize: 8, clock: new StageClock() });
    const warnings = ratedWarnings(allWarnings(contoured));
    assert.ok(
      warnings.every(({ text }) => !text.startsWith('SpinalCord: the scan') && !text.startsWith('SpinalCord: touches')),
      'the cord runs out of every scan',
    );
    return warnings.filter(({ severity }) => severity === 'check').map(({ text }) => text);
  };
  assert.deepEqual(await toLookAt(volume), []);

  // The middle of the right parotid, by the truth.
  const [width, height, depth] = volume.grid.size;
  const parotid = truth.find(({ name }) => name === 'Parotid_R')!.mask.voxels;
  const inside = Array.from({ length: depth }, (_, k) => k).filter((k) =>
    parotid.subarray(k * width * height, (k + 1) * width * height).includes(1),
  );
  const middle = inside[inside.length >> 1]!;
  const lower = await toLookAt(part(volume, 0, middle));
  assert.ok(lower.includes('Parotid_R: the scan ends inside it at the head end, so it is cut'), lower.join('\n'));
  const upper = await toLookAt(part(volume, middle, depth));
  assert.ok(upper.includes('Parotid_R: the scan ends inside it at the feet end, so it is cut'), upper.join('\n'));
});

const body = { low: [-100, -100, 0], high: [100, 100, 300], centre: [0, 0], median: [0, 0], volumeCm3: 5000 } as const;

/** A cube of 8 cm3 that is contoured on these slices of 100; on none: not found. */
function onSlices(changes: Partial<Roi>, ...slices: number[]): ContouredRoi {
  const roi = { name: 'Organ', deliver: true, ...changes } as Roi;
  const common = { roi, slices: slices.map((slice) => ({ slice, polygons: [] })), touchesFieldOfView: false };
  if (slices.length === 0) return { ...common, volumeCm3: 0, components: 0 };
  const grid = {
    size: [10, 10, 10],
    spacing: [2, 2],
    origin: [0, 0],
    z: Float64Array.from({ length: 10 }, (_, k) => 3 * k),
  } as const;
  const mask = { grid, voxels: new Uint8Array(1000).fill(1) };
  return { ...common, volumeCm3: 8, components: 1, part: { mask, column: 0, row: 0, slice: slices[0]! } };
}

const warned = (roi: ContouredRoi, usual = {}): string[] =>
  judgeRois([roi], { plausibility: { Organ: { volumeCm3: [4, 16], ...usual } } }, body, 100).flatMap(({ warnings }) =>
    warnings.map(({ code, text }) => `${code} ${text}`),
  );

test('what the bundle says of an ROI decides what the end of the scan means, and what may be missing', () => {
  assert.deepEqual(warned(onSlices({ coverage: 'whole' }, 1, 98)), []);
  assert.deepEqual(warned(onSlices({ coverage: 'whole' }, 0, 1)), [
    'CUT_SCAN the scan ends inside it at the feet end, so it is cut',
  ]);
  assert.deepEqual(warned(onSlices({ coverage: 'whole' }, 0, 99)), [
    'CUT_SCAN the scan ends inside it at both ends, so it is cut',
  ]);
  assert.deepEqual(warned(onSlices({}, 98, 99)), ['END_OF_SCAN touches the end of the scan at the head end']);
  assert.deepEqual(warned(onSlices({ coverage: 'part' }, 98, 99)), []);

  // How much of the cord is seen is up to the scan; too much of it is not.
  assert.deepEqual(warned(onSlices({ coverage: 'part' }, 98, 99), { volumeCm3: [20, 40] }), []);
  assert.deepEqual(warned(onSlices({ coverage: 'part' }, 50, 51), { volumeCm3: [20, 40] }), [
    'VOLUME 8.0 cm3, in the training data at least 20.0 cm3',
  ]);
  assert.deepEqual(warned(onSlices({ coverage: 'part' }, 98, 99), { volumeCm3: [1, 4] }), [
    'VOLUME 8.0 cm3, in the training data at most 4.0 cm3',
  ]);

  assert.deepEqual(warned(onSlices({})), []);
  assert.deepEqual(warned(onSlices({ expected: true })), [
    'NOT_FOUND not found, the model expects it in every patient',
  ]);
  assert.deepEqual(warned(onSlices({}), { drawn: 0.94 }), [
    'NOT_FOUND not found, present in 94 % of the training patients',
  ]);
  assert.deepEqual(warned(onSlices({ expected: false }), { drawn: 0.94 }), []);
});

test('a difference that its figures do not show is none', () => {
  assert.deepEqual(warned(onSlices({}, 50), { volumeCm3: [8.04, 16] }), []);
  assert.deepEqual(warned(onSlices({}, 50), { volumeCm3: [8.06, 16] }), [
    'VOLUME 8.0 cm3, in the training data at least 8.1 cm3',
  ]);
  const place = (range: [number, number]) => warned(onSlices({}, 50), { fromBodyCentreMm: [[-100, 100], range] });
  // Its centre lies 9 mm behind the middle of the body.
  assert.deepEqual(place([-20, 4.5]), []);
  assert.deepEqual(place([-20, 3]), ['PLACE 6 mm further to the back than in the training data']);
});
