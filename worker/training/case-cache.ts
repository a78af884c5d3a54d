import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { asContourNodeError, type ContourNodeError } from '../../src/errors.ts';
import { dicomCase, findPatients } from './dicom-cases.ts';
import { phantomCase } from './phantom-cases.ts';
import { prepareCase, type RawCase } from './prepare-case.ts';
import { findCase, type PreparedCase } from './prepared-case.ts';
import type { TrainingConfig } from './training-config.ts';

/** Raised when what lies in the cache is made in another way. */
const cacheFormat = 2;

export interface CaseCollection {
  readonly training: readonly PreparedCase[];
  readonly validation: readonly PreparedCase[];
  /** Patients that could not be used, and why. */
  readonly leftOut: readonly { readonly id: string; readonly error: ContourNodeError }[];
}

/** A case that can be made if the cache does not have it. */
interface PlannedCase {
  readonly id: string;
  readonly validation: boolean;
  load(): Promise<RawCase>;
}

/**
 * Brings every patient of a training to the network's grid, each once: what the cache has is taken from there.
 * @param archive folder of CT and RTSTRUCT for `data.source: dicom`
 * @param cache folder for cases of all configurations
 * @throws ContourNodeError PATH_NOT_FOUND, TRAINING_DATA (no structure set in the archive)
 */
export async function collectCases(
  config: TrainingConfig,
  {
    archive,
    cache,
    onProgress,
  }: { archive?: string; cache: string; onProgress?: (done: number, total: number) => void },
): Promise<CaseCollection> {
  const planned =
    config.data.source === 'phantom' ? phantomPlan(config, config.data) : await dicomPlan(config, archive ?? '');
  const margin = marginOf(config);
  const directory = join(cache, cacheKey(config, margin));
  const training: PreparedCase[] = [];
  const validation: PreparedCase[] = [];
  const leftOut: { id: string; error: ContourNodeError }[] = [];
  for (const [done, plan] of planned.entries()) {
    const path = join(directory, plan.id);
    try {
      const prepared = (await findCase(path)) ?? (await prepareCase(await plan.load(), config.input, margin, path));
      (plan.validation ? validation : training).push(prepared);
    } catch (error) {
      const known = asContourNodeError(error);
      if (known.code === 'INTERNAL' || known.code === 'DISK_FULL') throw known;
      leftOut.push({ id: plan.id, error: known });
    }
    onProgress?.(done + 1, planned.length);
  }
  return { training, validation, leftOut };
}

/** Pixels around the field of view that translation and rotation can bring into it. */
function marginOf({ augmentation, input }: TrainingConfig): number {
  const corner = Math.hypot(...input.size) / 2;
  const rotated = corner * Math.sin((augmentation.rotationDegrees * Math.PI) / 180) * 0.5;
  return Math.ceil((augmentation.translationMm / input.spacingMm + rotated) / augmentation.zoom[0]);
}

/** Whatever changes the cached pixels; windows and neighbours are applied later. */
function cacheKey({ input, rois }: TrainingConfig, margin: number): string {
  const { spacingMm, resolutionMm, sliceSpacingMm, size, centre, paddingHu } = input;
  const names = rois.map(({ name, patterns }) => ({ name, patterns }));
  const parts = { cacheFormat, spacingMm, resolutionMm, sliceSpacingMm, size, centre, paddingHu, names, margin };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

function phantomPlan(
  config: TrainingConfig,
  data: Extract<TrainingConfig['data'], { source: 'phantom' }>,
): PlannedCase[] {
  const names = config.rois.map(({ name }) => name);
  return Array.from({ length: data.training + data.validation }, (_, index) => {
    const seed = data.firstSeed + index;
    const size = data.sizes[index % data.sizes.length] ?? 512;
    return {
      id: `phantom-${seed}-${size}`,
      validation: index >= data.training,
      load: async () => phantomCase(seed, size, names, config.input),
    };
  });
}

/** Split by patient: those with the smallest digests of seed and name are set aside, whatever else the archive holds. */
async function dicomPlan(config: TrainingConfig, archive: string): Promise<PlannedCase[]> {
  const share = config.data.source === 'dicom' ? config.data.validationShare : 0;
  const patients = await findPatients(archive);
  const rank = (id: string): string => createHash('sha256').update(`${config.training.seed}/${id}`).digest('hex');
  const ranked = patients.toSorted((a, b) => (rank(a.id) < rank(b.id) ? -1 : 1));
  const aside = Math.max(1, Math.round(ranked.length * share));
  return ranked.map((patient, index) => ({
    id: patient.id,
    validation: index < aside,
    load: () => dicomCase(patient, config.rois),
  }));
}
