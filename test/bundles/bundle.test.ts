import assert from 'node:assert/strict';
import { appendFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { listBundles, readBundle, verifyDigests } from '../../src/bundles/read-bundle.ts';
import { ContourNodeError, type ErrorCode } from '../../src/errors.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { writeBundle } from '../../worker/bundles/write-bundle.ts';
import { temporaryFolder, thresholdBundle, thresholdDescription } from '../support/threshold-bundle.ts';
import { pointwiseNetwork } from '../support/tiny-onnx.ts';

const onCpu = { name: 'onnxruntime', device: 'cpu', threads: 1 };

function refused(code: ErrorCode, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof ContourNodeError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.equal(error.message.includes('\n'), false, 'one line');
    return true;
  };
}

/** Changes bundle.json as text. */
async function edit(directory: string, change: (manifest: Record<string, unknown>) => void): Promise<void> {
  const path = join(directory, 'bundle.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  change(manifest);
  await writeFile(path, JSON.stringify(manifest));
}

test('a bundle that was written verifies, and its golden output comes back', async (t) => {
  const written = await thresholdBundle(t);
  assert.deepEqual((await readdir(written.directory)).toSorted(), [
    'bundle.json',
    'golden-input.f32',
    'golden-output.f32',
    'model.onnx',
  ]);
  const { bundle, engine } = await loadBundle('threshold', join(written.directory, '..'), onCpu);
  await engine.close();
  assert.equal(bundle.digest, written.digest);
  const output = new Float32Array((await readFile(join(bundle.directory, 'golden-output.f32'))).buffer.slice(0));
  assert.ok(
    output.some((value) => value > 0.2) && output.some((value) => value === 0),
    'the golden input makes the network answer',
  );
});

test('the same description and network give the same bundle', async (t) => {
  const [one, two] = [await thresholdBundle(t), await thresholdBundle(t)];
  assert.equal(one.digest, two.digest);
});

test('a file that was changed, or is gone, is refused', async (t) => {
  const bundle = await thresholdBundle(t);
  for (const file of ['model.onnx', 'golden-input.f32', 'golden-output.f32']) {
    const broken = join(bundle.directory, '..', `broken-${file}`);
    await cp(bundle.directory, broken, { recursive: true });
    await appendFile(join(broken, file), 'x');
    await assert.rejects(openBundle(broken, '.'), refused('BUNDLE_DIGEST', new RegExp(file)));
    await rm(join(broken, file));
    await assert.rejects(openBundle(broken, '.'), refused('BUNDLE_INVALID', /is not there/));
  }
});

test('a manifest that is no JSON, lacks a key or has one too many is refused with the key', async (t) => {
  const { directory } = await thresholdBundle(t);
  await edit(directory, (manifest) => (manifest['colour'] = 'red'));
  await assert.rejects(readBundle(directory), refused('BUNDLE_INVALID', /colour/));
  await edit(directory, (manifest) => (delete manifest['colour'], delete manifest['licence']));
  await assert.rejects(readBundle(directory), refused('BUNDLE_INVALID', /licence/));
  await writeFile(join(directory, 'bundle.json'), '{');
  await assert.rejects(readBundle(directory), refused('BUNDLE_INVALID', /not JSON/));
});

test('a bundle cannot name files outside of its folder', async (t) => {
  const { directory } = await thresholdBundle(t);
  for (const path of ['../model.onnx', '/etc/passwd', 'a/../../model.onnx']) {
    await edit(directory, (manifest) => ((manifest['files'] as { model: { path: string } }).model.path = path));
    await assert.rejects(readBundle(directory), refused('BUNDLE_INVALID', /not in the bundle's folder/));
  }
});

test('an engine that gives other numbers than the golden output is refused', async (t) => {
  const { directory } = await thresholdBundle(t);
  const other = pointwiseNetwork({ weights: [[0.99]], bias: [0.002], activation: 'none' });
  await writeFile(join(directory, 'model.onnx'), other);
  const { createHash } = await import('node:crypto');
  const sha256 = createHash('sha256').update(other).digest('hex');
  await edit(directory, (manifest) => ((manifest['files'] as { model: { sha256: string } }).model.sha256 = sha256));
  await verifyDigests(await readBundle(directory));
  await assert.rejects(loadBundle(directory, '.', onCpu), refused('BUNDLE_GOLDEN', /golden output differs by 0\.00/));
});

test('a model that is not there says so, by name and by path', async (t) => {
  const folder = await temporaryFolder(t);
  await assert.rejects(openBundle('nobody', folder), refused('MODEL_NOT_FOUND', /no model bundle nobody/));
  await mkdir(join(folder, 'empty'));
  await assert.rejects(openBundle(join(folder, 'empty'), folder), refused('MODEL_NOT_FOUND', /empty/));
  assert.deepEqual(await listBundles(join(folder, 'absent')), []);
});

test('a graph that does not fit its description is not written', async (t) => {
  const folder = await temporaryFolder(t);
  const twoChannels = {
    ...thresholdDescription,
    rois: [...thresholdDescription.rois, { ...thresholdDescription.rois[0]!, name: 'Two' }],
  };
  const model = pointwiseNetwork({ weights: [[1]], bias: [0] });
  await assert.rejects(
    writeBundle(join(folder, 'b'), twoChannels, { model }),
    refused('BUNDLE_INVALID', /output of 2x1x128x128, the manifest says 2x2x128x128/),
  );
  const nameless = { ...thresholdDescription, output: { ...thresholdDescription.output, tensor: 'masks' } };
  await assert.rejects(
    writeBundle(join(folder, 'b'), nameless, { model }),
    refused('ENGINE_FAILED', /no output named masks, only output/),
  );
  await assert.rejects(
    writeBundle(join(folder, 'b'), thresholdDescription, { model: Buffer.from('no graph') }),
    refused('ENGINE_FAILED', /does not load/),
  );
  assert.deepEqual(await readdir(folder), [], 'no half-written bundle is left');
});

test('a folder that holds something else is not overwritten', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'thesis.txt'), 'years of work');
  const model = pointwiseNetwork({ weights: [[1]], bias: [0] });
  await assert.rejects(writeBundle(folder, thresholdDescription, { model }), refused('USAGE', /is no bundle/));
  assert.equal(await readFile(join(folder, 'thesis.txt'), 'utf8'), 'years of work');
});
