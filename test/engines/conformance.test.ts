import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { sliceManifestOf } from '../../src/bundles/manifest.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { listBundles, type Bundle } from '../../src/bundles/read-bundle.ts';
import { checkGolden, largestDifference } from '../../worker/bundles/golden.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { writeBundle } from '../../worker/bundles/write-bundle.ts';
import { openEngine } from '../../worker/engines/open-engine.ts';
import { infer } from '../../worker/inference/infer.ts';
import { networkOf } from '../../worker/networks/network.ts';
import { initialParameters, parameterSpecs } from '../../worker/networks/parameters.ts';
import { encodeTensors } from '../../worker/networks/tensor-file.ts';
import { toOnnx } from '../../worker/networks/to-onnx.ts';
import { generatePhantom } from '../../worker/phantom/generate-phantom.ts';
import { findBody } from '../../worker/volume/body.ts';
import { networkGrid, toNetworkHu, type NetworkInput } from '../../worker/volume/preprocess.ts';
import { checkout } from '../support/run-program.ts';
import { temporaryFolder, thresholdBundle, thresholdDescription } from '../support/threshold-bundle.ts';

const engines = ['onnxruntime', 'tensorflow'] as const;
const tolerance = 1e-3;

/** The trained bundles of this checkout, and one of each family with weights that nobody trained. */
async function bundles(folder: string): Promise<Bundle[]> {
  const models = join(checkout, 'models');
  const trained = await Promise.all((await listBundles(models)).map((name) => openBundle(name, models)));
  const input: NetworkInput = {
    ...thresholdDescription.input,
    paddingHu: -1024,
    tensor: 'input',
    layout: 'nhwc',
    axes: ['P', 'L'],
    size: [64, 96],
    spacingMm: 3,
    neighbours: 1,
  };
  const untrained = [
    {
      family: 'deeplabv3plus' as const,
      parameters: { width: 0.5, outputStride: 8, pyramidChannels: 32, decoderChannels: [32], lowLevelChannels: [16] },
    },
    { family: 'unet' as const, parameters: { channels: 8, depth: 3 } },
    { family: 'unet3d' as const, parameters: { channels: 4, depth: 2 } },
  ];
  const rois = ['Parotid_L', 'Parotid_R', 'Brainstem'].map((name) => ({ ...thresholdDescription.rois[0]!, name }));
  for (const [seed, architecture] of untrained.entries()) {
    // 8 of 12 slices at once.
    const patches = architecture.family === 'unet3d' ? { patch: { slices: 8, step: 0.5 }, neighbours: 0 } : {};
    const seen = { ...input, ...patches };
    const network = networkOf({ architecture, input: seen, rois });
    const parameters = initialParameters(network, seed + 1);
    // Statistics and offsets that are not those of the start, or half of the arithmetic would be multiplied by 1 and 0.
    for (const { name, role } of parameterSpecs(network)) {
      if (role === 'kernel') continue;
      parameters
        .get(name)!
        .forEach(
          (value, n, all) => (all[n] = value + 0.3 * Math.sin(n + name.length) * (role === 'variance' ? 0.5 : 1)),
        );
    }
    const description = {
      ...thresholdDescription,
      name: architecture.family,
      architecture,
      input: seen,
      output: { activation: 'probability' as const },
      rois,
    };
    trained.push(
      await writeBundle(join(folder, architecture.family), description, {
        model: toOnnx(network, parameters, architecture.family),
        weights: encodeTensors(parameters),
      }),
    );
  }
  return trained;
}

test('both engines give the same probabilities for the same bundle and CT', async (t) => {
  const { volume } = generatePhantom(3, { size: 160, slices: 12 });
  const { centre } = findBody(volume);
  for (const bundle of await bundles(await temporaryFolder(t))) {
    const manifest = sliceManifestOf(bundle.manifest);
    const { name, input } = manifest;
    const network = toNetworkHu(volume, networkGrid(volume.grid, centre, input), input);
    const found = [];
    for (const engineName of engines) {
      const engine = await openEngine(bundle, { name: engineName, device: 'cpu', precision: 'float32', threads: 2 });
      assert.ok((await checkGolden(bundle, engine)) <= tolerance, `${name}: golden output on ${engineName}`);
      const first = await infer(engine, network, manifest, { batchSize: 2 });
      const again = await infer(engine, network, manifest, { batchSize: 2 });
      assert.deepEqual(again.rois, first.rois, `${name}: ${engineName} repeats itself`);
      found.push(first.rois.map((roi) => Float32Array.from(roi, (value) => value / 65535)));
      await engine.close();
    }
    for (const [roi, expected] of found[0]!.entries()) {
      const difference = largestDifference(found[1]![roi]!, expected);
      assert.ok(difference <= tolerance, `${name}, ROI ${roi}: ${difference}`);
    }
    assert.ok(
      found[0]!.some((roi) => roi.some((value) => value > 0.01)),
      `${name} answers with more than zeros`,
    );
  }
});

test('an engine or a device that is not there says so and what to do', async (t) => {
  const bundle = await thresholdBundle(t);
  const choices = [
    [{ name: 'abacus', device: 'cpu' }, /there is no engine abacus/],
    [{ name: 'tensorflow', device: 'cpu' }, /bundle threshold has no weights for TensorFlow/],
    [{ name: 'onnxruntime', device: 'cuda' }, /no device cuda/],
  ] as const;
  for (const [choice, message] of choices) {
    await assert.rejects(openEngine(bundle, { ...choice, threads: 0 }), (error) => {
      assert.ok(error instanceof ContourNodeError);
      assert.equal(error.code, 'ENGINE_UNAVAILABLE');
      assert.match(error.message, message);
      assert.ok(error.remedy.length > 0);
      return true;
    });
  }
});
