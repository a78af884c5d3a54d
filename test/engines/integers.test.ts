import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { engineFolder } from '../../src/work/paths.ts';
import { loadBundle, type LoadedBundle, networkUses } from '../../worker/bundles/load-bundle.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { writeEnsemble } from '../../worker/bundles/write-ensemble.ts';
import { contourOrder } from '../../worker/order/contour-order.ts';
import { bundleChecks } from '../../worker/processes/checks/bundles.ts';
import { WarmBundles } from '../../worker/processes/warm-bundles.ts';
import { contourNode } from '../support/run-program.ts';
import { integerBundle } from '../support/integer-bundle.ts';
import { orderOnDisk } from '../support/order-on-disk.ts';
import { cylinderWithEllipsoids, grid, writeCtFolder } from '../support/synthetic-ct.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

const onCpu = { name: 'onnxruntime', device: 'cpu', threads: 1 };

async function load(
  t: TestContext,
  ...[name, models, choice, data]: Parameters<typeof loadBundle>
): Promise<LoadedBundle> {
  const loaded = await loadBundle(name, models, choice, data);
  t.after(() => loaded.engine.close());
  return loaded;
}

/** The golden output with integers is another one: what a processor with other arithmetic would give. */
async function spoilGolden(directory: string): Promise<void> {
  const file = join(directory, 'golden-output-int8.f32');
  const values = new Float32Array((await readFile(file)).buffer.slice(0)).map((value) => 1 - value);
  await writeFile(file, values);
  const sha256 = createHash('sha256').update(values).digest('hex');
  const path = join(directory, 'bundle.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as { int8: { golden: { output: { sha256: string } } } };
  manifest.int8.golden.output.sha256 = sha256;
  await writeFile(path, JSON.stringify(manifest));
}

test('onnxruntime on the CPU takes the network with integers, unless float32 is configured', async (t) => {
  const models = await temporaryFolder(t);
  await integerBundle(models);
  const input = new Float32Array(128 * 128).fill(0.3337);
  const answers = new Map<string, number>();
  for (const [device, precision, expected] of [
    ['cpu', undefined, 'int8'],
    ['auto', 'auto', 'int8'],
    ['cpu', 'float32', 'float32'],
  ] as const) {
    const { engine } = await load(t, 'threshold', models, { ...onCpu, device, precision });
    assert.deepEqual([engine.device, engine.precision], ['cpu', expected]);
    const { data } = await engine.run(input, [1, 1, 128, 128]);
    answers.set(expected, data[0]!);
  }
  assert.ok(Math.abs(answers.get('float32')! - 0.3337) < 1e-6, `${answers.get('float32')}`);
  const steps = answers.get('int8')! * 255;
  assert.ok(Math.abs(steps - Math.round(steps)) < 1e-3 && Math.round(steps) === 85, `step ${steps} of 255`);
});

test('a machine that does not give the golden output with integers contours in float32, and says so', async (t) => {
  const models = await temporaryFolder(t);
  const { directory } = await integerBundle(models);
  await spoilGolden(directory);
  const { engine, int8Refused } = await load(t, 'threshold', models, onCpu);
  assert.equal(engine.precision, 'float32');
  assert.equal(int8Refused?.code, 'BUNDLE_GOLDEN');
  assert.match(
    int8Refused.message,
    /on onnxruntime, cpu, int8: golden output differs by [\d.]+, allowed .*; it contours in float32 here/,
  );

  const config = configSchema.parse({ models: { directory: models } });
  const [check] = await bundleChecks(config);
  await assert.rejects(check!.run(), { code: 'BUNDLE_GOLDEN', remedy: /engine\.precision: float32/ });
  const [configured] = await bundleChecks({ ...config, engine: { ...config.engine, precision: 'float32' } });
  assert.match(await configured!.run(), /golden output reproduced by onnxruntime, cpu$/);

  const ct = await writeCtFolder(join(models, 'ct'), brightCt);
  const out = join(models, 'out.dcm');
  const settings = join(models, 'config.yaml');
  await writeFile(settings, JSON.stringify({ models: { directory: models } }));
  const call = ['contour', ct, '--model', 'threshold', '--out', out, '--json', '--force', '--config', settings];
  const contoured = await contourNode(...call);
  assert.equal(contoured.code, 0, contoured.stderr);
  assert.match(contoured.stderr, /^warning BUNDLE_GOLDEN: .*it contours in float32 here/m);
  const { networks } = JSON.parse(contoured.stdout) as { networks: { precision: string }[] };
  assert.deepEqual(
    networks.map(({ precision }) => precision),
    ['float32'],
  );
  const silent = await contourNode(...call, '--precision', 'float32');
  assert.deepEqual([silent.code, silent.stderr], [0, '']);
  const wrong = await contourNode(...call, '--precision', 'int4');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--precision int4: auto or float32/);
});

test('a changed file of the network with integers is refused', async (t) => {
  const models = await temporaryFolder(t);
  const { directory } = await integerBundle(models);
  await writeFile(join(directory, 'model-int8.onnx'), 'x');
  await assert.rejects(openBundle(directory, '.'), { code: 'BUNDLE_DIGEST', message: /model-int8\.onnx/ });
});

test('of an ensemble each member runs with what it has', async (t) => {
  const models = await temporaryFolder(t);
  const whole = await integerBundle(models, 'whole');
  const plain = await thresholdBundle(t, { name: 'plain' });
  const out = join(models, 'both');
  await writeEnsemble(out, [whole, plain], { name: 'both', version: '1.0.0', date: '2026-11-29' });
  const loaded = await load(t, out, '.', onCpu);
  assert.deepEqual(
    networkUses(loaded).map(({ bundle, precision }) => [bundle, precision]),
    [
      ['whole', 'int8'],
      ['plain', 'float32'],
    ],
  );
  await writeFile(join(models, 'config.yaml'), JSON.stringify({ models: { directory: models } }));
  const { stdout } = await contourNode('models', 'verify', 'both', '--config', join(models, 'config.yaml'));
  assert.equal(stdout.match(/within/g)?.length, 3, stdout);
});

test('integers and float32 are measured, and kept loaded, each for itself', async (t) => {
  const models = await temporaryFolder(t);
  const data = await temporaryFolder(t);
  await integerBundle(models);
  for (const precision of ['auto', 'float32', 'auto'])
    await load(t, 'threshold', models, { ...onCpu, device: 'auto', precision }, data);
  assert.equal((await readdir(join(data, engineFolder))).length, 2);

  const warm = new WarmBundles(models, () => false);
  const get = async (precision: string) => (await warm.get('threshold', { ...onCpu, precision })).engine;
  const [integers, float32] = [await get('auto'), await get('float32')];
  assert.deepEqual([integers.precision, float32.precision], ['int8', 'float32']);
  assert.equal(await get('auto'), integers);
  for (const engine of [integers, float32]) await engine.close();
});

const brightCt = cylinderWithEllipsoids(grid([128, 128, 13], [1.7, 1.7, 3]), { centre: [0, 0], radii: [90, 75] }, [
  { centre: [20, -10, 18], radii: [25, 20, 11] },
]);

test('result and structure set of an order say which network contoured', async (t) => {
  const folder = await temporaryFolder(t);
  await integerBundle(folder);
  const uids: string[] = [];
  const orders: string[] = [];
  for (const precision of ['auto', 'float32'] as const) {
    const loaded = await load(t, 'threshold', folder, { ...onCpu, precision });
    const ct = await writeCtFolder(join(folder, `ct-${precision}`), brightCt);
    const order = await orderOnDisk(join(folder, precision), ct, loaded.bundle, { config: { engine: { precision } } });
    orders.push(order.payload.order);
    const result = await contourOrder(order.dataDirectory, order.payload, {
      openEngine: () => Promise.resolve(loaded),
      batchSize: 8,
    });
    const { engine } = loaded;
    const expected = { bundle: 'threshold', version: '1.0.0', engine: 'onnxruntime', device: 'cpu' };
    assert.deepEqual(result.networks, [{ ...expected, precision: engine.precision }]);
    const [set] = result.structureSets;
    uids.push(set!.sopInstanceUid);
    const dataSet = parseDicom(await readFile(join(order.folder, set!.files.implicit!.file)));
    const described = dataSet.string('30060006') ?? '';
    const versions = dataSet.strings('00181020');
    assert.equal(/Computed with 8-bit integers: threshold 1\.0\.0\./.test(described), precision === 'auto', described);
    assert.equal(versions.includes('threshold 1.0.0 int8'), precision === 'auto', versions.join());
  }
  assert.notEqual(uids[0], uids[1]);
  assert.notEqual(orders[0], orders[1], 'a result in float32 is not taken where integers are ordered');
});
