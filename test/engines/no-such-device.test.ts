import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { engineDevices, missingDevice } from '../../worker/engines/devices.ts';
import { engineChecks } from '../../worker/processes/checks/engines.ts';
import { configSchema } from '../../src/config/schema.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { checkout, contourNode } from '../support/run-program.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

const models = join(checkout, 'models');
const skip = existsSync('/proc/driver/nvidia/version') && 'this machine has an NVIDIA driver';

test('every engine says in words what it cannot run on, and what to do', { skip }, async () => {
  const bundle = await openBundle('phantom-gtvp', models);
  assert.equal(await missingDevice('onnxruntime', 'cpu', bundle), undefined);
  assert.equal(await missingDevice('tensorflow', 'cpu', bundle), undefined);
  const cuda = await missingDevice('onnxruntime', 'cuda', bundle);
  assert.match(cuda!.message, /onnxruntime has no device cuda here: /);
  assert.match(cuda!.remedy, /setup --gpu/);
  const gpu = await missingDevice('tensorflow', 'gpu', bundle);
  assert.match(
    gpu!.message,
    /^TensorFlow (for the GPU (is not installed|does not load)|sees no NVIDIA card on this machine)/,
  );
  assert.match(gpu!.remedy, /setup --gpu/);
  assert.deepEqual(Object.keys(engineDevices), ['onnxruntime', 'tensorflow']);
});

test('doctor lists what each engine sees, and fails for the one that is configured otherwise', { skip }, async () => {
  const outcomes = async (engine: object): Promise<string[]> => {
    const config = configSchema.parse({ engine, models: { directory: models } });
    return Promise.all(
      engineChecks(config).map(({ run }) => run().catch((error: Error) => `failed: ${error.message}`)),
    );
  };
  const [onnxruntime, tensorflow] = await outcomes({ device: 'cpu' });
  assert.match(onnxruntime!, /^cpu, no cuda \(.*\), (no webgpu \(.*\)|webgpu); configured: cpu$/);
  assert.match(tensorflow!, /^cpu, no gpu \(TensorFlow .*\)$/);
  const [withoutCuda, alike] = await outcomes({ device: 'cuda' });
  assert.match(withoutCuda!, /^failed: onnxruntime has no device cuda here/);
  assert.match(alike!, /^cpu, no gpu/, 'which is not configured');
  const [, withoutCard] = await outcomes({ name: 'tensorflow', device: 'gpu' });
  assert.match(withoutCard!, /^failed: TensorFlow /);
});

test('a command for a device that is not there ends at once, in one line', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  const config = join(folder, 'config.yaml');
  await writeFile(config, stringify({ models: { directory: models } }));
  const training = join(checkout, 'config/training/phantom-gtvp.yaml');
  for (const [args, code, line] of [
    [
      ['train', '--config', training, '--out', join(folder, 'b'), '--device', 'gpu'],
      1,
      /^error ENGINE_UNAVAILABLE: TensorFlow /,
    ],
    [['train', '--config', training, '--out', join(folder, 'b'), '--device', 'tpu'], 2, /^error USAGE: --device tpu/],
  ] as const) {
    const outcome = await contourNode(...args);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr, line);
    assert.equal(outcome.stderr.trim().split('\n').length, 1, outcome.stderr);
  }
  const verified = await contourNode('models', 'verify', 'phantom-gtvp', '--device', 'cuda', '--config', config);
  assert.equal(verified.code, 1);
  assert.match(verified.stdout, /^failed {2}phantom-gtvp: ENGINE_UNAVAILABLE: onnxruntime has no device cuda here/);
});
