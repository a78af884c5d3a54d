import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import onnxProto from 'onnx-proto';
import { sliceManifestOf } from '../../src/bundles/manifest.ts';
import { readBundle } from '../../src/bundles/read-bundle.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { modelCard } from '../../worker/bundles/model-card.ts';
import { writeBundle } from '../../worker/bundles/write-bundle.ts';
import { GraphBuilder } from '../../worker/networks/onnx-graph.ts';
import { writePhantom } from '../../worker/phantom/write-phantom.ts';
import { brightInMrBundle } from '../support/bright-in-mr.ts';
import { convolutionDescription, twoConvolutions } from '../support/integer-bundle.ts';
import { contourNode } from '../support/run-program.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const { onnx } = onnxProto;

/** A folder of models with `threshold`. @param other see twoConvolutions */
async function models(t: TestContext, other: number): Promise<string> {
  const folder = await temporaryFolder(t);
  await writeBundle(join(folder, 'threshold'), convolutionDescription, { model: twoConvolutions(other) });
  await writeFile(join(folder, 'config.yaml'), JSON.stringify({ models: { directory: folder } }));
  return folder;
}

function command(folder: string, ...args: string[]) {
  return contourNode('models', ...args, '--config', join(folder, 'config.yaml'));
}

test('models quantise puts integers beside float32, and says what the contours lose', async (t) => {
  const folder = await models(t, 1);
  const directory = join(folder, 'threshold');
  const files = ['model.onnx', 'golden-input.f32', 'golden-output.f32'];
  const read = () => Promise.all(files.map((file) => readFile(join(directory, file))));
  const before = await read();
  await chmod(directory, 0o750);
  const { code, stderr } = await command(folder, 'quantise', 'threshold', '--phantoms', '1');
  assert.equal(code, 0, stderr);
  assert.deepEqual(await read(), before, 'float32 is as it was');
  assert.equal((await stat(directory)).mode & 0o777, 0o750, 'the account of the node can still read it');

  const { manifest, digest } = await openBundle('threshold', folder);
  const { comparison } = sliceManifestOf(manifest).int8!;
  const { command: call, calibrated, cases, rois } = comparison;
  assert.equal(call, 'contour-node models quantise threshold --phantoms 1');
  assert.deepEqual([calibrated, cases, rois[0]?.roi, rois[0]?.against], [1, 1, 'Bright', 'float32']);
  assert.ok(rois[0]!.loss > 0 && rois[0]!.loss <= 0.005, `${rois[0]!.loss}`);
  const card = modelCard({ manifest, digest, directory }, []);
  assert.match(
    card,
    new RegExp(`^\\| Bright \\| 1 \\| float32 \\| 1\\.0000 \\| ${rois[0]!.int8.toFixed(4)} \\|$`, 'm'),
  );

  const verified = await command(folder, 'verify', 'threshold');
  assert.match(verified.stdout, /^ok .* on onnxruntime, cpu within \S+, on onnxruntime, cpu, int8 within /m);
  assert.match((await command(folder, 'list')).stdout, /Bright \(also int8\)$/m);

  const again = await command(folder, 'quantise', 'threshold', '--phantoms', '1');
  assert.equal(again.code, 2);
  assert.match(again.stderr, /OUTPUT_EXISTS: threshold has a network with 8-bit integers already/);
});

test('models quantise --out writes a bundle of integers alone', async (t) => {
  const folder = await models(t, 1);
  const out = join(folder, 'threshold-int8');
  const { code, stdout, stderr } = await command(
    folder,
    'quantise',
    'threshold',
    '--out',
    out,
    '--phantoms',
    '1',
    '--json',
  );
  assert.equal(code, 0, stderr);
  const { rois, cases, millisecondsPerSlice } = JSON.parse(stdout) as {
    rois: { roi: string; against: string; loss: number }[];
    cases: number;
    millisecondsPerSlice: { float32: number; int8: number };
  };
  assert.equal(cases, 1);
  assert.deepEqual([rois[0]?.roi, rois[0]?.against], ['Bright', 'float32'], 'a phantom has no ROI of this name');
  assert.ok(rois[0]!.loss > 0 && rois[0]!.loss <= 0.005, `${rois[0]!.loss}`);
  assert.ok(millisecondsPerSlice.float32 > 0 && millisecondsPerSlice.int8 > 0);
  const verified = await command(folder, 'verify', 'threshold-int8');
  assert.equal(verified.code, 0, verified.stdout);
  assert.equal(sliceManifestOf((await openBundle('threshold', folder)).manifest).int8, undefined);
});

test('a network that 8 bits are too few for is refused with the ROI and its figures, and nothing is written', async (t) => {
  // One scale for both channels: that of the other one, whose steps are larger than the whole window.
  const folder = await models(t, 1000);
  const { code, stderr } = await command(folder, 'quantise', 'threshold', '--phantoms', '1');
  assert.equal(code, 1);
  assert.match(
    stderr,
    /error MODEL_NOT_SUPPORTED: with 8-bit integers Bright of threshold loses [\d.]+ mean DSC in 1 cases/,
  );
  assert.ok(!existsSync(join(folder, 'threshold', 'model-int8.onnx')));
});

test('models quantise asks for one kind of cases', async (t) => {
  const { code, stderr } = await command(await models(t, 1), 'quantise', 'threshold');
  assert.equal(code, 2);
  assert.match(stderr, /--data ARCHIVE or --phantoms N/);
});

/** Two convolutions, through which three standard deviations above the tissue of the MR become a probability of a half. */
function mrNetwork(): Uint8Array {
  const graph = new GraphBuilder();
  graph.floats('w', [3, 3, 1, 1], Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1));
  graph.node('Conv', ['input', 'w'], 'features');
  graph.floats('head.w', [1, 3, 1, 1], Float32Array.of(0, 4, 0));
  graph.floats('head.b', [1], Float32Array.of(-12));
  graph.node('Conv', ['features', 'head.w', 'head.b'], 'logit');
  graph.node('Sigmoid', ['logit'], 'output');
  return graph.encode('mr', { name: 'input', shape: [3, 128, 128] }, { name: 'output', shape: [1, 128, 128] });
}

for (const mayBeMissing of [false, true]) {
  test(`a bundle with an MR${mayBeMissing ? ' that may be missing' : ''} is calibrated on it`, async (t) => {
    const { directory } = await brightInMrBundle(t, mayBeMissing, { model: mrNetwork() });
    const { code, stderr } = await contourNode('models', 'quantise', directory, '--phantoms', '1');
    assert.equal(code, 0, stderr);
    const { comparison } = sliceManifestOf((await readBundle(directory)).manifest).int8!;
    assert.equal(comparison.rois[0]!.cases, mayBeMissing ? 2 : 1, 'with the MR and, where it may be missing, without');
    const model = onnx.ModelProto.decode(await readFile(join(directory, 'model-int8.onnx'))).graph!;
    const { rawData } = model.initializer!.find(({ name }) => name === 'input.scale')!;
    const [step] = new Float32Array(Uint8Array.from(rawData!).buffer);
    // The CT lies in [0, 1]; an MR has values of several standard deviations.
    assert.ok(step! > 3 / 255, `steps of ${step}`);
  });
}

test('a 3-D network stays in float32', async (t) => {
  const folder = await models(t, 1);
  const path = join(folder, 'threshold', 'bundle.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as { input: { patch?: object } };
  manifest.input.patch = { slices: 8, step: 0.5 };
  await writeFile(path, JSON.stringify(manifest));
  const { code, stderr } = await command(folder, 'quantise', 'threshold', '--phantoms', '1');
  assert.equal(code, 1);
  assert.match(stderr, /MODEL_NOT_SUPPORTED: threshold is a 3-D network, .* \(use it in float32\)/);
});

test('an archive without the MR that the bundle sees is refused with its name', async (t) => {
  const { directory } = await brightInMrBundle(t, true, { model: mrNetwork() });
  const archive = await temporaryFolder(t);
  await writePhantom(join(archive, 'patient'), 1, { size: 128, slices: 20 });
  const { code, stderr } = await contourNode('models', 'quantise', directory, '--data', archive);
  assert.equal(code, 2);
  assert.match(stderr, /error TRAINING_DATA: no patient below \S+ has the MR that bright-in-mr sees/);
});
