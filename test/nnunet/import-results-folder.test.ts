import assert from 'node:assert/strict';
import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { VolumeManifest } from '../../src/bundles/manifest.ts';
import { importExportedNnUnet, importNnUnet } from '../../worker/bundles/import-nnunet.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { checkPatchMemory } from '../../worker/segmentation/patch-memory.ts';
import { pointwiseVolumeNetwork } from '../support/pointwise-volume.ts';
import {
  smallNetwork,
  smallPlans,
  smallWeights,
  writeNnUnetFolder,
  type SmallFolder,
} from '../support/nnunet-folder.ts';
import { checkout, contourNode } from '../support/run-program.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const small: SmallFolder = { network: smallNetwork, patch: [4, 8, 8], spacing: [3, 2, 2] };
const fold = (seed: number, heads = 3) => ({ weights: smallWeights(smallNetwork, heads, seed), mirrorAxes: [1, 2] });

/** A results folder, changed before it is imported. */
async function importing(
  t: TestContext,
  change: {
    folder?: Partial<SmallFolder>;
    folds?: Parameters<typeof writeNnUnetFolder>[2];
    about?: string;
    options?: { configuration?: string; folds?: string[]; propose?: boolean };
    afterwards?: (folder: string) => Promise<void>;
  } = {},
) {
  const folder = await temporaryFolder(t);
  const source = join(folder, 'results');
  await writeNnUnetFolder(source, { ...small, ...change.folder }, change.folds ?? [fold(1), fold(2)]);
  await change.afterwards?.(source);
  const about = change.about === undefined ? undefined : join(folder, 'about.yaml');
  if (about !== undefined) await writeFile(about, change.about!);
  return importNnUnet(source, join(folder, 'bundle'), { about, propose: about === undefined, ...change.options });
}

const about = `
name: small
version: 2.1.0
description: two parotids
intendedUse: research
licence: ours
applicability: { sliceSpacingMm: [1, 5] }
mirroring: true
labels:
  Parotid_L: { name: Parotid_L, mirror: Parotid_R, colour: [0, 200, 0], cleanUp: { largestComponents: 1 } }
  Parotid_R: null
`;

test('a folder of two folds becomes a bundle that verifies; what about.yaml says stands in it', async (t) => {
  const bundle = await importing(t, { about });
  const { name, rois, volume } = bundle.manifest as VolumeManifest;
  assert.equal(name, 'small');
  assert.deepEqual(
    rois.map((roi) => [roi.name, roi.colour, roi.cleanUp.largestComponents]),
    [['Parotid_L', [0, 200, 0], 1]],
  );
  assert.deepEqual(volume.labels, [[1]]);
  assert.deepEqual(volume.folds, ['0', '1']);
  assert.deepEqual([volume.mirroring, volume.mirrorAxes], [true, [1, 2]]);
  assert.deepEqual(volume.normalisation, { scheme: 'ct', low: -500, high: 1000, mean: 40, sd: 200 });
  const { engine } = await loadBundle(bundle.directory, '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
  await engine.close();
});

test('the engine tensorflow says in words that it does not run such a model', async (t) => {
  const bundle = await importing(t);
  await assert.rejects(loadBundle(bundle.directory, '.', { name: 'tensorflow', device: 'cpu', threads: 1 }), {
    code: 'ENGINE_UNAVAILABLE',
    message: /runs networks of slices; dataset900-small is a network of patches of the whole CT/,
  });
});

test('the description in docs/models.md is one', async (t) => {
  const text = await readFile(join(checkout, 'docs/models.md'), 'utf8');
  const [, documented] = /```yaml\n([\s\S]*?)```/.exec(text)!;
  const labels = { background: 0, parotid_left: 1, parotid_right: 2, spinal_cord: 3, oral_cavity: 4 };
  const { manifest } = await importing(t, { about: documented!, folder: { labels }, folds: [fold(1, 5)] });
  assert.deepEqual(
    manifest.rois.map((roi) => roi.name),
    ['Parotid_L', 'Parotid_R', 'SpinalCord'],
  );
});

test('without about.yaml names, types and colours are proposed from the labels', async (t) => {
  const labels = { background: 0, parotid_gland_left: 1, parotid_gland_right: 2, GTVp: 3, 'a very long name of it': 4 };
  const folds = [fold(1, 5)];
  const { manifest } = await importing(t, { folder: { labels }, folds });
  assert.deepEqual(
    manifest.rois.map((roi) => [roi.name, roi.interpretedType]),
    [
      ['Parotid_L', 'ORGAN'],
      ['Parotid_R', 'ORGAN'],
      ['GTVp', 'GTV'],
      ['A_Very_Long_Name', 'ORGAN'],
    ],
  );
  assert.equal(manifest.intendedUse, 'research');
});

test('regions keep the labels that they are made of and the order in which they are written', async (t) => {
  const labels = { background: 0, GTVall: [1, 2], GTVp: 2 };
  const folder = { labels, regionOrder: [1, 2] };
  const { volume } = (await importing(t, { folder, folds: [fold(1, 2)] })).manifest as VolumeManifest;
  assert.deepEqual([volume.channels, volume.regionOrder, volume.labels], [2, [1, 2], [[1, 2], [2]]]);
});

test('plans of nnU-Net before 2.3, as those of TotalSegmentator, are read', async (t) => {
  const old = {
    UNet_class_name: 'PlainConvUNet',
    UNet_base_num_features: 3,
    unet_max_num_features: 4,
    n_conv_per_stage_encoder: [1, 1],
    n_conv_per_stage_decoder: [1],
    conv_kernel_sizes: [
      [1, 3, 3],
      [3, 3, 3],
    ],
    pool_op_kernel_sizes: [
      [1, 1, 1],
      [1, 2, 2],
    ],
    architecture: undefined,
  };
  const { manifest } = await importing(t, { folder: { configuration: old } });
  assert.deepEqual(manifest.rois.length, 2);
});

test('every wrong input gets one line that says what and where', async (t) => {
  const unlikeFold = { ...fold(2), plans: smallPlans({ ...small, spacing: [3, 1, 1] }) };
  const extra = new Map([
    ...smallWeights(smallNetwork, 3, 1),
    ['encoder.attention.weight', { shape: [1], values: Float32Array.of(1) }],
  ]);
  const lacking = new Map(
    [...smallWeights(smallNetwork, 3, 1)].filter(([name]) => name !== 'decoder.transpconvs.0.bias'),
  );
  const foreign = Buffer.from('cposix\nsystem\n(tR');
  const cases: [Parameters<typeof importing>[1], string, RegExp][] = [
    [
      { afterwards: (folder) => rm(join(folder, 'plans.json')) },
      'PATH_NOT_FOUND',
      /has no plans\.json, so it is no results folder/,
    ],
    [{ afterwards: (folder) => rm(join(folder, 'dataset.json')) }, 'PATH_NOT_FOUND', /has no dataset\.json/],
    [{ folds: [] }, 'PATH_NOT_FOUND', /holds no fold with a checkpoint_final\.pth/],
    [{ options: { folds: ['0', '4'], propose: true } }, 'USAGE', /there is no fold 4, only 0, 1/],
    [{ folds: [{ ...fold(1), extra: foreign }] }, 'CHECKPOINT_UNREADABLE', /names "posix\.system"/],
    [
      { afterwards: (folder) => truncate(join(folder, 'fold_1/checkpoint_final.pth'), 3000) },
      'CHECKPOINT_UNREADABLE',
      /^fold_1\/checkpoint_final\.pth: it is no whole zip/,
    ],
    [
      { folder: { configuration: { architecture: { network_class_name: 'nnunetv2.UMambaBot', arch_kwargs: {} } } } },
      'MODEL_NOT_SUPPORTED',
      /the network nnunetv2\.UMambaBot is not supported, only PlainConvUNet and ResidualEncoderUNet/,
    ],
    [
      { folder: { configuration: { previous_stage: '3d_lowres' } } },
      'MODEL_NOT_SUPPORTED',
      /second stage of a cascade after 3d_lowres/,
    ],
    [
      { folds: [fold(1), unlikeFold] },
      'MODEL_NOT_SUPPORTED',
      /fold_1.*was trained with other plans than plans\.json holds/,
    ],
    [
      { folds: [fold(1), { ...fold(2), mirrorAxes: [0] }] },
      'MODEL_NOT_SUPPORTED',
      /allows other mirrorings than fold_0/,
    ],
    [{ folds: [fold(1), { ...fold(2), trainer: 'Other' }] }, 'MODEL_NOT_SUPPORTED', /was trained by Other/],
    [{ folds: [{ ...fold(1), weights: extra }] }, 'MODEL_NOT_SUPPORTED', /holds encoder\.attention\.weight \(1 such\)/],
    [
      { folds: [{ ...fold(1), weights: lacking }] },
      'MODEL_NOT_SUPPORTED',
      /has no weight decoder\.transpconvs\.0\.bias/,
    ],
    [
      { folds: [fold(1, 4)] },
      'MODEL_NOT_SUPPORTED',
      /seg_layers\.0\.weight is 4 x 3 x 1 x 1 x 1, the network of plans\.json has 3 x/,
    ],
    [
      { folder: { normalisation: 'MyNormalization' } },
      'MODEL_NOT_SUPPORTED',
      /normalisation MyNormalization is not known/,
    ],
    [{ folder: { arch: { norm_op: 'torch.nn.BatchNorm3d' } } }, 'MODEL_NOT_SUPPORTED', /BatchNorm3d is not supported/],
    [{ folder: { arch: { squeeze_excitation: true } } }, 'MODEL_NOT_SUPPORTED', /squeeze_excitation/],
    [{ folder: { patch: [4, 7, 8] } }, 'MODEL_NOT_SUPPORTED', /patch of 4 x 7 x 8 cannot be divided by the strides/],
    [
      { folder: { configuration: { resampling_fn_data: 'resample_torch_fornnunet' } } },
      'MODEL_NOT_SUPPORTED',
      /resampling of the image resample_torch_fornnunet is not supported/,
    ],
    [{ folder: { labels: { background: 0, A: 1, B: 3 } } }, 'MODEL_NOT_SUPPORTED', /not numbered 1, 2, 3/],
    [
      { about: about.replace('Parotid_R: null', 'Parotis_R: null') },
      'CONFIG_INVALID',
      /labels\.Parotis_R is no label of the folder, which has Parotid_L, Parotid_R/,
    ],
    [{ about: about.replace('  Parotid_R: null\n', '') }, 'CONFIG_INVALID', /labels\.Parotid_R is missing/],
    [
      { about: about.replace('Parotid_R: null', 'Parotid_R: { name: Parotid_L }') },
      'CONFIG_INVALID',
      /two labels are called Parotid_L/,
    ],
    [{ about: about.replace('licence: ours', 'license: ours') }, 'CONFIG_INVALID', /license/],
    [{ about: 'name: a\nname: b' }, 'CONFIG_INVALID', /line 2/],
  ];
  for (const [change, code, message] of cases) {
    await assert.rejects(importing(t, change), (error: { code: string; message: string }) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.ok(!error.message.includes('\n'));
      return true;
    });
  }
});

test('a weight that stands under two names must be the same under both', async (t) => {
  const weights = smallWeights(smallNetwork, 3, 1);
  const name = 'decoder.stages.0.convs.0.conv.bias';
  const twin = 'decoder.stages.0.convs.0.all_modules.0.bias';
  const copied = new Map([...weights, [twin, { ...weights.get(name)!, values: weights.get(name)!.values.slice() }]]);
  await importing(t, { folds: [{ weights: copied, aliases: new Map() }] });
  copied.get(twin)!.values[0]! += 1;
  await assert.rejects(importing(t, { folds: [{ weights: copied, aliases: new Map() }] }), {
    code: 'MODEL_NOT_SUPPORTED',
    message: /all_modules\.0\.bias and another name of the same weight hold unlike values/,
  });
});

test('a patch that the machine has no memory for is refused with both numbers', () => {
  assert.throws(() => checkPatchMemory({ patch: [256, 256, 256] }, 12 * 2 ** 30, 8 * 2 ** 30), {
    code: 'MODEL_NOT_SUPPORTED',
    message: 'a patch of 256 x 256 x 256 voxels takes about 12.0 GB in this network, there are 8.0 GB here',
  });
  checkPatchMemory({ patch: [64, 64, 64] }, 2 ** 30, 8 * 2 ** 30);
});

test('a folder of trained models is taken where only one fits', async (t) => {
  const folder = await temporaryFolder(t);
  const own = join(folder, 'Dataset900_Small/nnUNetTrainer__nnUNetPlans__3d_fullres');
  await writeNnUnetFolder(own, small, [fold(1)]);
  const above = join(folder, 'Dataset900_Small');
  await importNnUnet(above, join(folder, 'one'), { propose: true });
  await cp(own, join(above, 'nnUNetTrainer__nnUNetPlans__3d_other'), { recursive: true });
  await assert.rejects(importNnUnet(above, join(folder, 'two'), { propose: true }), {
    code: 'USAGE',
    message: /several trained models/,
  });
  await importNnUnet(above, join(folder, 'three'), { propose: true, configuration: '3d_fullres' });
  // Python writes NaN for a figure that it does not know.
  const plans = await readFile(join(own, 'plans.json'), 'utf8');
  await writeFile(join(own, 'plans.json'), plans.replace('"plans_name"', '"note": [NaN, -Infinity], "plans_name"'));
  await importNnUnet(own, join(folder, 'four'), { propose: true });
});

test('an exported ONNX file with plans.json and dataset.json beside it is the other way in', async (t) => {
  const folder = await temporaryFolder(t);
  const unknown = { network_class_name: 'nnunetv2.UMambaBot', arch_kwargs: {} };
  await writeNnUnetFolder(folder, { ...small, configuration: { architecture: unknown } }, []);
  const onnx = join(folder, 'network.onnx');
  await writeFile(onnx, pointwiseVolumeNetwork([0, 1, 2], [0, 0, 0]));
  const { directory, manifest } = await importExportedNnUnet(onnx, join(folder, 'bundle'), { propose: true });
  assert.deepEqual((manifest as VolumeManifest).volume.tensors, { input: 'image', output: 'logits' });
  await (await loadBundle(directory, '.', { name: 'onnxruntime', device: 'cpu', threads: 1 })).engine.close();
  await writeFile(onnx, pointwiseVolumeNetwork([0, 1], [0, 0]));
  await assert.rejects(importExportedNnUnet(onnx, join(folder, 'bundle'), { propose: true }), {
    code: 'BUNDLE_INVALID',
    message: "the graph's output logits is [batch, 2, slices, rows, columns], plans.json makes [1, 3, 4, 8, 8]",
  });
});

test('models import takes the folder, says which way it took the images, and needs names or --yes', async (t) => {
  const folder = await temporaryFolder(t);
  const source = join(folder, 'results');
  await writeNnUnetFolder(source, small, [fold(1), fold(2)]);
  const out = join(folder, 'models', 'small');
  const refused = await contourNode('models', 'import', source, '--out', out);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^error USAGE: the folder does not say names, types, intended use and licence/);
  const { code, stdout, stderr } = await contourNode('models', 'import', source, '--yes', '--folds', '1', '--out', out);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /small: dataset900-small 1\.0\.0, Parotid_L, Parotid_R\n/);
  assert.match(stdout, /folds 1, without mirroring; the training images are taken to run S, P, L: .*left is left/);
});
