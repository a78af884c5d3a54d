import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { WarmBundles } from '../../worker/processes/warm-bundles.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

const choice = { name: 'onnxruntime', device: 'cpu', threads: 1 } as const;

test('the three models of a recipe stay loaded from CT to CT; where memory is tight the one used longest ago goes', async (t) => {
  const models = await temporaryFolder(t);
  for (const name of ['one', 'two', 'three']) {
    const { directory } = await thresholdBundle(t, { name });
    await cp(directory, join(models, name), { recursive: true });
  }
  let isTight = false;
  const bundles = new WarmBundles(models, () => isTight);
  const get = (name: string) => bundles.get(name, choice);
  const first = [await get('one'), await get('two'), await get('three')];
  assert.deepEqual([await get('one'), await get('two'), await get('three')], first);

  isTight = true;
  const again = [await get('two'), await get('three')];
  assert.deepEqual(again, first.slice(1), 'those used last are still there');
  assert.notEqual(await get('one'), first[0], 'it was closed, and is loaded anew');
  isTight = false;
  for (const name of ['one', 'three']) await (await get(name)).engine.close();
});
