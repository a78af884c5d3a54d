import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { asContourNodeError, ContourNodeError } from '../../src/errors.ts';
import type { LeftOut } from '../archive/match-cases.ts';
import { type CasePlan, type PlannedCase, planCases } from './case-plan.ts';
import { prepareCase } from './prepare-case.ts';
import { findCase, type PreparedCase } from './prepared-case.ts';
import type { Side } from './split.ts';
import type { TrainingConfig } from './training-config.ts';

/** Increased when the format or the making of cached cases changes. */
const cacheFormat = 4;

/** A prepared case and where it comes from. */
export interface CollectedCase extends Pick<PlannedCase, 'side' | 'place' | 'patient' | 'seriesInstanceUid'> {
  readonly prepared: PreparedCase;
}

/** The cases to train on and those to validate with. */
export interface BothSides {
  readonly training: readonly PreparedCase[];
  readonly validation: readonly PreparedCase[];
  /** What could not be used, and why. */
  readonly leftOut?: readonly LeftOut[];
}

export interface CaseCollection extends Required<BothSides> {
  readonly cases: readonly CollectedCase[];
  readonly testPatients: CasePlan['testPatients'];
  readonly otherRois: CasePlan['otherRois'];
}

/**
 * Brings every patient of a training to the network's grid. Cases in the cache are used again.
 * @param archive folder of CT and RTSTRUCT in any layout, for `data.source: dicom`
 * @param cache folder for cases of all configurations
 * @throws ContourNodeError USAGE (no archive for `data.source: dicom`); PATH_NOT_FOUND; TRAINING_DATA (no structure set in
 *   the archive, one patient alone, an ROI that no patient has); CONFIG_INVALID (lists of patients that do not fit the
 *   archive); DISK_FULL
 */
export async function collectCases(
  config: TrainingConfig,
  {
    archive,
    cache,
    onFile,
    onProgress,
  }: {
    archive?: string | undefined;
    cache: string;
    /** After each file of the archive whose header was read. */
    onFile?: (done: number, total: number) => void;
    /** After each case. */
    onProgress?: (done: number, total: number) => void;
  },
): Promise<CaseCollection> {
  if (config.data.source === 'dicom' && archive === undefined)
    throw new ContourNodeError('USAGE', 'this configuration needs --data DIR');
  const plan = await planCases(config, archive ?? '', onFile);
  const margin = marginOf(config);
  const directory = join(cache, cacheKey(config, margin));
  const cases: CollectedCase[] = [];
  const leftOut = [...plan.leftOut];
  for (const [done, { key, load, ...about }] of plan.cases.entries()) {
    const path = join(directory, key);
    try {
      const prepared = (await findCase(path)) ?? (await prepareCase(await load(), config.input, margin, path));
      cases.push({ ...about, prepared });
    } catch (error) {
      const known = asContourNodeError(error);
      if (known.code === 'INTERNAL' || known.code === 'DISK_FULL') throw known;
      leftOut.push({ ...about, error: known });
    }
    onProgress?.(done + 1, plan.cases.length);
  }
  const of = (side: Side) => cases.filter((one) => one.side === side).map(({ prepared }) => prepared);
  const { testPatients, otherRois } = plan;
  return { training: of('training'), validation: of('validation'), cases, testPatients, leftOut, otherRois };
}

/** @throws ContourNodeError TRAINING_DATA no patient to train on or to validate with, and why the first was left out */
export function checkBothSides({ training, validation, leftOut = [] }: BothSides): void {
  if (training.length > 0 && validation.length > 0) return;
  const [first] = leftOut;
  const why = first === undefined ? '' : `; ${leftOut.length} left out, the first because ${first.error.message}`;
  const side = training.length === 0 ? 'to train on' : 'to validate with';
  throw new ContourNodeError('TRAINING_DATA', `no patient ${side}${why}`, first && { remedy: first.error.remedy });
}

/** Pixels around the field of view that translation and rotation can bring into it. */
function marginOf({ augmentation, input }: TrainingConfig): number {
  const corner = Math.hypot(...input.size) / 2;
  const rotated = corner * Math.sin((augmentation.rotationDegrees * Math.PI) / 180) * 0.5;
  return Math.ceil((augmentation.translationMm / input.spacingMm + rotated) / augmentation.zoom[0]);
}

/** Digest of everything that changes the cached pixels; windows and neighbours are applied later. */
function cacheKey({ input, rois }: TrainingConfig, margin: number): string {
  const { spacingMm, resolutionMm, sliceSpacingMm, size, centre, paddingHu, modalities } = input;
  const names = rois.map(({ name, patterns }) => ({ name, patterns }));
  const beside = modalities?.map(({ name, modality, normalisation }) => ({ name, modality, normalisation }));
  const parts = {
    cacheFormat,
    spacingMm,
    resolutionMm,
    sliceSpacingMm,
    size,
    centre,
    paddingHu,
    names,
    margin,
    beside,
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
