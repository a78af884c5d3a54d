import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sliceManifestOf } from '../../src/bundles/manifest.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { buildNetwork } from '../../worker/networks/network.ts';
import { initialParameters } from '../../worker/networks/parameters.ts';
import { startingParameters, weightsOfBundle } from '../../worker/training/initial-weights.ts';

const shape = [128, 128, 10] as const;

test('a training may begin with the weights of a bundle; layers that do not fit stay as they were drawn', async () => {
  const { weights, source } = await weightsOfBundle('phantom-gtvp', 'models');
  assert.equal(source.name, 'phantom-gtvp');
  const manifest = sliceManifestOf((await openBundle('phantom-gtvp', 'models')).manifest);
  // One ROI more than the bundle has: only the last layer differs.
  const network = buildNetwork(manifest.architecture, shape, manifest.rois.length + 1);
  const started = startingParameters(network, 7, weights);
  const drawn = initialParameters(network, 7);
  assert.deepEqual(started.get('stage3.1.expand/kernel'), weights.get('stage3.1.expand/kernel'));
  assert.notDeepEqual(started.get('stage3.1.expand/kernel'), drawn.get('stage3.1.expand/kernel'));
  assert.deepEqual(started.get('logits/kernel'), drawn.get('logits/kernel'));
});

test('a bundle of another architecture is refused, and so is one without weights', async () => {
  const { weights } = await weightsOfBundle('phantom-gtvp', 'models');
  const unet = buildNetwork({ family: 'unet', parameters: { channels: 4, depth: 2 } }, shape, 5);
  assert.throws(() => startingParameters(unet, 7, weights), { code: 'CHECKPOINT_INVALID' });
  await assert.rejects(weightsOfBundle('no-such-bundle', 'models'), { code: 'MODEL_NOT_FOUND' });
});
