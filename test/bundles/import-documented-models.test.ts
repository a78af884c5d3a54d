import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parse, stringify } from 'yaml';
import { graphTensorsOf } from '../../src/bundles/manifest.ts';
import { importOnnx } from '../../worker/bundles/import-onnx.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { contourVolume } from '../../worker/contour-ct.ts';
import { StageClock } from '../../worker/stage-clock.ts';
import { checkout } from '../support/run-program.ts';
import { cylinderWithEllipsoids, grid } from '../support/synthetic-ct.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { pointwiseNetwork } from '../support/tiny-onnx.ts';

const text = await readFile(join(checkout, 'docs/models.md'), 'utf8');
const [, nnUnet, monai] = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml]) => yaml!) as [
  string,
  string,
  string,
];

async function importing(t: TestContext, yaml: string, model: Uint8Array) {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'their.onnx'), model);
  await writeFile(join(folder, 'their.yaml'), yaml);
  return importOnnx(join(folder, 'their.onnx'), join(folder, 'their.yaml'), join(folder, 'bundle'));
}

test('a description that is no YAML, or names a key twice, is refused with its line', async (t) => {
  const faults = [
    ['name: a\nroi: [', /their\.yaml, line \d+: /],
    ['name: a\nversion: 1.0.0\nname: b\n', /their\.yaml, line 3: .*unique/],
  ] as const;
  for (const [yaml, message] of faults)
    await assert.rejects(importing(t, yaml, winner(1, 3, 0)), { code: 'CONFIG_INVALID', message });
});

/** A softmax network whose class `channel` of `channels` wins where its normalised input is above `limit`. */
function winner(
  channel: number,
  channels: number,
  limit: number,
  fixed?: readonly [number, number, number],
): Uint8Array {
  const steep = 50;
  return pointwiseNetwork({
    weights: Array.from({ length: channels }, (_, n) => [n === channel ? steep : 0]),
    bias: Array.from({ length: channels }, (_, n) => (n === channel ? -steep * limit : n === 0 ? 0 : -steep)),
    activation: 'none',
    input: 'image',
    output: 'logits',
    ...(fixed && { fixed }),
  });
}

const body = { centre: [0, 0], radii: [90, 75] } as const;
const bright = [{ centre: [30, -20, 18], radii: [22, 16, 11] }] as const;
const volume = cylinderWithEllipsoids(grid([160, 160, 13], [1.5, 1.5, 3]), body, bright);

async function drawn(t: TestContext, directory: string) {
  const loaded = await loadBundle(directory, '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
  t.after(() => loaded.engine.close());
  const { rois } = await contourVolume(volume, loaded, { batchSize: 4, clock: new StageClock() });
  return new Map(rois.map((roi) => [roi.roi.name, roi]));
}

const volumeCm3 = (4 / 3) * Math.PI * 2.2 * 1.6 * 1.1;

test('the nnU-Net example of docs/models.md: CT normalisation and softmax with background find the structure', async (t) => {
  // 100 HU, normalised as the description says; the ramp around the ellipsoid passes it on the surface.
  const { directory, manifest } = await importing(t, nnUnet, winner(1, 3, (100 - 42.5) / 68.1));
  assert.deepEqual(graphTensorsOf(manifest), { input: 'image', output: 'logits' }, 'taken from the graph');
  const rois = await drawn(t, directory);
  assert.ok(Math.abs(rois.get('Parotid_L')!.volumeCm3 / volumeCm3 - 1) < 0.08, `${rois.get('Parotid_L')!.volumeCm3}`);
  assert.equal(rois.get('Parotid_R')!.volumeCm3, 0);
});

test('the MONAI example: named channels of five, slices of a transposed and mirrored graph with a fixed batch of 1', async (t) => {
  const limit = (100 + 160) / 400;
  // In RAS the first spatial axis runs across: 256 pixels.
  const { directory } = await importing(t, monai, winner(4, 5, limit, [1, 256, 320]));
  const rois = await drawn(t, directory);
  const found = rois.get('Brainstem')!;
  assert.ok(Math.abs(found.volumeCm3 / volumeCm3 - 1) < 0.08, `${found.volumeCm3}`);
  const points = found.slices.flatMap(({ polygons }) => polygons.flatMap(({ outer }) => [...outer]));
  const x = points.filter((_, n) => n % 2 === 0);
  assert.ok(Math.min(...x) > 5 && Math.max(...x) < 55, 'where it was, left of the middle');
  assert.equal(rois.get('SpinalCord')!.volumeCm3, 0);
});

test('what does not fit the graph is named with both sides and the key to correct', async (t) => {
  const set = (yaml: string, key: 'input' | 'output', values: object): string => {
    const about = parse(yaml) as Record<'input' | 'output', object>;
    return stringify({ ...about, [key]: { ...about[key], ...values } });
  };
  const model = winner(1, 3, 0.5);
  const fixed = winner(1, 3, 0.5, [1, 512, 512]);
  for (const [yaml, onnx, message, remedy] of [
    [
      set(nnUnet, 'input', { neighbours: 1 }),
      model,
      /has 1 channels in nchw, the description makes 3 \(3 slices times 1 window\)/,
      /input\.neighbours/,
    ],
    [
      set(nnUnet, 'input', { size: [256, 512] }),
      fixed,
      /has 512 x 512 pixels, the description makes 512 x 256/,
      /input\.size/,
    ],
    [
      set(nnUnet, 'output', { activation: 'logit' }),
      model,
      /has 3 channels in nchw, the description makes 2 \(2 ROIs\)/,
      /output\.channels/,
    ],
    [set(nnUnet, 'output', { channels: [1] }), model, /output\.channels has 1 entries for 2 ROIs/, /one for each ROI/],
    [
      set(nnUnet, 'output', { channels: [1, 7] }),
      model,
      /has 3 channels in nchw, the description makes 8/,
      /output\.channels/,
    ],
    [set(nnUnet, 'input', { tensor: 'ct' }), model, /the graph has no input ct, only image/, /input\.tensor/],
  ] as const) {
    await assert.rejects(importing(t, yaml, onnx), { code: 'BUNDLE_INVALID', message, remedy });
  }
  await assert.rejects(importing(t, set(nnUnet, 'input', { axes: ['L', 'R'] }), model), {
    code: 'CONFIG_INVALID',
    message: /input\.axes/,
  });
});
