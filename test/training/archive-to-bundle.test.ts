import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readBundle } from '../../src/bundles/read-bundle.ts';
import { checkGolden } from '../../worker/bundles/golden.ts';
import { openEngine } from '../../worker/engines/open-engine.ts';
import type { DataReport } from '../../worker/training/data-report.ts';
import { writePhantom } from '../../worker/phantom/write-phantom.ts';
import { contourNode } from '../support/run-program.ts';

const folder = await mkdtemp(join(tmpdir(), 'contour-node-train-'));
after(() => rm(folder, { recursive: true }));
const archive = join(folder, 'archive');
for (const seed of [1, 2, 3]) await writePhantom(join(archive, `patient-${seed}`), seed, { size: 64, slices: 24 });

const config = `
bundle:
  name: archive
  version: 0.0.1
  description: from three small phantoms
  intendedUse: demonstration
  licence: none
  applicability: { sliceSpacingMm: [1, 20] }
data: { source: dicom, validationShare: 0.3 }
architecture: { family: deeplabv3plus, parameters: { width: 0.25, expansion: 2, pyramidChannels: 16, atrousRates: [1, 2], lowLevelChannels: [8], decoderChannels: [16] } }
input: { spacingMm: 7, sliceSpacingMm: null, size: [32, 32], centre: body, neighbours: 1, windows: [{ low: -60, high: 180 }] }
rois:
  - { name: GTVp, patterns: ['gtv.*'], interpretedType: GTV, colour: [255, 0, 0] }
  - { name: Parotid_L, interpretedType: ORGAN, colour: [0, 255, 0], mirror: Parotid_R }
  - { name: Parotid_R, interpretedType: ORGAN, colour: [0, 255, 0], mirror: Parotid_L }
augmentation: { translationMm: 5 }
training: { epochs: 2, batch: 4, slicesPerEpoch: 16, loss: { dice: 1, crossEntropy: 1 } }
`;
const configFile = join(folder, 'training.yaml');
await writeFile(configFile, config);

function trainCommand(...args: string[]): { status: number | null; out: string; err: string } {
  const command = fileURLToPath(new URL('../../bin/contour-node.ts', import.meta.url));
  const work = args.includes('--work') ? [] : ['--work', join(folder, 'work')];
  const own = [...work, '--cache', join(folder, 'cache')];
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, 'train', ...args, ...own], {
    encoding: 'utf8',
  });
  return { status, out: stdout, err: stderr };
}

test('train takes a folder of CT and RTSTRUCT to a bundle that both engines run alike', async () => {
  const out = join(folder, 'bundle');
  const { status, out: said, err } = trainCommand('--config', configFile, '--data', archive, '--out', out);
  assert.equal(status, 0, err);
  assert.match(said, /^training +2 patients, 2 CT series, 48 slices$/m);
  const bundle = await readBundle(out);
  const { manifest } = bundle;
  assert.deepEqual(
    manifest.rois.map(({ name }) => name),
    ['GTVp', 'Parotid_L', 'Parotid_R'],
  );
  assert.equal(manifest.training['trainingPatients'], 2);
  const [smallest, largest] = manifest.plausibility['GTVp']?.volumeCm3 ?? [0, 0];
  assert.ok(smallest > 1 && largest < 100 && smallest < largest, `GTVp of ${smallest} to ${largest} cm3`);
  const { drawn, aboveMm, fromBodyCentreMm } = manifest.plausibility['Parotid_L'] ?? {};
  assert.equal(drawn, 1);
  assert.ok(fromBodyCentreMm !== undefined && fromBodyCentreMm[0][0] > 0, 'on the left');
  assert.deepEqual(Object.keys(aboveMm ?? {}), ['GTVp']);
  assert.equal(manifest.applicability.trained?.patients, 2);
  const report = join(folder, 'evaluation');
  const evaluated = await contourNode('evaluate', '--model', out, '--data', archive, '--out', report);
  // An early network may find nothing; the patients are told apart all the same.
  assert.equal(evaluated.stderr.match(/left out patient-\d: error TRAINING_DATA: a model was trained on/g)?.length, 2);

  const without = { ...manifest, applicability: { sliceSpacingMm: [1, 20] }, plausibility: {} };
  await writeFile(join(out, 'bundle.json'), JSON.stringify(without));
  const own = ['--training', configFile, '--data', archive, '--cache', join(folder, 'cache')];
  const ranged = await contourNode('models', 'ranges', out, ...own);
  assert.equal(ranged.code, 0, ranged.stderr);
  assert.match(ranged.stdout, /ranges of 2 patients, 0 left out/);
  const again = await readBundle(out);
  assert.deepEqual(again.manifest.plausibility, manifest.plausibility);
  assert.deepEqual(again.manifest.applicability.trained, manifest.applicability.trained);
  for (const name of ['onnxruntime', 'tensorflow']) {
    const engine = await openEngine(bundle, { name, device: 'cpu', threads: 1 });
    assert.ok((await checkGolden(bundle, engine)) <= 1e-3);
    await engine.close();
  }
  assert.equal((await readFile(join(folder, 'work', 'history.jsonl'), 'utf8')).trim().split('\n').length, 2);

  const longer = trainCommand('--config', configFile, '--data', archive, '--out', out, '--epochs', '3', '--json');
  assert.equal(longer.status, 0, longer.err);
  const epochs = longer.out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { epoch: number }).epoch);
  assert.deepEqual(epochs, [3], 'the second call goes on where the first one ended');
});

test('a wrong call or configuration is answered in one line with what to do', async () => {
  const empty = join(folder, 'empty');
  await mkdir(empty);
  const calls: [string[], number, RegExp][] = [
    [['--report-only'], 2, /^error USAGE: train needs --config and --out/],
    [['--config', configFile], 2, /^error USAGE: train needs --config and --out/],
    [['--config', configFile, '--out', 'x'], 2, /^error USAGE: this configuration needs --data DIR/],
    [['--config', join(folder, 'no.yaml'), '--out', 'x'], 2, /^error CONFIG_NOT_FOUND: /],
    [['--config', configFile, '--out', 'x', '--data', join(folder, 'none')], 2, /^error PATH_NOT_FOUND: /],
    [['--config', configFile, '--out', 'x', '--data', empty], 2, /^error TRAINING_DATA: no structure set below /],
  ];
  for (const [args, exit, line] of calls) {
    const { status, err } = trainCommand(...args);
    const said = err.split('\n').filter((text) => text.startsWith('error'));
    assert.equal(said.length, 1, err);
    assert.match(said[0] ?? '', line);
    assert.equal(status, exit);
  }
  const wrong = join(folder, 'wrong.yaml');
  for (const [change, message] of [
    [(text: string) => text.replace('batch: 4', 'batsh: 4'), /wrong\.yaml.*batsh/],
    [
      (text: string) => text.replace('mirror: Parotid_R', 'mirror: Parotid_L'),
      /Parotid_R and Parotid_L do not name each other as mirror/,
    ],
    [(text: string) => text.replace('[32, 32]', '[36, 32]'), /36 x 32 is no multiple of the network's stride 16/],
  ] as const) {
    await writeFile(wrong, change(config));
    const { status, err } = trainCommand('--config', wrong, '--data', archive, '--out', join(folder, 'other'));
    assert.match(err, message);
    assert.match(err, /error CONFIG_INVALID/);
    assert.equal(status, 2);
  }
});

test('an ROI that nobody has is named, with what the archive calls its other ROIs', async () => {
  const absent = join(folder, 'absent.yaml');
  await writeFile(absent, config.replace("patterns: ['gtv.*']", "patterns: ['tumou?r']"));
  const { status, err } = trainCommand('--config', absent, '--data', archive, '--report-only');
  assert.equal(status, 2);
  assert.match(err, /error TRAINING_DATA: no structure set of the archive has GTVp; its other ROIs: .*GTVp/);
});

test('--report-only says what would be learned and what was left out, and trains nothing', async () => {
  const report = join(folder, 'report');
  const spoiled = join(folder, 'spoiled');
  await cp(archive, spoiled, { recursive: true });
  await rm(join(spoiled, 'patient-3', 'ct'), { recursive: true });
  const common = ['--config', configFile, '--data', spoiled, '--report-only', '--work', report];
  const { status, out, err } = trainCommand(...common);
  assert.equal(status, 0, err);
  assert.match(out, /^training +1 patients, 1 CT series, 24 slices$/m);
  assert.match(out, /^GTVp +1 +1 +\d+\.\d +\d+\.\d +\d+\.\d$/m);
  assert.match(out, /^not trained: (Mandible|SpinalCord) \(2\), /m);
  assert.match(out, /^ {2}patient-3: TRAINING_DATA: the archive holds neither the CT series/m);
  assert.deepEqual((await readdir(report)).toSorted(), ['data-report.json', 'data-report.txt']);
  const json = JSON.parse(trainCommand(...common, '--json').out) as DataReport;
  assert.deepEqual(json, JSON.parse(await readFile(join(report, 'data-report.json'), 'utf8')));
  assert.deepEqual(json.patients, { training: 1, validation: 1, test: 0 });
  assert.deepEqual(json.cases.map(({ place }) => place).toSorted(), ['patient-1', 'patient-2']);
});

test('--dry-run says what a training costs here, and writes nothing but the report', async () => {
  const work = join(folder, 'dry-run');
  const common = ['--config', configFile, '--data', archive, '--dry-run', '--work', work];
  const { status, out, err } = trainCommand(...common);
  assert.equal(status, 0, err);
  assert.match(out, /^training +2 patients/m);
  assert.match(out, /^network +deeplabv3plus, [\d,]+ parameters, input 32 x 32 x 3$/m);
  assert.match(out, /^one update +4 samples in [\d.]+ s$/m);
  assert.match(out, /^one epoch +[\d.]+ s: 4 updates, then validation in [\d.]+ s$/m);
  assert.match(out, /^memory +0\.\d GB of \d/m);
  assert.deepEqual((await readdir(work)).toSorted(), ['data-report.json', 'data-report.txt']);
});

test('two ROIs that fit one pattern are named', async () => {
  const broad = join(folder, 'broad.yaml');
  await writeFile(broad, config.replace("patterns: ['gtv.*']", "patterns: ['parotid.*']"));
  const { status, err } = trainCommand('--config', broad, '--data', archive, '--out', join(folder, 'other'));
  assert.equal(status, 2);
  assert.match(err, /Parotid_L and Parotid_R both fit GTVp/);
});
