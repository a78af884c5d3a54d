import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

const loadBundle = new URL('../../worker/bundles/load-bundle.ts', import.meta.url).href;

test('ONNX Runtime reports nothing to its maker: it makes no identifier of this machine', async (t) => {
  const home = await temporaryFolder(t);
  const { directory } = await thresholdBundle(t);
  const code = `import { basename, dirname } from 'node:path';
    const { loadBundle } = await import('${loadBundle}');
    const settings = { name: 'onnxruntime', device: 'cpu', threads: 1, batchSize: 1 };
    const { engine } = await loadBundle(basename(process.argv[1]), dirname(process.argv[1]), settings);
    await engine.close();`;
  // Nothing of the caller's environment but the path: ORT_DISABLE_TELEMETRY may be set there.
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, directory], {
    env: { PATH: process.env['PATH'], HOME: home },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [exit] = (await once(child, 'exit')) as [number | null];
  assert.equal(exit, 0);
  // Left alone, version 1.30 writes .cache/Microsoft/DeveloperTools/.onnxruntime/deviceid there.
  assert.deepEqual(await readdir(home, { recursive: true }), []);
});
