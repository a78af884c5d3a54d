import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RoiPlausibility } from '../../src/bundles/training-range.ts';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { allWarnings, contourVolume } from '../../worker/contour-ct.ts';
import type { ContouredRoi } from '../../worker/inference/contour-roi.ts';
import { ctWarnings } from '../../worker/inference/ct-warnings.ts';
import { bodyPartWarnings, judgeRois } from '../../worker/inference/roi-warnings.ts';
import { generatePhantom } from '../../worker/phantom/generate-phantom.ts';
import { StageClock } from '../../worker/stage-clock.ts';
import { phantomCase } from '../../worker/training/phantom-cases.ts';
import { prepareCase } from '../../worker/training/prepare-case.ts';
import { trainedCt } from '../../worker/training/training-range.ts';
import { findBody } from '../../worker/volume/body.ts';
import { ctAppearance } from '../../worker/volume/ct-appearance.ts';
import { loadVolume } from '../../worker/volume/load-volume.ts';
import type { Volume } from '../../worker/volume/volume.ts';
import { openKbpCt } from '../support/openkbp.ts';
import { sharedData } from '../support/shared-data.ts';
import { cylinderWithEllipsoids, grid } from '../support/synthetic-ct.ts';
import { turned } from '../support/turned.ts';

const codes = (warnings: readonly { code: string }[]) => [...new Set(warnings.map(({ code }) => code))];
const appearance = (volume: Volume) => ctAppearance(volume, findBody(volume));

const folder = await mkdtemp(join(tmpdir(), 'contour-node-unlike-'));
after(() => rm(folder, { recursive: true }));
const input = { spacingMm: 4, sliceSpacingMm: null, size: [64, 64] as [number, number], centre: 'body' as const };
const whole = { ...input, neighbours: 0, windows: [{ low: -160, high: 240 }], paddingHu: -1024 };
const axes: ['P', 'L'] = ['P', 'L'];
const network = { ...whole, layout: 'nhwc' as const, axes, tensor: 'input' };
const seen = await Promise.all(
  Array.from({ length: 8 }, (_, n) =>
    prepareCase(phantomCase(40 + n, 128, ['GTVp', 'Parotid_L'], network), network, 0, join(folder, String(n))),
  ),
);
const trained = trainedCt(seen.map(({ description }) => description));

test('a CT like those of the training is not warned of, the same patient turned round or cut out is', () => {
  const { volume } = generatePhantom(43, { size: 128 });
  assert.deepEqual(ctWarnings(appearance(volume), trained), []);
  const prone = ctWarnings(appearance(turned(volume, 'prone')), trained);
  assert.ok(codes(prone).includes('CT_AIRWAY'), JSON.stringify(prone));
  assert.match(
    prone.find(({ code }) => code === 'CT_AIRWAY')!.text,
    /^the air in the body lies \d+ mm further to the back, seen from the bones, than in any training CT/,
  );

  const coarse = { ...appearance(volume), pixelSpacingMm: 12, sliceSpacingMm: [9, 9] as [number, number] };
  assert.deepEqual(codes(ctWarnings(coarse, trained)), ['CT_SLICE_SPACING', 'CT_PIXEL_SPACING']);
  const fine = { ...appearance(volume), pixelSpacingMm: 0.5, fieldOfViewMm: 2000 };
  assert.deepEqual(ctWarnings(fine, trained), [], 'finer pixels and more air are no difference to the network');
});

test('a CT of something else is warned of in words', () => {
  const bottle = cylinderWithEllipsoids(grid([128, 128, 40], [2, 2, 5]), { centre: [0, 0], radii: [60, 60] }, []);
  const warnings = ctWarnings(appearance(bottle), trained);
  assert.ok(codes(warnings).includes('CT_TISSUE'));
  assert.ok(
    warnings.some(({ text }) => /^\d+\.\d % of the body between -?\d+ and -?\d+ HU, in the training data/.test(text)),
    JSON.stringify(warnings),
  );
});

const body = { low: [-100, -100, 0], high: [100, 100, 300], centre: [0, 0], median: [0, 0], volumeCm3: 5000 } as const;

/** A cube of 2 cm around a place of the CT. */
function found(name: string, at: readonly [number, number, number] | undefined): ContouredRoi {
  const roi = { name, deliver: true } as ContouredRoi['roi'];
  if (at === undefined) return { roi, slices: [], volumeCm3: 0, components: 0, touchesFieldOfView: false };
  const origin = [at[0] - 9, at[1] - 9] as const;
  const z = Float64Array.from({ length: 10 }, (_, k) => at[2] - 9 + 2 * k);
  const mask = {
    grid: { size: [10, 10, 10], spacing: [2, 2], origin, z } as const,
    voxels: new Uint8Array(1000).fill(1),
  };
  const part = { mask, column: 0, row: 0, slice: 10 };
  return { roi, slices: [], volumeCm3: 8, components: 1, touchesFieldOfView: false, part };
}

const usual: RoiPlausibility = { volumeCm3: [4, 16], maximumComponents: 1, drawn: 1 };
const plausibility: Record<string, RoiPlausibility> = {
  Mandible: {
    ...usual,
    fromBodyCentreMm: [
      [-20, 20],
      [-90, -40],
    ],
  },
  Parotid_L: {
    ...usual,
    fromBodyCentreMm: [
      [40, 80],
      [-40, 10],
    ],
    aboveMm: { Mandible: [-10, 40] },
  },
};
const judged = (...rois: ContouredRoi[]) =>
  judgeRois(rois, { plausibility }, body, 100).flatMap(({ roi, warnings }) =>
    warnings.map(({ code, text }) => `${code} ${roi.name}: ${text}`),
  );

test('an ROI is compared with its training in volume, place, side and order along the body', () => {
  const mandible = found('Mandible', [0, -60, 150]);
  assert.deepEqual(judged(mandible, found('Parotid_L', [60, -10, 160])), []);
  assert.deepEqual(judged(mandible, found('Parotid_L', [-60, -10, 160])), [
    'SIDE Parotid_L: on the right of the body, in the training data always on its left',
  ]);
  assert.deepEqual(judged(mandible, found('Parotid_L', [60, 40, 160])), [
    'PLACE Parotid_L: 30 mm further to the back than in the training data',
  ]);
  assert.deepEqual(judged(mandible, found('Parotid_L', [60, -10, 90])), [
    'ORDER Parotid_L: 50 mm lower than in the training data, measured from Mandible',
  ]);
  assert.deepEqual(judged({ ...mandible, volumeCm3: 17.2, components: 3 }, found('Parotid_L', undefined)), [
    'VOLUME Mandible: 17.2 cm3, in the training data at most 16.0 cm3',
    'COMPONENTS Mandible: in 3 pieces, in the training data at most 1',
    'NOT_FOUND Parotid_L: not found, present in 100 % of the training patients',
  ]);
});

test('where most of what every patient has is missing, the part of the body is asked for', () => {
  const rois = [found('Mandible', undefined), found('Parotid_L', undefined)];
  const [warning] = bodyPartWarnings(rois, { plausibility });
  assert.match(warning!.text, /^Mandible, Parotid_L not found: is this the part of the body/);
  assert.deepEqual(bodyPartWarnings([found('Mandible', [0, 0, 0]), rois[1]!], { plausibility }), []);
  assert.deepEqual(bodyPartWarnings(rois, { plausibility: {} }), [], 'a bundle without ranges says nothing');
});

const openKbp = sharedData('openkbp/validation');
const leg = sharedData('rtstruct/mim-6.3.9-sts001');
const headAndNeck = sharedData('hn-ct');

test(
  'the shipped bundle warns of a leg, a phantom and a patient upside down, and not of an ordinary one',
  { skip: (openKbp ?? leg ?? headAndNeck) === undefined && '../shared/data is absent' },
  async (t) => {
    const models = fileURLToPath(new URL('../../models', import.meta.url));
    const choice = { name: 'onnxruntime', device: 'cpu', threads: 0 };
    const loaded = await loadBundle('openkbp-head-neck', models, choice);
    t.after(() => loaded.engine.close());
    const warningsOf = async (volume: Volume): Promise<string[]> => {
      const drawn = await contourVolume(volume, loaded, { batchSize: 8, clock: new StageClock() });
      // An ROI that goes on beyond the scan is no difference from the training.
      return codes(allWarnings(drawn)).filter((code) => code !== 'END_OF_SCAN');
    };
    const fromFolder = async (directory: string): Promise<Volume> => {
      const { series, files } = await readCtFolder([directory]);
      return loadVolume(
        series.slices.map(({ sopInstanceUid }) => files.get(sopInstanceUid)!),
        series.geometry,
      );
    };
    const ofLeg = await warningsOf(await fromFolder(leg!));
    for (const code of ['CT_FIELD_OF_VIEW', 'CT_TISSUE', 'CT_BODY_PART']) assert.ok(ofLeg.includes(code), ofLeg.join());
    assert.ok((await warningsOf(generatePhantom(1, { size: 256 }).volume)).includes('CT_TISSUE'));

    const patient = await openKbpCt(join(openKbp!, 'pt_206.npz'));
    assert.deepEqual(await warningsOf(patient), []);
    const feetFirst = await warningsOf(turned(patient, 'feet-up'));
    assert.ok(feetFirst.includes('ORDER'), feetFirst.join());
    const headDown = await warningsOf(turned(patient, 'upside-down'));
    assert.ok(headDown.length >= 2, headDown.join());
    // Its airway bends to the right: larynx and oesophagus lie a few mm beyond those of the training (docs/validation.md).
    assert.deepEqual(await warningsOf(await fromFolder(headAndNeck!)), ['PLACE']);
  },
);
