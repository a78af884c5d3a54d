import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PNG } from 'pngjs';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { tag } from '../../src/dicom/rtstruct/tags.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { checkout, contourNode } from '../support/run-program.ts';
import { sharedData } from '../support/shared-data.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

interface Report {
  ok: boolean;
  stages: { name: string; seconds: number; detail: string }[];
  rois: { name: string; volumeCm3: number; slices: number; dsc?: number }[];
  structureSet: string;
  picture: string;
  dashboard?: string;
}

/** Processes whose command line names this folder. */
function processesOf(folder: string): string[] {
  return globSync('/proc/[0-9]*/cmdline').flatMap((file) => {
    try {
      const command = readFileSync(file, 'latin1').replaceAll('\0', ' ');
      return command.includes(folder) ? [command] : [];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}

/** The demo in the background: its output so far, and its end. */
function startDemo(args: readonly string[]) {
  const child = spawn(join(checkout, 'contour-node'), ['demo', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()));
  return {
    child,
    said: (words: RegExp) =>
      eventually(`${words}`, 120, () => {
        if (child.exitCode !== null && !words.test(output)) throw new Error(output);
        return words.exec(output) ?? undefined;
      }),
    ended: once(child, 'exit').then(() => ({ code: child.exitCode, output })),
  };
}

test('npm run demo -- --mr: MR and registration go the whole way with the CT, and the tumour is found', async (t) => {
  const folder = await temporaryFolder(t);
  const { code, stdout, stderr } = await contourNode('demo', '--mr', '--json', '--out', folder);
  assert.equal(code, 0, stderr);
  const { stages, rois, structureSet } = JSON.parse(stdout) as Report;
  assert.match(stages.find(({ name }) => name === 'intake')!.detail, /phantom-gtvp-mr, with MR by registration$/);
  assert.ok(rois.find(({ name }) => name === 'GTVp^AI')!.dsc! >= 0.9);
  const file = parseDicom(await readFile(structureSet));
  const described = file.items(tag.StructureSetROISequence).map((roi) => roi.string('30060028') ?? '');
  for (const text of described) assert.match(text, /with MR [0-9a-f]{16} of 2026-01-01 by registration [0-9a-f]{16}/);
});

test(
  'npm run demo: the phantom goes all the way, the tumour is found, nothing keeps running',
  { skip: !existsSync(join(checkout, 'models/phantom-gtvp/bundle.json')) && 'no models/phantom-gtvp' },
  async (t) => {
    const folder = await temporaryFolder(t);
    const { code, stdout, stderr } = await contourNode('demo', '--json', '--out', folder);
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout) as Report;
    assert.equal(report.ok, true);
    assert.equal(report.dashboard, undefined, 'nobody answers there any more');
    assert.deepEqual(
      report.stages.map(({ name }) => name),
      ['ct', 'start', 'send', 'intake', 'contour', 'deliver'],
    );
    for (const [name, least] of [
      ['GTVp^AI', 0.9],
      ['CTVp^AI', 0.9],
      ['PTV^AI', 0.9],
      ['External^AI', 0.98],
    ] as const) {
      const dsc = report.rois.find((roi) => roi.name === name)?.dsc;
      assert.ok(dsc !== undefined && dsc >= least, `${name}: ${dsc}`);
    }
    const gtv = report.rois.find(({ name }) => name === 'GTVp^AI');
    assert.ok(gtv !== undefined && gtv.dsc! >= 0.9 && gtv.volumeCm3 > 5 && gtv.slices > 3, JSON.stringify(report.rois));
    assert.ok(report.structureSet.startsWith(folder));
    const structureSet = readRtstruct(await readFile(report.structureSet));
    assert.ok(structureSet.rois.some(({ name, type }) => name === 'GTVp^AI' && type === 'GTV'));
    assert.match(structureSet.label, /DEMO/);
    assert.ok(PNG.sync.read(await readFile(report.picture)).width > 500);
    assert.deepEqual(processesOf(folder), []);
    assert.ok(!existsSync(join(folder, 'data')), 'no patient data stays');
  },
);

test('a tumour drawn far from the truth ends with exit code 1 and one clear line', async (t) => {
  const folder = await temporaryFolder(t);
  const rois = [{ name: 'GTVp', interpretedType: 'GTV', colour: [255, 0, 0] }] as const;
  const bundle = await thresholdBundle(t, { rois: [{ ...rois[0], colour: [255, 0, 0] }] });
  const { code, stdout, stderr } = await contourNode('demo', '--model', bundle.directory, '--out', folder);
  assert.equal(code, 1);
  assert.match(stderr, /^error DEMO_FAILED: GTVp: DSC 0\.\d{3} against the truth, expected at least 0\.90/);
  assert.equal(stderr.trim().split('\n').length, 1);
  assert.match(stdout, /accepted by tps with status 0000/);
  assert.deepEqual(processesOf(folder), []);
});

test('--ct and --keep: a CT of the clinic, the dashboard answers until Ctrl-C', async (t) => {
  const [folder, bundle, { ct }] = [await temporaryFolder(t), await thresholdBundle(t), await phantomCt(t, 3)];
  const demo = startDemo(['--ct', ct, '--model', bundle.directory, '--keep', '--out', folder]);
  t.after(() => void demo.child.kill('SIGKILL'));
  await demo.said(/running; Ctrl-C ends it/);
  const [, dashboard] = await demo.said(/^page +(http:\S+)/m);
  const page = await fetch(dashboard!);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /delivered/);
  await demo.said(/^Bright\^AI +\d+\.\d +\d+ +-$/m);
  demo.child.kill('SIGINT');
  const { code, output } = await demo.ended;
  assert.equal(code, 0, output);
  assert.deepEqual(processesOf(folder), []);
});

test('Ctrl-C on the way ends everything', async (t) => {
  const folder = await temporaryFolder(t);
  const bundle = await thresholdBundle(t);
  const demo = startDemo(['--model', bundle.directory, '--out', folder]);
  t.after(() => void demo.child.kill('SIGKILL'));
  await demo.said(/generated phantom/);
  await eventually('the node was started', 60, () =>
    processesOf(folder).some((line) => line.includes(' node ')) ? true : undefined,
  );
  demo.child.kill('SIGINT');
  const { code, output } = await demo.ended;
  assert.equal(code, 130, output);
  assert.match(output, /interrupted/);
  assert.deepEqual(processesOf(folder), []);
});

test('a killed demo leaves no process behind', async (t) => {
  const folder = await temporaryFolder(t);
  const bundle = await thresholdBundle(t);
  const demo = startDemo(['--model', bundle.directory, '--out', folder]);
  await demo.said(/^start /m);
  demo.child.kill('SIGKILL');
  await demo.ended;
  await eventually('everything ended', 60, () => (processesOf(folder).length === 0 ? true : undefined));
});

test('what cannot work is said in one line', async (t) => {
  const folder = await temporaryFolder(t);
  const rtstruct = sharedData('rtstruct/pinnacle3-9.6.dcm');
  const calls: [string[], number, RegExp][] = [
    [['--seed', 'x'], 2, /^error USAGE: --seed x/],
    [['--ct', join(folder, 'nowhere')], 2, /^error PATH_NOT_FOUND/],
    [['--model', 'no-such-model'], 2, /^error MODEL_NOT_FOUND: .*no-such-model/],
    ...(rtstruct === undefined
      ? []
      : [[['--ct', rtstruct], 1, /^error DICOM_NOT_CT/] satisfies [string[], number, RegExp]]),
  ];
  for (const [args, code, words] of calls) {
    const outcome = await contourNode('demo', ...args, '--out', folder);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr, words);
    assert.equal(outcome.stderr.trim().split('\n').length, 1, outcome.stderr);
  }
  assert.deepEqual(processesOf(folder), []);
});
