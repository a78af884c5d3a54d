import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { networkOf } from '../../worker/networks/network.ts';
import { loadTrainingConfig } from '../../worker/training/training-config.ts';

async function folder(t: TestContext, files: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'contour-node-config-'));
  t.after(() => rm(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

test('every configuration in config/training is valid, and its network can be built', async () => {
  const names = await readdir('config/training', { recursive: true });
  const files = names.filter((name) => name.endsWith('.yaml')).map((name) => join('config/training', name));
  for (const file of files) {
    const network = networkOf(await loadTrainingConfig(file));
    assert.ok(network.layers.length > 10, file);
  }
  const fineTuned = await loadTrainingConfig('config/training/openkbp-head-neck-fine-tune.yaml');
  const { architecture, input, rois } = await loadTrainingConfig('config/training/openkbp-head-neck.yaml');
  const { architecture: own, input: ownInput, rois: ownRois } = fineTuned;
  assert.deepEqual({ own, ownInput, ownRois }, { own: architecture, ownInput: input, ownRois: rois });
});

test('the two networks for OpenKBP differ in name, description and architecture alone', async () => {
  const deeplab = await loadTrainingConfig('config/training/openkbp-head-neck.yaml');
  const unet = await loadTrainingConfig('config/training/openkbp-head-neck-unet.yaml');
  assert.equal(unet.architecture.family, 'unet');
  assert.deepEqual(Object.keys(unet.architecture.parameters), ['channels', 'depth'], 'nothing of the other network');
  assert.deepEqual(
    {
      ...unet,
      architecture: deeplab.architecture,
      bundle: { ...unet.bundle, name: deeplab.bundle.name, description: deeplab.bundle.description },
    },
    deeplab,
  );
});

test('a wrong key of a file that extends another one is named with file and line', async (t) => {
  const directory = await folder(t, {
    'wrong.yaml': `extends: ${join(process.cwd(), 'config/training/phantom-gtvp.yaml').replace(/^/, '../'.repeat(12))}\ntraining:\n  epochs: many\n`,
  });
  await assert.rejects(loadTrainingConfig(join(directory, 'wrong.yaml')), {
    code: 'CONFIG_INVALID',
    message: /wrong\.yaml, line 3: training\.epochs/,
  });
});

test('files that extend each other end in words', async (t) => {
  const directory = await folder(t, { 'a.yaml': 'extends: b.yaml\n', 'b.yaml': 'extends: a.yaml\n' });
  await assert.rejects(loadTrainingConfig(join(directory, 'a.yaml')), {
    code: 'CONFIG_INVALID',
    message: /a\.yaml: extends: the file extends itself/,
  });
});
