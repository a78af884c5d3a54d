import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sliceManifestOf } from '../../src/bundles/manifest.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { buildNetwork } from '../../worker/networks/network.ts';
import { initialParameters } from '../../worker/networks/parameters.ts';
import { startingParameters, weightsOfBundle } from '../../worker/training/initial-weights.ts';

const shape = [128, 128, 10] as const;

test('a training may begin with the weights of a bundle; layers that do not fit stay as they were drawn', async () => {
  const from = await weightsOfBundle('phantom-gtvp', 'models');
  const { weights } = from;
  assert.equal(from.source.name, 'phantom-gtvp');
  const manifest = sliceManifestOf((await openBundle('phantom-gtvp', 'models')).manifest);
  // Two ROIs of the bundle, the other way round, and one that it does not know.
  const network = buildNetwork(manifest.architecture, shape, 3);
  const started = startingParameters(network, 7, from, ['Parotid_R', 'Larynx', 'Parotid_L']);
  const drawn = initialParameters(network, 7);
  assert.deepEqual(started.get('stage3.1.expand/kernel'), weights.get('stage3.1.expand/kernel'));
  assert.notDeepEqual(started.get('stage3.1.expand/kernel'), drawn.get('stage3.1.expand/kernel'));
  const names = manifest.rois.map(({ name }) => name);
  const channel = (values: Float32Array | undefined, n: number, of: number) => values?.filter((_, i) => i % of === n);
  for (const array of ['logits/kernel', 'logits/bias']) {
    for (const [n, name] of [
      [0, 'Parotid_R'],
      [2, 'Parotid_L'],
    ] as const) {
      const given = channel(weights.get(array), names.indexOf(name), names.length);
      assert.deepEqual(channel(started.get(array), n, 3), given, `${name} is found by its name, not by its place`);
    }
    assert.deepEqual(channel(started.get(array), 1, 3), channel(drawn.get(array), 1, 3));
  }
});

test('a bundle of another architecture is refused, and so is one without weights', async () => {
  const from = await weightsOfBundle('phantom-gtvp', 'models');
  const unet = buildNetwork({ family: 'unet', parameters: { channels: 4, depth: 2 } }, shape, 5);
  assert.throws(() => startingParameters(unet, 7, from, from.rois), { code: 'CHECKPOINT_INVALID' });
  await assert.rejects(weightsOfBundle('no-such-bundle', 'models'), { code: 'MODEL_NOT_FOUND' });
});
