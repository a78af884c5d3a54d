import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { GraphBuilder } from '../../worker/networks/onnx-graph.ts';
import { writeBundle } from '../../worker/bundles/write-bundle.ts';
import { contourNode } from '../support/run-program.ts';
import { temporaryFolder, thresholdDescription } from '../support/threshold-bundle.ts';

/**
 * A bundle that answers with the place in the window [-100, 300] HU, by way of a convolution to two channels: the place, and
 * `other` times it, which the head does not use.
 */
async function models(t: TestContext, other: number): Promise<string> {
  const folder = await temporaryFolder(t);
  const graph = new GraphBuilder();
  graph.floats('w', [2, 1, 1, 1], Float32Array.of(1, other));
  graph.node('Conv', ['x', 'w'], 'features');
  graph.floats('head.w', [1, 2, 1, 1], Float32Array.of(1, 0));
  graph.node('Conv', ['features', 'head.w'], 'y');
  const plane = { shape: [1, 128, 128] };
  const model = graph.encode('bright', { name: 'x', shape: plane.shape }, { name: 'y', shape: plane.shape });
  const { input, output, ...rest } = thresholdDescription;
  const description = { ...rest, input: { ...input, tensor: 'x' }, output: { ...output, tensor: 'y' } };
  await writeBundle(join(folder, 'threshold'), description, { model });
  await writeFile(join(folder, 'config.yaml'), JSON.stringify({ models: { directory: folder } }));
  return folder;
}

function quantise(folder: string, ...args: string[]) {
  const out = join(folder, 'threshold-int8');
  return contourNode('models', 'quantise', 'threshold', '--out', out, '--config', join(folder, 'config.yaml'), ...args);
}

test('models quantise writes a bundle that verifies, and says what the contours lose', async (t) => {
  const folder = await models(t, 1);
  const { code, stdout, stderr } = await quantise(folder, '--phantoms', '1', '--json');
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
  const verified = await contourNode('models', 'verify', 'threshold-int8', '--config', join(folder, 'config.yaml'));
  assert.equal(verified.code, 0, verified.stdout);
});

test('a network that 8 bits are too few for is refused with the ROI and its figures, and nothing is written', async (t) => {
  // One scale for both channels: that of the other one, whose steps are larger than the whole window.
  const folder = await models(t, 1000);
  const { code, stderr } = await quantise(folder, '--phantoms', '1');
  assert.equal(code, 1);
  assert.match(
    stderr,
    /error MODEL_NOT_SUPPORTED: with 8-bit integers Bright of threshold loses [\d.]+ mean DSC in 1 cases/,
  );
  assert.ok(!existsSync(join(folder, 'threshold-int8')));
});

test('models quantise asks for one kind of cases', async (t) => {
  const { code, stderr } = await quantise(await models(t, 1));
  assert.equal(code, 2);
  assert.match(stderr, /--data ARCHIVE or --phantoms N/);
});
