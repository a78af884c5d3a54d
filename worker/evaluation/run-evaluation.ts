import type { Bundle } from '../../src/bundles/read-bundle.ts';
import type { Config } from '../../src/config/schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { archiveCases } from '../archive/archive-cases.ts';
import { archivedRois } from '../archive/archived-rois.ts';
import type { LeftOut } from '../archive/match-cases.ts';
import type { RoiPatterns } from '../archive/roi-patterns.ts';
import { enginesText, type LoadedBundle, loadBundle } from '../bundles/load-bundle.ts';
import { type ArchiveEvaluation, evaluateArchive } from './evaluate-archive.ts';
import type { EvaluatedModel } from './evaluate-patient.ts';
import { evaluatedModels, withVariants } from './evaluated-models.ts';
import type { InputVariant } from './input-variant.ts';
import { type ModelSummary, summariseModels } from './evaluation-tables.ts';
import { recordEvaluation } from './record-evaluation.ts';
import { writeReport } from './write-report.ts';

export interface EvaluationCall {
  /** One bundle, or two that are compared: names or paths of their folders. */
  readonly names: readonly [string, ...string[]];
  /** Folder of CT and RTSTRUCT in any layout. */
  readonly archive: string;
  /** Folder of the report. */
  readonly out: string;
  /** How the archive names ROIs that it names otherwise than the bundle's training. */
  readonly patterns: readonly RoiPatterns[];
  /** The first so many cases only; Infinity: all. */
  readonly limit: number;
  readonly toleranceMm: number;
  /** Also patients that a model was trained on. */
  readonly includeTrained: boolean;
  /** Without the patients that chose the epoch of a model in its training. */
  readonly unseen: boolean;
  /** Of an ensemble also each of its networks alone. */
  readonly members: boolean;
  /** Each model that sees more than the CT also otherwise. */
  readonly variants: readonly InputVariant[];
  /** Writes the figures into the bundles, as those on a data set of this name. */
  readonly record?: string | undefined;
  /** @param fraction of the stage, from 0 to 1 */
  readonly onProgress: (stage: string, fraction: number, note: string) => void;
  /** A case that cannot be used. */
  readonly onLeftOut: (one: LeftOut) => void;
}

export interface EvaluationResult {
  readonly patients: number;
  readonly leftOut: number;
  readonly summaries: readonly ModelSummary[];
}

/**
 * Evaluates one or two bundles on an archive, writes the report and, where `record` is given, the figures into the
 * bundles.
 * @throws ContourNodeError as loadBundle and archiveCases; TRAINING_DATA nothing can be compared; DISK_FULL
 */
export async function runEvaluation(
  call: EvaluationCall,
  { models: { directory }, engine }: Pick<Config, 'models' | 'engine'>,
): Promise<EvaluationResult> {
  const loaded: LoadedBundle[] = [];
  try {
    for (const name of call.names) loaded.push(await loadBundle(name, directory, engine));
    const evaluated = loaded.flatMap((one) => [one, ...(call.members ? (one.members ?? []) : [])]);
    return await evaluateLoaded(
      call,
      withVariants(evaluatedModels(evaluated), call.variants),
      new Set(loaded.map(({ bundle }) => bundle)),
      engine.batchSize,
    );
  } finally {
    for (const one of loaded) await one.engine.close();
  }
}

async function evaluateLoaded(
  call: EvaluationCall,
  models: readonly EvaluatedModel[],
  named: ReadonlySet<Bundle>,
  batchSize: number,
): Promise<EvaluationResult> {
  const { archive, out, patterns, toleranceMm, includeTrained, unseen, onProgress } = call;
  // Other ROIs are not read.
  const wanted = models.flatMap(({ bundle }) => archivedRois(bundle.manifest, patterns));
  const found = await archiveCases(archive, wanted, {
    onFile: (done, total) => onProgress('reading the archive', done / total, `${done} of ${total} files`),
  });
  const evaluation = await evaluateArchive(found.cases.slice(0, call.limit), models, {
    out,
    patterns,
    toleranceMm,
    batchSize,
    includeTrained,
    unseen,
    onPatient: (done, total) => onProgress('evaluating', done / total, `${done} of ${total}`),
  });
  const leftOut = [...found.leftOut, ...evaluation.leftOut];
  for (const one of leftOut) call.onLeftOut(one);
  if (evaluation.rows.length === 0) throw nothingCompared(call, leftOut);
  await report(call, models, named, evaluation, leftOut.length);
  const summaries = summariseModels(evaluation.rows);
  return { patients: new Set(evaluation.rows.map(({ patient }) => patient)).size, leftOut: leftOut.length, summaries };
}

async function report(
  { names: [model, other], archive, out, toleranceMm, record }: EvaluationCall,
  models: readonly EvaluatedModel[],
  named: ReadonlySet<Bundle>,
  evaluation: ArchiveEvaluation,
  leftOut: number,
): Promise<void> {
  const { rows, runs, choseTheEpoch } = evaluation;
  const date = new Date().toISOString().slice(0, 10);
  const call = `contour-node evaluate --model ${model}${other === undefined ? '' : ` --compare ${other}`}`;
  const described = models.map((one) => {
    const { version, plausibility } = one.bundle.manifest;
    const usual = Object.entries(plausibility).map(([name, { volumeCm3 }]) => [name, volumeCm3] as const);
    return { label: one.label, version, engine: enginesText(one), usualCm3: Object.fromEntries(usual) };
  });
  const about = { command: `${call} --data ${archive}`, date, toleranceMm, models: described };
  await writeReport(out, evaluation, models, { ...about, runs, leftOut, choseTheEpoch });
  if (record === undefined) return;
  const summaries = summariseModels(rows);
  // An ensemble knows its members by their digests: they are not written to.
  for (const evaluated of models.filter((one) => named.has(one.bundle) && one.variant === undefined)) {
    const { bundle, label } = evaluated;
    // A bundle goes to other hospitals: no path of this machine in it.
    const command = `contour-node evaluate --model ${bundle.manifest.name} --data ARCHIVE`;
    await recordEvaluation(
      bundle,
      { data: record, command, date, engine: enginesText(evaluated) },
      runs.filter((run) => run.model === label),
      summaries.filter((summary) => summary.model === label),
    );
  }
}

function nothingCompared({ names: [model], archive }: EvaluationCall, leftOut: readonly LeftOut[]): ContourNodeError {
  const [first] = leftOut;
  if (first !== undefined)
    return new ContourNodeError(
      'TRAINING_DATA',
      `none of the patients in ${archive} can be compared; ${leftOut.length} left out, the first because ${first.error.message}`,
      { remedy: first.error.remedy },
    );
  return new ContourNodeError('TRAINING_DATA', `no ROI of ${model} is contoured in ${archive}`, {
    remedy: 'name the ROIs with --roi NAME=REGEX',
  });
}
