import { isCheck } from '../../src/warning.ts';
import type { EvaluationRow, ModelRun } from './evaluate-patient.ts';
import { pairedTTest, summarise, wilcoxonSignedRank, type Summary, type TestResult } from './statistics.ts';

/** The metrics of DESIGN section 8, in the order of every table. */
export const metrics = [
  { key: 'dsc', label: 'DSC', unit: '', digits: 3 },
  { key: 'ji', label: 'JI', unit: '', digits: 3 },
  { key: 'asd', label: 'ASD', unit: 'mm', digits: 2 },
  { key: 'hd', label: 'HD', unit: 'mm', digits: 2 },
  { key: 'hd95', label: 'HD95', unit: 'mm', digits: 2 },
  { key: 'surfaceDsc', label: 'surface DSC', unit: '', digits: 3 },
] as const;
export type Metric = (typeof metrics)[number]['key'];

/** Xue et al. 2020 (DESIGN section 8): mean and standard deviation, and p of Deeplabv3+ against U-Net. */
const paper = {
  'Deeplabv3+ (paper)': { dsc: '0.76 ± 0.11', ji: '0.63 ± 0.13', asd: '3.4 ± 2.0', hd: '10.9 ± 8.6' },
  'U-Net (paper)': { dsc: '0.73 ± 0.13', ji: '0.59 ± 0.14', asd: '3.8 ± 3.3', hd: '11.1 ± 7.5' },
  'p (paper)': { dsc: '<0.001', ji: '<0.001', asd: '0.014', hd: '0.745' },
} as const;
const paperNote =
  "The paper's rows are for the GTVp of other patients, contoured by other physicians, on the CT of another hospital; PTV70 is only a substitute for it.";
/** ROIs that are compared with the paper's tumour. */
const paperRois = /^(GTVp|PTV70)/;

/** The values of one metric, patients in the order of the rows; a patient with an empty structure has none. */
export function valuesOf(
  rows: readonly EvaluationRow[],
  roi: string,
  model: string,
  metric: Metric,
): Map<string, number> {
  const values = new Map<string, number>();
  for (const row of rows) {
    if (row.roi !== roi || row.model !== model || row.comparison.status !== 'ok') continue;
    values.set(row.patient, row.comparison[metric] ?? NaN);
  }
  return values;
}

/** One line a patient, ROI and model; numbers of empty structures stay empty. */
export function evaluationCsv(rows: readonly EvaluationRow[]): string {
  const head = [
    'patient',
    'roi',
    'model',
    'status',
    'reference_cm3',
    'model_cm3',
    'dsc',
    'ji',
    'asd_mm',
    'hd_mm',
    'hd95_mm',
    'surface_dsc',
  ];
  const lines = rows.map(({ patient, roi, model, comparison }) => {
    const numbers = metrics.map(({ key }) => (comparison.status === 'ok' ? comparison[key]?.toFixed(5) : ''));
    return [
      patient,
      roi,
      model,
      comparison.status,
      comparison.referenceCm3.toFixed(4),
      comparison.testCm3.toFixed(4),
      ...numbers,
    ].join(',');
  });
  return `${[head.join(','), ...lines].join('\n')}\n`;
}

export interface ModelSummary {
  readonly roi: string;
  readonly model: string;
  readonly metrics: Readonly<Record<Metric, Summary>>;
  /** Patients without numbers: the model found nothing although the reference has the ROI, or the reverse. */
  readonly notDrawn: number;
  readonly referenceEmpty: number;
}

export function summariseModels(rows: readonly EvaluationRow[]): ModelSummary[] {
  return distinct(rows, 'roi').flatMap((roi) =>
    distinct(rows, 'model').flatMap((model) => {
      const own = rows.filter((row) => row.roi === roi && row.model === model);
      if (own.length === 0) return [];
      const having = (status: string): number => own.filter(({ comparison }) => comparison.status === status).length;
      const of = (metric: Metric): Summary => summarise([...valuesOf(rows, roi, model, metric).values()]);
      const summaries = Object.fromEntries(metrics.map(({ key }) => [key, of(key)])) as Record<Metric, Summary>;
      return [
        {
          roi,
          model,
          metrics: summaries,
          notDrawn: having('test-empty'),
          referenceEmpty: having('reference-empty') + having('both-empty'),
        },
      ];
    }),
  );
}

/** The figures of one ROI and model in a line for a terminal. */
export function summaryLine({ roi, model, metrics: { dsc, hd95 }, notDrawn }: ModelSummary): string {
  const numbers =
    dsc.n === 0
      ? 'nothing to compare'
      : `DSC ${dsc.mean.toFixed(3)} ± ${dsc.sd.toFixed(3)}  HD95 ${hd95.mean.toFixed(1)} mm  n ${dsc.n}`;
  const absent = notDrawn > 0 ? `, not found in ${notDrawn}` : '';
  return `${roi.padEnd(16)} ${model.padEnd(24)} ${numbers}${absent}`;
}

/**
 * The paired tests of one metric, over the patients where both models have a number.
 * @param other the model that is compared with the first, by its place
 */
export function pairedTests(
  rows: readonly EvaluationRow[],
  roi: string,
  metric: Metric,
  other = 1,
): { t: TestResult; wilcoxon: TestResult } | undefined {
  const models = distinct(rows, 'model').map((model) => valuesOf(rows, roi, model, metric));
  const [first, second] = [models[0], models[other]];
  if (first === undefined || second === undefined) return undefined;
  const patients = [...first.keys()].filter((patient) => second.has(patient));
  const [a, b] = [patients.map((patient) => first.get(patient)!), patients.map((patient) => second.get(patient)!)];
  return { t: pairedTTest(a, b), wilcoxon: wilcoxonSignedRank(a, b) };
}

/** What a report contains besides its numbers. */
export interface ReportFacts {
  /** The call that made it. */
  readonly command: string;
  readonly date: string;
  readonly toleranceMm: number;
  readonly models: readonly {
    readonly label: string;
    readonly version: string;
    readonly engine: string;
    /** Per ROI, from its training: cm³. */
    readonly usualCm3: Readonly<Record<string, readonly [number, number]>>;
  }[];
  readonly runs: readonly ModelRun[];
  readonly leftOut: number;
  /** Validation patients of a model's training: they chose its epoch. */
  readonly choseTheEpoch: number;
}

/** Markdown: a table for each ROI, mean ± SD (median); a tumour's also has the numbers of the paper. */
export function evaluationMarkdown(rows: readonly EvaluationRow[], facts: ReportFacts): string {
  const lines = [
    '# Evaluation',
    '',
    `${distinct(rows, 'patient').length} CT series, ${facts.leftOut} left out, ${facts.date}: \`${facts.command}\`.`,
    `In mm, in 3-D, on the CT's own grid: mean ± SD (median); surface DSC at ${facts.toleranceMm} mm. Empty structures`,
    'are counted, not averaged. docs/evaluation.md defines each metric.',
    ...(facts.choseTheEpoch > 0
      ? [`${facts.choseTheEpoch} of the patients were validation patients in training: they chose the epoch.`]
      : []),
    '',
    ...modelLines(facts),
  ];
  const titles = metrics.map(({ label, unit }) => (unit === '' ? label : `${label} (${unit})`));
  const summaries = summariseModels(rows);
  for (const roi of distinct(rows, 'roi')) {
    lines.push(
      '',
      `## ${roi}`,
      '',
      `| model | n | not found | no reference | ${titles.join(' | ')} |`,
      `| --- | --- | --- | --- |${' --- |'.repeat(titles.length)}`,
    );
    for (const summary of summaries.filter((one) => one.roi === roi)) lines.push(summaryRow(summary.model, summary));
    lines.push(...usualReferences(rows, roi, facts));
    lines.push(...testRows(rows, roi));
    if (!paperRois.test(roi)) continue;
    for (const [label, numbers] of Object.entries(paper)) {
      const cells = metrics.map(({ key }) => (key in numbers ? (numbers as Partial<Record<Metric, string>>)[key] : ''));
      lines.push(`| ${label} | 15 | | | ${cells.join(' | ')} |`);
    }
    lines.push('', paperNote);
  }
  return `${lines.join('\n')}\n`;
}

/** The paired tests of the first model and each other one. */
function testRows(rows: readonly EvaluationRow[], roi: string): string[] {
  const [, ...others] = distinct(rows, 'model');
  return others.flatMap((model, index) =>
    (['t', 'wilcoxon'] as const).flatMap((test) => {
      const results = metrics.map(({ key }) => pairedTests(rows, roi, key, index + 1)?.[test]);
      if (results[0] === undefined) return [];
      const label = `p, ${test === 't' ? 'paired t-test' : 'Wilcoxon'}${others.length > 1 ? `, with ${model}` : ''}`;
      return `| ${label} | ${results[0].n} | | | ${results.map((result) => probability(result?.p)).join(' | ')} |`;
    }),
  );
}

/**
 * A row for each model whose references include sizes outside of its training data: the figures without these references.
 * A spinal cord of half a litre is a mistake in the reference.
 */
function usualReferences(rows: readonly EvaluationRow[], roi: string, { models }: ReportFacts): string[] {
  return models.flatMap(({ label, usualCm3 }) => {
    const [least, most] = usualCm3[roi] ?? [0, Infinity];
    const own = rows.filter((row) => row.roi === roi && row.model === label);
    const usual = own.filter(({ comparison: { referenceCm3 } }) => referenceCm3 >= least && referenceCm3 <= most);
    const [summary] = summariseModels(usual);
    if (usual.length === own.length || summary === undefined) return [];
    return [summaryRow(`${label}, references of ${least} to ${most} cm³`, summary)];
  });
}

function summaryRow(title: string, { metrics: of, notDrawn, referenceEmpty }: ModelSummary): string {
  const cells = metrics.map(({ key, digits }) => formatted(of[key], digits));
  return `| ${title} | ${of.dsc.n} | ${notDrawn} | ${referenceEmpty} | ${cells.join(' | ')} |`;
}

/** The worker gave no warning. The end of the scan does not count, as it is no difference from the training data. */
export function isSilent({ warnings }: Pick<ModelRun, 'warnings'>): boolean {
  return warnings.every(({ code }) => code === 'END_OF_SCAN' || code === 'CUT_SCAN');
}

/** A table of the models: engine, device, speed, and how often the worker warned. */
function modelLines({ models, runs }: ReportFacts): string[] {
  const lines = [
    '| model | version | engine | ms a slice (median) | CT series without any warning | that somebody has to look at |',
    '| --- | --- | --- | --- | --- | --- |',
  ];
  for (const { label, version, engine } of models) {
    const own = runs.filter(({ model }) => model === label);
    const median = summarise(own.map(({ millisecondsPerSlice }) => millisecondsPerSlice)).median;
    const silent = own.filter(isSilent).length;
    const toCheck = own.filter(({ warnings }) => warnings.some(isCheck)).length;
    lines.push(
      `| ${label} | ${version} | ${engine} | ${median.toFixed(0)} | ${silent} of ${own.length} | ${toCheck} |`,
    );
  }
  return [
    ...lines,
    '| Deeplabv3+ (paper) | | Keras, Tesla P40 | 16 | | |',
    '| U-Net (paper) | | Keras, Tesla P40 | 14 | | |',
  ];
}

function formatted({ n, mean, sd, median }: Summary, digits: number): string {
  if (n === 0) return '-';
  const spread = Number.isNaN(sd) ? '' : ` ± ${sd.toFixed(digits)}`;
  return `${mean.toFixed(digits)}${spread} (${median.toFixed(digits)})`;
}

function probability(p: number | undefined): string {
  if (p === undefined || Number.isNaN(p)) return '-';
  return p < 0.001 ? '<0.001' : p.toFixed(3);
}

function distinct(rows: readonly EvaluationRow[], key: 'patient' | 'roi' | 'model'): string[] {
  return [...new Set(rows.map((row) => row[key]))];
}
