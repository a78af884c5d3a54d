import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PNG } from 'pngjs';
import { readHeader } from '../../src/dicom/read-data-set.ts';
import { seriesDigest } from '../../worker/archive/series-digest.ts';
import { modelCard } from '../../worker/bundles/model-card.ts';
import { openBundle } from '../../worker/bundles/open-bundle.ts';
import { recordedMetrics } from '../../worker/bundles/recorded-metrics.ts';
import { boxPlot } from '../../src/charts/box-plot.ts';
import type { Comparison } from '../../worker/evaluation/compare-masks.ts';
import type { EvaluationRow } from '../../worker/evaluation/evaluate-patient.ts';
import {
  evaluationCsv,
  evaluationMarkdown,
  pairedTests,
  summariseModels,
} from '../../worker/evaluation/evaluation-tables.ts';
import { writePhantom } from '../../worker/phantom/write-phantom.ts';
import { contourNode } from '../support/run-program.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

test('evaluate: two bundles on an archive give CSV, tables with tests, figures and overlays', async (t) => {
  const folder = await temporaryFolder(t);
  const archive = join(folder, 'archive');
  for (const seed of [1, 2, 3]) await writePhantom(join(archive, `patient-${seed}`), seed, { size: 128, slices: 40 });
  const mandible = { name: 'Mandible', interpretedType: 'ORGAN', colour: [255, 200, 0] } as const;
  const rois = [{ ...mandible, colour: [255, 200, 0] as [number, number, number] }];
  const bright = await thresholdBundle(t, { name: 'bright', rois });
  // Cleaned up to its largest component it loses the jaw to the skull.
  const largest = await thresholdBundle(t, {
    name: 'largest',
    rois: [{ ...rois[0]!, cleanUp: { largestComponents: 1 } }],
  });
  const out = join(folder, 'report');
  const call = ['--model', bright.directory, '--compare', largest.directory, '--data', archive, '--out', out, '--json'];
  const { code, stdout, stderr } = await contourNode('evaluate', ...call);
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout) as {
    patients: number;
    summaries: { roi: string; model: string; metrics: { dsc: { n: number } } }[];
  };
  assert.equal(report.patients, 3);
  assert.deepEqual(
    report.summaries.map(({ roi, model }) => [roi, model]),
    [
      ['Mandible', 'bright'],
      ['Mandible', 'largest'],
    ],
  );

  const [head, ...lines] = (await readFile(join(out, 'patients.csv'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  assert.equal(lines.length, 6);
  const [patient] = lines[0]!;
  const own = lines.find((line) => line[0] === patient && line[2] === 'bright')!;
  const dsc = Number(own[head!.indexOf('dsc')]);
  const ji = Number(own[head!.indexOf('ji')]);
  assert.ok(Math.abs(ji - dsc / (2 - dsc)) < 1e-4, 'JI follows from DSC');
  assert.ok(dsc > 0 && dsc < 0.6, 'all bone is not the mandible');

  const markdown = await readFile(join(out, 'summary.md'), 'utf8');
  assert.match(markdown, /## Mandible/);
  assert.match(markdown, /\| bright \| 3 \| 0 \| 0 \| 0\.\d{3} ± /);
  assert.match(markdown, /p, Wilcoxon/);
  assert.match(markdown, /\| bright \| 1\.0\.0 \| onnxruntime, cpu \| \d+ \| 3 of 3 \|/);
  const overlays = await readdir(join(out, 'overlays'));
  assert.equal(overlays.length, 3);
  assert.ok(PNG.sync.read(await readFile(join(out, 'overlays', overlays[0]!))).width > 500);
  for (const metric of ['dsc', 'ji', 'asd', 'hd'])
    assert.match(await readFile(join(out, `Mandible-${metric}.svg`), 'utf8'), /<rect x=/);

  // One patient's figures are lost, another's structure set is drawn anew: the third is not evaluated again.
  const stored = join(out, 'patients');
  const [lost, kept] = (await readdir(stored)).toSorted();
  await rm(join(stored, lost!));
  const before = await stat(join(stored, kept!));
  const again = await contourNode('evaluate', ...call, '--record', 'three phantoms');
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(JSON.parse(again.stdout), report);
  assert.equal((await readdir(stored)).length, 3);
  assert.equal((await stat(join(stored, kept!))).mtimeMs, before.mtimeMs);

  // The figures stand in the bundle, without a path of this machine, and on its card.
  const bundle = await openBundle(bright.directory, '.');
  const [recorded] = recordedMetrics(bundle.manifest).evaluations;
  assert.deepEqual([recorded?.data, recorded?.series, recorded?.rois['Mandible']?.n], ['three phantoms', 3, 3]);
  assert.doesNotMatch(JSON.stringify(bundle.manifest.metrics), /tmp/);
  const mean = recorded?.rois['Mandible']?.dsc?.mean.toFixed(3);
  assert.match(
    modelCard(bundle, []),
    new RegExp(`^three phantoms: 3 CT series.*\n\n.*\n.*\n\\| Mandible \\| 3 \\| 0 \\| ${mean} ± `, 'm'),
  );
});

test('evaluate leaves out every series of a patient that a model was trained on, unless told otherwise', async (t) => {
  const folder = await temporaryFolder(t);
  const archive = join(folder, 'archive');
  const small = { size: 64, slices: 24 };
  await writePhantom(join(archive, 'first'), 1, small);
  await writePhantom(join(archive, 'first-again'), 1, { ...small, slices: 26 });
  await writePhantom(join(archive, 'second'), 2, small);
  const [slice] = await readdir(join(archive, 'first', 'ct'));
  const series = (await readHeader(join(archive, 'first', 'ct', slice!))).string('0020000e')!;
  const trained = await thresholdBundle(t, {
    name: 'trained',
    training: {
      patterns: { Bright: ['mandib.*'] },
      series: { training: [seriesDigest('trained', series)], validation: [] },
    },
  });
  const common = ['--model', trained.directory, '--data', archive, '--out', join(folder, 'report'), '--json'];
  const fair = await contourNode('evaluate', ...common);
  assert.equal(fair.code, 0, fair.stderr);
  assert.match(fair.stderr, /left out first: error TRAINING_DATA: a model was trained on this patient/);
  assert.match(fair.stderr, /left out first-again: /, 'the other series of the same patient');
  assert.equal((JSON.parse(fair.stdout) as { patients: number }).patients, 1);
  const all = await contourNode('evaluate', ...common, '--include-trained');
  assert.equal((JSON.parse(all.stdout) as { patients: number }).patients, 3);
});

test('evaluate: wrong calls and archives end with one clear line', async (t) => {
  const folder = await temporaryFolder(t);
  const bundle = await thresholdBundle(t);
  await mkdir(join(folder, 'empty'));
  await writeFile(join(folder, 'empty', 'notes.txt'), 'no DICOM here');
  await writePhantom(join(folder, 'archive', 'one'), 1, { size: 64, slices: 24 });
  const common = ['--model', bundle.directory, '--out', join(folder, 'report')];
  for (const [args, code, words] of [
    [['--data', folder], 2, /^error USAGE: evaluate needs/],
    [[...common, '--data', join(folder, 'nowhere')], 2, /^error PATH_NOT_FOUND/],
    [[...common, '--data', join(folder, 'empty')], 2, /^error TRAINING_DATA: no structure set/],
    [[...common, '--data', join(folder, 'archive')], 2, /^error TRAINING_DATA: no ROI of/],
    [[...common, '--data', folder, '--roi', 'Bright=['], 2, /^error USAGE: --roi/],
  ] as const) {
    const outcome = await contourNode('evaluate', ...args);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr, words);
  }
});

function row(patient: string, model: string, dsc: number | undefined): EvaluationRow {
  const volumes = { referenceCm3: 10, testCm3: dsc === undefined ? 0 : 9 };
  const comparison: Comparison =
    dsc === undefined
      ? { status: 'test-empty', ...volumes, dsc: undefined, ji: undefined }
      : { status: 'ok', ...volumes, dsc, ji: dsc / (2 - dsc), asd: 1, hd: 5, hd95: 4, surfaceDsc: 0.9 };
  return { patient, roi: 'GTVp', model, comparison };
}

test('an ROI that a model did not find is counted, and neither averaged nor tested', () => {
  const rows = [
    row('p1', 'a', 0.8),
    row('p1', 'b', 0.7),
    row('p2', 'a', 0.6),
    row('p2', 'b', undefined),
    row('p3', 'a', 0.7),
    row('p3', 'b', 0.5),
  ];
  const [a, b] = summariseModels(rows);
  assert.ok(Math.abs(a!.metrics.dsc.mean - 0.7) < 1e-12);
  assert.ok(Math.abs(b!.metrics.dsc.mean - 0.6) < 1e-12);
  assert.deepEqual([a!.notDrawn, b!.notDrawn, b!.metrics.dsc.n], [0, 1, 2]);
  const tests = pairedTests(rows, 'GTVp', 'dsc')!;
  assert.equal(tests.t.n, 2);
  assert.match(evaluationCsv(rows), /^p2,GTVp,b,test-empty,10\.0000,0\.0000,,,,,,$/m);
  const run = { model: 'a', warnings: [{ code: 'END_OF_SCAN', text: 'GTVp: touches the end of the scan' }] };
  const markdown = evaluationMarkdown(rows, {
    command: 'contour-node evaluate',
    date: '2026-01-01',
    toleranceMm: 2,
    models: [{ label: 'a', version: '1.0.0', engine: 'onnxruntime, cpu', usualCm3: { GTVp: [1, 50] } }],
    runs: [
      { ...run, millisecondsPerSlice: 10 },
      { ...run, warnings: [{ code: 'VOLUME', text: 'GTVp: 1.0 cm3' }], millisecondsPerSlice: 20 },
    ],
    leftOut: 1,
    choseTheEpoch: 2,
  });
  assert.match(markdown, /^\| a \| 1\.0\.0 \| onnxruntime, cpu \| 15 \| 1 of 2 \| 1 \|$/m);
  assert.match(markdown, /^2 of the patients were validation patients in training/m);
  assert.match(markdown, /\| b \| 2 \| 1 \| 0 \|/);
  assert.match(markdown, /Deeplabv3\+ \(paper\).*0\.76 ± 0\.11/);
  assert.doesNotMatch(markdown, /references of/);
});

test('references of a size that the training never saw: the figures without them stand beside those with them', () => {
  const slip = row('p3', 'a', 0.1);
  const rows = [
    row('p1', 'a', 0.8),
    row('p2', 'a', 0.7),
    { ...slip, comparison: { ...slip.comparison, referenceCm3: 500 } },
  ];
  const markdown = evaluationMarkdown(rows, {
    command: 'contour-node evaluate',
    date: '2026-01-01',
    toleranceMm: 2,
    models: [{ label: 'a', version: '1.0.0', engine: 'onnxruntime, cpu', usualCm3: { GTVp: [2.5, 90] } }],
    runs: [],
    leftOut: 0,
    choseTheEpoch: 0,
  });
  assert.match(markdown, /^\| a \| 3 \| 0 \| 0 \| 0\.533 ± 0\.379 \(0\.700\)/m);
  assert.match(markdown, /^\| a, references of 2\.5 to 90 cm³ \| 2 \| 0 \| 0 \| 0\.750 ± 0\.071 \(0\.750\)/m);
});

test('box plot: box from the 25th to the 75th percentile, whiskers to the 10th and 90th, names escaped', () => {
  const svg = boxPlot('a < b', 'DSC', [
    { label: 'one & two', colour: '#0f0', values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
  ]);
  assert.match(svg, /a &lt; b/);
  assert.match(svg, /one &amp; two/);
  const box = /<rect x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)" fill="#0f0"/.exec(svg)!;
  // The axis runs from 0 at y = 260 to 10 at y = 34.
  const y = (value: number): number => 260 - (value / 10) * 226;
  assert.ok(Math.abs(Number(box[1]) - y(7.5)) < 0.02);
  assert.ok(Math.abs(Number(box[2]) - (y(2.5) - y(7.5))) < 0.02);
  assert.match(svg, new RegExp(`y2="${y(9).toFixed(1)}`));
  assert.equal(svg.match(/<circle/g)?.length, 2, 'the values beyond the whiskers');
});
