import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config/load.ts';
import { ContourNodeError } from '../src/errors.ts';
import { archiveCases } from '../worker/archive/archive-cases.ts';
import type { LeftOut } from '../worker/archive/match-cases.ts';
import type { RoiPatterns } from '../worker/archive/roi-patterns.ts';
import { type LoadedBundle, loadBundle } from '../worker/bundles/load-bundle.ts';
import { provenanceOf } from '../worker/bundles/provenance.ts';
import { type ArchiveEvaluation, evaluateArchive } from '../worker/evaluation/evaluate-archive.ts';
import type { EvaluatedModel } from '../worker/evaluation/evaluate-patient.ts';
import { evaluatedModels } from '../worker/evaluation/evaluated-models.ts';
import { summariseModels } from '../worker/evaluation/evaluation-tables.ts';
import { recordEvaluation } from '../worker/evaluation/record-evaluation.ts';
import { writeReport } from '../worker/evaluation/write-report.ts';
import { progressBar } from './shared/progress.ts';

export const summary = "a bundle's contours against those of an archive, or two bundles against each other";

export const help = `usage: contour-node evaluate --model A [--compare B] --data DIR --out DIR [options]

Draws every patient of an archive (CT and RTSTRUCT in any layout) and compares with the structure set: DSC, JI, ASD, HD,
HD95, surface DSC and volumes (docs/evaluation.md). Writes patients.csv, summary.md, box plots (SVG) and an overlay for
each patient (PNG: manual red, Deeplabv3+ green, U-Net blue) to --out. With --compare also paired tests between the two.
Patients that a model was trained on are left out. The same call again does only what is not there yet.

  --model A          name of a bundle or the path of its folder
  --compare B        a second one
  --members          of an ensemble also each of its networks alone
  --roi NAME=REGEX   how the archive names an ROI, where it is not as in the bundle's training; may be repeated
  --record NAME      write the figures into the bundles, as those on a data set of this name
  --include-trained  also the patients that a model was trained on
  --unseen           without the patients that chose the epoch of a model in its training
  --limit N          only the first N patients
  --tolerance MM     of the surface DSC (default 2)
  --config FILE      configuration: engine, models.directory
  --json             the summary as JSON on standard output

examples:
  contour-node evaluate --model phantom-gtvp --data phantoms --out report
  contour-node evaluate --model mine --compare other --data archive --out report --roi 'GTVp=GTV.*p'`;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: 'string' },
      compare: { type: 'string' },
      data: { type: 'string' },
      out: { type: 'string' },
      roi: { type: 'string', multiple: true, default: [] },
      limit: { type: 'string' },
      tolerance: { type: 'string', default: '2' },
      config: { type: 'string' },
      record: { type: 'string' },
      'include-trained': { type: 'boolean', default: false },
      unseen: { type: 'boolean', default: false },
      members: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const { model, data, out } = values;
  if (model === undefined || data === undefined || out === undefined) {
    throw new ContourNodeError('USAGE', 'evaluate needs --model A, --data DIR and --out DIR');
  }
  const toleranceMm = positive('--tolerance', values.tolerance);
  const limit = values.limit === undefined ? Infinity : positive('--limit', values.limit);
  const patterns = values.roi.map(roiPattern);
  const { config } = await loadConfig(values.config);
  const loaded: LoadedBundle[] = [];
  try {
    for (const name of [model, ...(values.compare === undefined ? [] : [values.compare])])
      loaded.push(await loadBundle(name, config.models.directory, config.engine));
    const models = evaluatedModels(loaded.flatMap((one) => [one, ...(values.members ? (one.members ?? []) : [])]));
    const reading = progressBar('reading the archive', 1, { quiet: values.json });
    const archive = await archiveCases(data, wantedRois(models, patterns), {
      onFile: (done, total) => reading.update(done / total, `${done} of ${total} files`),
    });
    reading.end();
    const bar = progressBar('evaluating', 1, { quiet: values.json });
    const evaluation = await evaluateArchive(archive.cases.slice(0, limit), models, {
      out,
      patterns,
      toleranceMm,
      batchSize: config.engine.batchSize,
      includeTrained: values['include-trained'],
      unseen: values.unseen,
      onPatient: (done, total) => bar.update(done / total, `${done} of ${total}`),
    });
    bar.end();
    const leftOut = [...archive.leftOut, ...evaluation.leftOut];
    for (const { place, error } of leftOut) console.error(`left out ${place}: ${error.toLine()}`);
    if (evaluation.rows.length === 0) throw nothingCompared(model, data, leftOut);
    const call = `contour-node evaluate --model ${model}${values.compare === undefined ? '' : ` --compare ${values.compare}`}`;
    const date = new Date().toISOString().slice(0, 10);
    await writeReport(out, evaluation, models, {
      command: `${call} --data ${data}`,
      date,
      toleranceMm,
      models: models.map(({ label, bundle, engine }) => {
        const { version, plausibility } = bundle.manifest;
        const usual = Object.entries(plausibility).map(([name, { volumeCm3 }]) => [name, volumeCm3] as const);
        return { label, version, engine: `${engine.name}, ${engine.device}`, usualCm3: Object.fromEntries(usual) };
      }),
      runs: evaluation.runs,
      leftOut: leftOut.length,
      choseTheEpoch: evaluation.choseTheEpoch,
    });
    report(evaluation, leftOut.length, out, values.json);
    if (values.record === undefined) return;
    const summaries = summariseModels(evaluation.rows);
    for (const { bundle, engine, label } of models) {
      // An ensemble knows its members by their digests: they are not written to.
      if (!loaded.some((one) => one.bundle === bundle)) continue;
      const { name } = bundle.manifest;
      // The bundle goes elsewhere: it gets no path of this machine.
      const command = `contour-node evaluate --model ${name} --data ARCHIVE`;
      await recordEvaluation(
        bundle,
        { data: values.record, command, date, engine: `${engine.name}, ${engine.device}` },
        evaluation.runs.filter((run) => run.model === label),
        summaries.filter((summary) => summary.model === label),
      );
    }
  } finally {
    for (const { engine } of loaded) await engine.close();
  }
}

/** What of an archive's structure sets is of interest: every ROI of the models, under its names. */
function wantedRois(models: readonly EvaluatedModel[], given: readonly RoiPatterns[]): RoiPatterns[] {
  return models.flatMap(({ bundle: { manifest } }) => {
    const { patterns } = provenanceOf(manifest);
    return manifest.rois.map(
      ({ name }) => given.find((roi) => roi.name === name) ?? { name, patterns: patterns[name] },
    );
  });
}

function nothingCompared(model: string, data: string, leftOut: readonly LeftOut[]): ContourNodeError {
  const [first] = leftOut;
  if (first !== undefined)
    return new ContourNodeError(
      'TRAINING_DATA',
      `none of the patients in ${data} can be compared; ${leftOut.length} left out, the first because ${first.error.message}`,
      { remedy: first.error.remedy },
    );
  return new ContourNodeError('TRAINING_DATA', `no ROI of ${model} is drawn in ${data}`, {
    remedy: 'name the ROIs with --roi NAME=REGEX',
  });
}

function report({ rows }: ArchiveEvaluation, leftOut: number, out: string, json: boolean): void {
  const summaries = summariseModels(rows);
  if (json) {
    const patients = new Set(rows.map(({ patient }) => patient)).size;
    console.log(JSON.stringify({ patients, leftOut, summaries }, undefined, 2));
    return;
  }
  for (const { roi, model: label, metrics: of, notDrawn } of summaries) {
    const numbers =
      of.dsc.n === 0
        ? 'nothing to compare'
        : `DSC ${of.dsc.mean.toFixed(3)} ± ${of.dsc.sd.toFixed(3)}  HD95 ${of.hd95.mean.toFixed(1)} mm  n ${of.dsc.n}`;
    const absent = notDrawn > 0 ? `, not drawn in ${notDrawn}` : '';
    console.log(`${roi.padEnd(16)} ${label.padEnd(24)} ${numbers}${absent}`);
  }
  console.log(join(out, 'summary.md'));
}

function roiPattern(text: string): RoiPatterns {
  const [, name, pattern] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || pattern === undefined) throw new ContourNodeError('USAGE', `--roi ${text}: NAME=REGEX`);
  try {
    return { name, patterns: [new RegExp(pattern).source] };
  } catch (cause) {
    throw new ContourNodeError('USAGE', `--roi ${text}: no regular expression`, { cause });
  }
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new ContourNodeError('USAGE', `${option} ${text}: a number above 0`);
  return value;
}
