import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config/load.ts';
import { asContourNodeError, ContourNodeError } from '../src/errors.ts';
import { archiveCases } from '../worker/archive/archive-cases.ts';
import type { RoiPatterns } from '../worker/archive/roi-patterns.ts';
import { loadBundle } from '../worker/bundles/load-bundle.ts';
import { boxPlot } from '../worker/evaluation/box-plot.ts';
import { evaluatePatient, type EvaluatedModel, type EvaluationRow } from '../worker/evaluation/evaluate-patient.ts';
import {
  evaluationCsv,
  evaluationMarkdown,
  metrics,
  summariseModels,
  valuesOf,
} from '../worker/evaluation/evaluation-tables.ts';
import { progressBar } from './progress.ts';

export const summary = "a bundle's contours against those of an archive, or two bundles against each other";

export const help = `usage: contour-node evaluate --model A [--compare B] --data DIR --out DIR [options]

Draws every patient of an archive (CT with one RTSTRUCT in or above its folder) and compares with the structure set: DSC,
JI, ASD, HD, HD95, surface DSC and volumes. Writes patients.csv, summary.md, box plots (SVG) and an overlay for each
patient (PNG: manual red, A green, B blue) to --out. With --compare also paired tests between the two.
Evaluate on patients that were not trained on.

  --model A          name of a bundle or the path of its folder
  --compare B        a second one
  --roi NAME=REGEX   how the archive names an ROI of the bundle; may be repeated
  --limit N          only the first N patients
  --tolerance MM     of the surface DSC (default 2)
  --config FILE      configuration: engine, models.directory
  --json             the summary as JSON on standard output

examples:
  contour-node evaluate --model phantom-gtvp --data phantoms --out report
  contour-node evaluate --model mine --compare other --data archive --out report --roi 'GTVp=GTV.*p'`;

/** Deeplabv3+ green, U-Net blue, as in the overlays. */
const colours = ['#2ca02c', '#1f77b4'];
/** The four of the paper's figures. */
const figures = new Set(['dsc', 'ji', 'asd', 'hd']);

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
  const archive = await archiveCases(data, patterns);
  const patients = archive.cases.slice(0, limit);
  const models: EvaluatedModel[] = [];
  const bar = progressBar('evaluating', patients.length, { quiet: values.json });
  const rows: EvaluationRow[] = [];
  const failures: string[] = [];
  try {
    for (const name of [model, ...(values.compare === undefined ? [] : [values.compare])]) {
      const loaded = await loadBundle(name, config.models.directory, config.engine);
      const { manifest } = loaded.bundle;
      const known = models.some(({ bundle }) => bundle.manifest.name === manifest.name);
      models.push({ ...loaded, label: known ? `${manifest.name}-${manifest.version}-B` : manifest.name });
    }
    await mkdir(join(out, 'overlays'), { recursive: true });
    for (const [index, patient] of patients.entries()) {
      try {
        const evaluated = await evaluatePatient(patient, models, {
          patterns,
          toleranceMm,
          batchSize: config.engine.batchSize,
        });
        rows.push(...evaluated.rows);
        await writeFile(join(out, 'overlays', `${patient.id}.png`), evaluated.overlay);
      } catch (error) {
        // One unreadable patient does not spoil the others; it is named at the end.
        failures.push(`${patient.id}: ${asContourNodeError(error).toLine()}`);
      }
      bar.update(index + 1);
    }
  } finally {
    bar.end();
    for (const { engine } of models) await engine.close();
  }
  for (const { place, error } of archive.leftOut) console.error(`left out ${place}: ${error.toLine()}`);
  for (const failure of failures) console.error(`left out ${failure}`);
  if (rows.length === 0)
    throw new ContourNodeError('TRAINING_DATA', `no ROI of ${model} is drawn in ${data}`, {
      remedy: 'name the ROIs with --roi NAME=REGEX',
    });
  await writeReport(out, rows, { data, date: new Date().toISOString().slice(0, 10), toleranceMm });
  const summaries = summariseModels(rows);
  if (values.json) {
    console.log(JSON.stringify({ patients: patients.length, leftOut: failures.length, summaries }, undefined, 2));
    return;
  }
  for (const { roi, model: label, metrics: of, notDrawn } of summaries) {
    console.log(
      `${roi.padEnd(16)} ${label.padEnd(24)} DSC ${of.dsc.mean.toFixed(3)} ± ${of.dsc.sd.toFixed(3)}  HD95 ${of.hd95.mean.toFixed(1)} mm  n ${of.dsc.n}${notDrawn > 0 ? `, not drawn in ${notDrawn}` : ''}`,
    );
  }
  console.log(join(out, 'summary.md'));
}

async function writeReport(
  out: string,
  rows: readonly EvaluationRow[],
  about: { data: string; date: string; toleranceMm: number },
): Promise<void> {
  await writeFile(join(out, 'patients.csv'), evaluationCsv(rows));
  await writeFile(join(out, 'summary.md'), evaluationMarkdown(rows, about));
  const labels = [...new Set(rows.map(({ model }) => model))];
  for (const roi of new Set(rows.map((row) => row.roi))) {
    for (const { key, label, unit } of metrics.filter((metric) => figures.has(metric.key))) {
      const boxes = labels.map((name, index) => ({
        label: name,
        colour: colours[index] ?? '#999',
        values: [...valuesOf(rows, roi, name, key).values()],
      }));
      await writeFile(
        join(out, `${roi}-${key}.svg`),
        boxPlot(`${roi}: ${label}`, unit === '' ? label : `${label} in ${unit}`, boxes),
      );
    }
  }
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
