import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { help, main } from '../../bin/models.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { contourNode } from '../support/run-program.ts';
import { temporaryFolder, thresholdBundle, thresholdDescription } from '../support/threshold-bundle.ts';
import { pointwiseNetwork } from '../support/tiny-onnx.ts';

async function configFor(directory: string): Promise<string> {
  const file = join(directory, 'config.yaml');
  await writeFile(file, stringify({ models: { directory } }));
  return file;
}

/** What the command prints, run in this process. */
async function printed(t: TestContext, ...args: string[]): Promise<string> {
  const log = t.mock.method(console, 'log', () => undefined);
  try {
    await main(args);
    return log.mock.calls.map((call) => String(call.arguments[0])).join('\n');
  } finally {
    log.mock.restore();
  }
}

test('models list, verify and export, for a person and for a program', async (t) => {
  const bundle = await thresholdBundle(t);
  const models = join(bundle.directory, '..');
  const config = await configFor(models);
  const list = await contourNode('models', 'list', '--config', config);
  assert.equal(list.code, 0);
  assert.match(list.stdout, /^threshold\s+1\.0\.0\s+demonstration\s+Bright$/m);
  const json = JSON.parse(await printed(t, 'list', '--config', config, '--json')) as { name: string; digest: string }[];
  assert.deepEqual(
    json.map(({ name, digest }) => [name, digest]),
    [['threshold', bundle.digest]],
  );
  assert.match(
    await printed(t, 'verify', '--config', config),
    /^ok +threshold: digests, golden output on onnxruntime, cpu within/m,
  );

  const out = join(models, 'exported.onnx');
  await printed(t, 'export', 'threshold', '--out', out, '--config', config);
  assert.deepEqual(await readFile(out), await readFile(join(bundle.directory, 'model.onnx')));

  await appendFile(join(bundle.directory, 'model.onnx'), 'x');
  const broken = await contourNode('models', 'verify', '--config', config);
  assert.equal(broken.code, 1);
  assert.match(broken.stdout, /^failed +threshold: BUNDLE_DIGEST: model\.onnx/m);
});

test("somebody else's ONNX file becomes a bundle that verifies", async (t) => {
  const folder = await temporaryFolder(t);
  const [onnx, yaml, out] = ['their.onnx', 'their.yaml', 'theirs'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(onnx, pointwiseNetwork({ weights: [[8], [-8]], bias: [-4, 4], activation: 'none' }));
  const { architecture: _, ...description } = thresholdDescription;
  await writeFile(
    yaml,
    stringify({ ...description, name: 'theirs', output: { activation: 'softmax', layout: 'nchw' } }),
  );
  const imported = JSON.parse(await printed(t, 'import', onnx, '--about', yaml, '--out', out, '--json')) as {
    name: string;
  };
  assert.equal(imported.name, 'theirs');
  assert.match(await printed(t, 'verify', 'theirs', '--config', await configFor(folder)), /^ok +theirs/);
});

test('the description in the help text is one that import takes', async (t) => {
  const folder = await temporaryFolder(t);
  const yaml = help.slice(help.indexOf('their.yaml:\n') + 'their.yaml:\n'.length);
  await writeFile(join(folder, 'their.yaml'), yaml);
  const model = pointwiseNetwork({ weights: [[1]], bias: [0], activation: 'none', input: 'image', output: 'logits' });
  await writeFile(join(folder, 'their.onnx'), model);
  const args = [
    'import',
    join(folder, 'their.onnx'),
    '--about',
    join(folder, 'their.yaml'),
    '--out',
    join(folder, 'b'),
  ];
  assert.match(await printed(t, ...args), /theirs 1\.0\.0, Brainstem$/);
});

test('bad calls get one line and an exit code', async (t) => {
  const folder = await temporaryFolder(t);
  const yaml = join(folder, 'd.yaml');
  await writeFile(yaml, stringify({ name: 'Not Allowed' }));
  const onnx = join(folder, 'm.onnx');
  await writeFile(onnx, pointwiseNetwork({ weights: [[1]], bias: [0] }));
  const calls: [string[], number, RegExp][] = [
    [[], 2, /^error USAGE: models needs list, verify, export, import/],
    [['paint'], 2, /^error USAGE: models paint/],
    [['export', 'nobody', '--out', join(folder, 'x')], 2, /^error MODEL_NOT_FOUND: no model bundle nobody/],
    [
      ['import', join(folder, 'absent.onnx'), '--about', yaml, '--out', join(folder, 'b')],
      2,
      /^error PATH_NOT_FOUND: .*absent\.onnx/,
    ],
    [
      ['import', onnx, '--about', yaml, '--out', join(folder, 'b')],
      2,
      /^error CONFIG_INVALID: .*d\.yaml: name: .*; input: /,
    ],
  ];
  for (const [args, code, line] of calls) {
    await assert.rejects(main(args), (error) => {
      assert.ok(error instanceof ContourNodeError, String(error));
      assert.match(error.toLine(), line);
      assert.equal(error.exitCode, code, args.join(' '));
      assert.doesNotMatch(error.toLine(), /\n/);
      return true;
    });
  }
});
