import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writePhantom } from '../../worker/phantom/write-phantom.ts';
import { integerBundle } from '../support/integer-bundle.ts';
import { contourNode } from '../support/run-program.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

test('figures of a patient in float32 are not taken for those with integers', async (t) => {
  const folder = await temporaryFolder(t);
  const { directory } = await integerBundle(folder);
  const archive = join(folder, 'archive');
  await writePhantom(join(archive, 'patient'), 1, { size: 128, slices: 20 });
  const out = join(folder, 'report');
  const keys: string[] = [];
  for (const precision of ['auto', 'float32']) {
    const config = join(folder, `${precision}.yaml`);
    await writeFile(config, JSON.stringify({ models: { directory: folder }, engine: { precision } }));
    const call = [
      '--model',
      directory,
      '--data',
      archive,
      '--out',
      out,
      '--roi',
      'Bright=Mandible',
      '--config',
      config,
    ];
    const { code, stderr } = await contourNode('evaluate', ...call);
    assert.equal(code, 0, stderr);
    const [stored] = await readdir(join(out, 'patients'));
    keys.push((JSON.parse(await readFile(join(out, 'patients', stored!), 'utf8')) as { key: string }).key);
    const engine = precision === 'auto' ? 'onnxruntime, cpu, int8' : 'onnxruntime, cpu';
    assert.match(await readFile(join(out, 'summary.md'), 'utf8'), new RegExp(`\\| ${engine} \\|`));
  }
  assert.notEqual(keys[0], keys[1]);
});
