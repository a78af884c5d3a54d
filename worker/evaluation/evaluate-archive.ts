import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asContourNodeError, ContourNodeError } from '../../src/errors.ts';
import { version } from '../../src/version.ts';
import type { ArchiveCase, LeftOut } from '../archive/match-cases.ts';
import type { RoiPatterns } from '../archive/roi-patterns.ts';
import { networkUses } from '../bundles/load-bundle.ts';
import { hasSeen } from '../bundles/provenance.ts';
import { writeWhole } from '../../src/work/write-whole.ts';
import { orDiskFull } from '../../src/disk-full.ts';
import { evaluatePatient, type EvaluatedModel, type EvaluationRow, type ModelRun } from './evaluate-patient.ts';

export interface ArchiveEvaluation {
  readonly rows: readonly EvaluationRow[];
  readonly runs: readonly ModelRun[];
  readonly leftOut: readonly LeftOut[];
  /** Validation patients of a model's training: they chose its epoch. */
  readonly choseTheEpoch: number;
}

export interface EvaluateOptions {
  /** Folder of the report. `patients/ID.json` and `overlays/ID.png` are kept there and used again. */
  readonly out: string;
  readonly patterns: readonly RoiPatterns[];
  readonly toleranceMm: number;
  readonly batchSize: number;
  /** Also patients that a model was trained on: figures that say nothing about other patients. */
  readonly includeTrained: boolean;
  /** Leaves out also those that chose the epoch of a model. */
  readonly unseen?: boolean;
  onPatient?: (done: number, total: number) => void;
}

/**
 * Evaluates the models on every case, one after the other. Results of an earlier call with the same models, options and
 * data are used again. A case that cannot be read is left out, the others are evaluated.
 * @throws ContourNodeError DISK_FULL
 */
export async function evaluateArchive(
  cases: readonly ArchiveCase[],
  models: readonly EvaluatedModel[],
  options: EvaluateOptions,
): Promise<ArchiveEvaluation> {
  const { out } = options;
  const known = (side: 'training' | 'validation'): Set<string> =>
    new Set(cases.filter((one) => models.some((model) => isOf(model, one, side))).map(({ patient }) => patient));
  const [trained, aside] = [known('training'), known('validation')];
  const rows: EvaluationRow[] = [];
  const runs: ModelRun[] = [];
  const leftOut: LeftOut[] = [];
  const evaluated = new Set<string>();
  for (const folder of ['patients', 'overlays']) await mkdir(join(out, folder), { recursive: true });
  for (const [index, one] of cases.entries()) {
    try {
      if (trained.has(one.patient) && !options.includeTrained) throw trainedOn();
      if (options.unseen && aside.has(one.patient)) throw choseTheEpoch();
      const done = await evaluateOnce(one, models, options);
      rows.push(...done.rows);
      runs.push(...done.runs);
      evaluated.add(one.patient);
    } catch (error) {
      const cause = asContourNodeError(error);
      if (cause.code === 'DISK_FULL' || cause.code === 'INTERNAL') throw cause;
      leftOut.push({ id: one.id, place: one.place, error: cause });
    }
    options.onPatient?.(index + 1, cases.length);
  }
  return { rows, runs, leftOut, choseTheEpoch: aside.intersection(evaluated).size };
}

function isOf({ bundle: { manifest } }: EvaluatedModel, one: ArchiveCase, side: 'training' | 'validation'): boolean {
  return hasSeen(manifest, one.seriesInstanceUid, side);
}

function choseTheEpoch(): ContourNodeError {
  return new ContourNodeError('TRAINING_DATA', 'the patient was set aside to choose the epoch of a model', {
    remedy: 'a call without --unseen evaluates it as well',
  });
}

function trainedOn(): ContourNodeError {
  return new ContourNodeError('TRAINING_DATA', 'a model was trained on this patient', {
    remedy: '--include-trained evaluates it as well',
  });
}

interface StoredPatient {
  readonly key: string;
  readonly rows: readonly EvaluationRow[];
  readonly runs: readonly ModelRun[];
}

async function evaluateOnce(
  one: ArchiveCase,
  models: readonly EvaluatedModel[],
  { out, ...options }: EvaluateOptions,
): Promise<StoredPatient> {
  const path = join(out, 'patients', `${one.id}.json`);
  const key = keyOf(one, models, options);
  const stored = await readStored(path);
  if (stored?.key === key) return stored;
  const { rows, runs, overlay } = await evaluatePatient(one, models, options);
  const result: StoredPatient = { key, rows, runs };
  await orDiskFull('no space for the report', 'free space and call evaluate again: it goes on from there', async () => {
    await writeFile(join(out, 'overlays', `${one.id}.png`), overlay);
    await writeWhole(path, JSON.stringify(result));
  });
  return result;
}

/** Everything that the figures of a patient depend on. */
function keyOf(
  { content }: ArchiveCase,
  models: readonly EvaluatedModel[],
  { patterns, toleranceMm }: Pick<EvaluateOptions, 'patterns' | 'toleranceMm'>,
): string {
  const of = models.map((model) => {
    const { label, bundle, variant } = model;
    return [label, bundle.digest, networkUses(model), ...(variant === undefined ? [] : [variant.offMm])];
  });
  return createHash('sha256')
    .update(JSON.stringify([version, content, of, patterns, toleranceMm]))
    .digest('hex');
}

async function readStored(path: string): Promise<StoredPatient | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as StoredPatient;
  } catch {
    return undefined;
  }
}
