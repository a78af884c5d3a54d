import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { engineFolder } from '../../src/work/paths.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

test('the fastest threads and images at once are measured at the first start and known at the next', async (t) => {
  const data = await temporaryFolder(t);
  const { directory } = await thresholdBundle(t, { name: 'threshold' });
  const load = async (threads = 0) => {
    const { engine } = await loadBundle(directory, '.', { name: 'onnxruntime', device: 'cpu', threads }, data);
    t.after(() => engine.close());
    return engine.images;
  };
  const measured = await load();
  assert.ok(measured !== undefined && measured >= 1, `${measured} images at once`);
  const [name, ...more] = await readdir(join(data, engineFolder));
  assert.deepEqual(more, [], 'one file for one bundle on one machine');
  const file = join(data, engineFolder, name!);

  await writeFile(file, JSON.stringify({ threads: 1, images: 3 }));
  assert.equal(await load(), 3, 'what an earlier start measured holds');
  await writeFile(file, '{');
  assert.notEqual(await load(), undefined, 'a damaged file is measured again');
  assert.match(await readFile(file, 'utf8'), /^\{"threads":\d+,"images":\d+\}$/);

  await load(1);
  assert.equal((await readdir(join(data, engineFolder))).length, 2, 'threads that are configured are another question');
});
