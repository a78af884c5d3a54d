import assert from 'node:assert/strict';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { VolumeManifest } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { importModel } from '../../worker/bundles/import-model.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { prepareImage, segmentVolume } from '../../worker/segmentation/segment-volume.ts';
import type { Volume } from '../../worker/volume/volume.ts';
import { neighbourhoodNetwork, smallMetadata, writeMonaiFolder, type SmallBundle } from '../support/monai-folder.ts';
import { checkout, contourNode } from '../support/run-program.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

type Json = Record<string, unknown>;

/** A bundle folder, changed before it is imported. */
async function importing(
  t: TestContext,
  which: SmallBundle,
  change: {
    /** Of configs/inference.json. */
    inference?: (config: Json) => void;
    metadata?: (metadata: ReturnType<typeof smallMetadata>) => void;
    about?: string;
    afterwards?: (folder: string) => Promise<void>;
  } = {},
): Promise<Bundle> {
  const folder = await temporaryFolder(t);
  const source = join(folder, 'small_bundle');
  await writeMonaiFolder(source, which);
  const inference = join(source, 'configs/inference.json');
  const config = JSON.parse(await readFile(inference, 'utf8')) as Json;
  change.inference?.(config);
  await writeFile(inference, JSON.stringify(config));
  const metadata = smallMetadata(which);
  change.metadata?.(metadata);
  await writeFile(join(source, 'configs/metadata.json'), JSON.stringify(metadata));
  await change.afterwards?.(source);
  const about = change.about === undefined ? undefined : join(folder, 'about.yaml');
  if (about !== undefined) await writeFile(about, change.about!);
  const options = { about, propose: true, configuration: undefined, folds: undefined };
  return importModel(source, join(folder, 'bundle'), options);
}

const transformsOf = (config: Json, id: string) => (config[id] as { transforms: Json[] }).transforms;

/** The CT of expected-labels.py. */
function smallCt(): Volume {
  const size = [14, 12, 9] as const;
  const hu = new Int16Array(size[0] * size[1] * size[2]);
  for (let v = 0; v < hu.length; v += 1) {
    const [x, y, z] = [v % 14, Math.trunc(v / 14) % 12, Math.trunc(v / (14 * 12))] as const;
    hu[v] = 250 - 9 * (x - 6) ** 2 - 7 * (y - 5) ** 2 - 20 * (z - 4) ** 2 + ((x * 37 + y * 61 + z * 101) % 97);
  }
  const z = Float64Array.from({ length: size[2] }, (_, k) => -20 + 3.1 * k);
  return { grid: { size, spacing: [1.2, 1.5], origin: [-8, 5], z }, hu };
}

for (const which of ['gaussian', 'constant', 'threshold'] as const) {
  test(`${which}: every voxel gets the label that MONAI gives it`, async (t) => {
    const { directory } = await importing(t, which);
    const bundle = await loadBundle(directory, '.', { name: 'onnxruntime', device: 'cpu', threads: 1 });
    t.after(() => bundle.engine.close());
    const { volume } = bundle.bundle.manifest as VolumeManifest;
    const ct = smallCt();
    const { labels } = await segmentVolume(bundle.engine, ct.grid, prepareImage(ct, volume), volume);
    const expected = JSON.parse(await readFile(join(checkout, 'test/monai/expected-labels.json'), 'utf8')) as Record<
      SmallBundle,
      string[]
    >;
    const slices = expected[which].map((_, k) => labels.subarray(k * 14 * 12, (k + 1) * 14 * 12).join(''));
    assert.deepEqual(slices, expected[which]);
  });
}

test('what the bundle says of itself stands in the manifest, and about.yaml has the last word', async (t) => {
  const { manifest } = await importing(t, 'constant');
  assert.equal(manifest.name, 'small-parotid-segmentation');
  assert.equal(manifest.version, '0.3.1');
  assert.equal(manifest.licence, 'nobody');
  assert.equal(manifest.intendedUse, 'research');
  assert.equal(manifest.applicability.notes, 'For tests only');
  assert.deepEqual(
    manifest.rois.map(({ name, cleanUp }) => [name, cleanUp.largestComponents]),
    [
      ['Parotid_L', undefined],
      ['Parotid_R', 1],
    ],
  );
  assert.deepEqual((manifest as VolumeManifest).volume.axes, ['L', 'P', 'S']);
  const about = 'licence: ours\nlabels: { parotid_left: null, parotid_right: { name: Other, cleanUp: {} } }';
  const { manifest: own } = await importing(t, 'constant', { about });
  assert.deepEqual([own.licence, own.rois.map(({ name }) => name)], ['ours', ['Other']]);
  assert.deepEqual((own as VolumeManifest).volume.labels, [[2]]);
});

test('`models import` takes such a folder as it takes one of nnU-Net', async (t) => {
  const folder = await temporaryFolder(t);
  await writeMonaiFolder(join(folder, 'small'), 'gaussian');
  const run = await contourNode('models', 'import', join(folder, 'small'), '--yes', '--out', join(folder, 'bundle'));
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /small-parotid-segmentation 0\.3\.1, Parotid_L, Parotid_R/);
});

/** What is refused, and the line that says so. */
const refused: readonly [string, Parameters<typeof importing>[2], RegExp][] = [
  [
    'a transform that is not known',
    {
      inference: (config) =>
        transformsOf(config, 'preprocessing').splice(3, 0, { _target_: 'RandFlipd', keys: ['image'], prob: 0.5 }),
    },
    /preprocessing::transforms::3: the transform RandFlipd is not supported/,
  ],
  [
    'a crop that depends on the image',
    {
      inference: (config) =>
        transformsOf(config, 'preprocessing').push({ _target_: 'CropForegroundd', keys: 'image', source_key: 'image' }),
    },
    /the transform CropForegroundd is not supported/,
  ],
  [
    'a class of the bundle itself',
    {
      inference: (config) =>
        (transformsOf(config, 'postprocessing')[0]!['_target_'] = 'scripts.transforms.Activationsd'),
    },
    /scripts\.transforms\.Activationsd, which is none of MONAI's classes/,
  ],
  [
    'Python where a value is needed',
    { inference: (config) => (config['pixdim'] = '$[1.5] * 3') },
    /inference\.json: pixdim is \$\[1\.5\] \* 3, only plain values and references are read/,
  ],
  [
    'an argument that changes the image',
    { inference: (config) => (transformsOf(config, 'preprocessing')[3]!['scale_extent'] = true) },
    /Spacingd\): scale_extent is true, which is not supported/,
  ],
  [
    'an argument that nobody knows',
    { inference: (config) => (transformsOf(config, 'preprocessing')[3]!['surprise'] = 1) },
    /Spacingd\): surprise is 1, which is not supported/,
  ],
  [
    'a reference to nothing',
    { inference: (config) => (config['pixdim'] = '@spacing') },
    /pixdim refers to spacing, which is not there/,
  ],
  [
    'a reference to itself',
    { inference: (config) => (config['pixdim'] = ['@pixdim', 1, 1]) },
    /pixdim.* refers to itself/,
  ],
  [
    'another inferer',
    { inference: (config) => (config['inferer'] = { _target_: 'SimpleInferer' }) },
    /the inferer SimpleInferer is not supported/,
  ],
  [
    'labels that stay on the grid of the network',
    { inference: (config) => transformsOf(config, 'postprocessing').splice(1, 1) },
    /no Invertd/,
  ],
  [
    'no decision',
    { inference: (config) => transformsOf(config, 'postprocessing').splice(2, 1) },
    /no AsDiscreted with argmax or a threshold/,
  ],
  [
    'two inputs',
    { metadata: ({ network_data_format: { inputs } }) => (inputs['pet'] = { num_channels: 1, modality: 'PT' }) },
    /the network has 2 inputs \(image, pet\), one is supported/,
  ],
  [
    'an image of two channels',
    { metadata: ({ network_data_format: { inputs } }) => (inputs['image']!.num_channels = 2) },
    /image has 2 channels, a CT has one/,
  ],
  [
    'an MR',
    { metadata: ({ network_data_format: { inputs } }) => (inputs['image']!.modality = 'MR') },
    /the modality of image is MR, not CT/,
  ],
  [
    'a first channel that is no background',
    { metadata: ({ network_data_format: { outputs } }) => (outputs.pred.channel_def['0'] = 'liver') },
    /channel 0 must be the background and others follow, it is liver/,
  ],
  [
    'a network of other channels',
    {
      metadata: ({ network_data_format: { outputs } }) => {
        outputs.pred.num_channels = 4;
        outputs.pred.channel_def['3'] = 'spinal_cord';
      },
    },
    /output pred is \[batch, 3, x, y, z\], the bundle makes \[1, 4, 8, 8, 6\]/,
  ],
  [
    'no inference.json',
    { afterwards: (folder) => rm(join(folder, 'configs/inference.json')) },
    /small_bundle has no configs\/inference\.json/,
  ],
  [
    'weights without a graph',
    { afterwards: (folder) => rename(join(folder, 'models/model.onnx'), join(folder, 'models/model.pt')) },
    /small_bundle has no models\/model\.onnx, only models\/model\.pt/,
  ],
  ['labels that about.yaml names otherwise', { about: 'labels: { parotid: {} }' }, /labels\.parotid is no label/],
  ['axes that are said twice', { about: 'axes: [R, A, S]' }, /axes stands beside an Orientationd/],
];

for (const [what, change, message] of refused) {
  test(`one line says what is wrong: ${what}`, async (t) => {
    await assert.rejects(importing(t, 'gaussian', change), (error: Error) => {
      assert.match(error.message, message);
      assert.ok(!error.message.includes('\n'));
      return true;
    });
  });
}

test('regions that overlap are refused: a voxel has one label here', async (t) => {
  const metadata = ({ network_data_format: { outputs } }: ReturnType<typeof smallMetadata>) => {
    outputs.pred.num_channels = 2;
    outputs.pred.channel_def['1'] = 'oedema';
  };
  const twoChannels = (folder: string) => writeFile(join(folder, 'models/model.onnx'), neighbourhoodNetwork(2));
  await assert.rejects(
    importing(t, 'threshold', { metadata, afterwards: twoChannels }),
    /a threshold for 2 channels \(lesion, oedema\) lets them overlap/,
  );
});
