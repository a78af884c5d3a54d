import { type Roi, sliceManifestOf } from '../../src/bundles/manifest.ts';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { archiveCases } from '../archive/archive-cases.ts';
import type { ArchiveCase } from '../archive/match-cases.ts';
import { archivedRois, referenceMasks } from '../archive/archived-rois.ts';
import { readCase } from '../archive/read-case.ts';
import type { RoiPatterns } from '../archive/roi-patterns.ts';
import { type LoadedBundle, modalitiesSeen } from '../bundles/load-bundle.ts';
import { hasSeen } from '../bundles/provenance.ts';
import { rewriteManifest } from '../bundles/rewrite-manifest.ts';
import { roiProbabilities } from '../contour-ct.ts';
import { contourRoi } from '../inference/contour-roi.ts';
import type { Probabilities } from '../inference/infer.ts';
import { mirroredChannels } from '../inference/mirrored-channels.ts';
import { ImagesBesideCt } from '../inference/modality-inputs.ts';
import { roiRegion } from '../inference/roi-region.ts';
import { StageClock } from '../stage-clock.ts';
import { calibratedThresholds, candidateThresholds } from '../training/calibrate.ts';
import { findBody } from '../volume/body.ts';
import type { Grid, Mask } from '../volume/volume.ts';
import { overlap } from './compare-masks.ts';
import { onGrid } from './evaluate-patient.ts';
import { mean } from './statistics.ts';

export interface PatientSetAside {
  readonly probabilities: Probabilities;
  /** Of the CT. */
  readonly grid: Grid;
  /** By the bundle's name of the ROI; ROIs that the structure set lacks are absent. */
  readonly references: ReadonlyMap<string, Mask>;
}

export interface ThresholdChoice {
  readonly roi: string;
  readonly patients: number;
  readonly threshold: number;
  /** Mean DSC on the CT's grid, after the clean-up, at the bundle's threshold until now and at the new one. */
  readonly before: number;
  readonly after: number;
}

export interface CalibrationCall {
  /** Folder of CT and RTSTRUCT in any layout. */
  readonly archive: string;
  readonly patterns: readonly RoiPatterns[];
  readonly batchSize: number;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Chooses the thresholds of a bundle of slices, such as an ensemble of bundles that were calibrated one by one, on the
 * patients that were set aside in its training, by the rules of `train` (`calibratedThresholds`). The bundle's figures go:
 * they were measured with the old thresholds.
 * @throws ContourNodeError BUNDLE_INVALID (a network of the whole CT), TRAINING_DATA (nobody was set aside), DISK_FULL
 */
export async function calibrateBundle(
  loaded: LoadedBundle,
  call: CalibrationCall,
): Promise<{ bundle: Bundle; choices: ThresholdChoice[] }> {
  const manifest = sliceManifestOf(loaded.bundle.manifest);
  const { rois } = manifest;
  const found: number[][][] = rois.map(() => []);
  for await (const { probabilities, grid, references } of patientsSetAside(loaded, call)) {
    for (const [index, roi] of rois.entries()) {
      const reference = references.get(roi.name);
      if (reference === undefined) continue;
      const thresholds = [roi.threshold, ...candidateThresholds];
      found[index]!.push(
        thresholds.map((threshold) => diceOf({ ...roi, threshold }, probabilities, index, grid, reference)),
      );
    }
  }
  const meanAt = (index: number, candidate: number): number => mean(found[index]!.map((dice) => dice[candidate] ?? 0));
  const dice = rois.map((_, index) => ({
    patients: found[index]!.length,
    mean: candidateThresholds.map((_, candidate) => meanAt(index, candidate + 1)),
  }));
  const thresholds = calibratedThresholds(dice, mirroredChannels(rois));
  const choices = rois.map(({ name }, index) => ({
    roi: name,
    patients: found[index]!.length,
    threshold: thresholds[index]!,
    before: meanAt(index, 0),
    after: dice[index]!.mean[candidateThresholds.findIndex((one) => one === thresholds[index])]!,
  }));
  const bundle = await rewriteManifest(loaded.bundle, {
    rois: rois.map((roi, index) => ({ ...roi, threshold: thresholds[index]! })),
    training: {
      ...manifest.training,
      thresholdsChosenOn: Object.fromEntries(choices.map(({ roi, patients }) => [roi, patients])),
    },
    metrics: {},
  });
  return { bundle, choices };
}

/**
 * Every patient of the archive that a bundle's training set aside and did not learn from, with the bundle's probabilities.
 * @throws ContourNodeError TRAINING_DATA (there is none), what reading a case throws
 */
export async function* patientsSetAside(
  loaded: LoadedBundle,
  { archive, patterns, batchSize, onProgress }: CalibrationCall,
): AsyncGenerator<PatientSetAside> {
  const { manifest } = loaded.bundle;
  const wanted = archivedRois(manifest, patterns);
  const taken = new Set(modalitiesSeen(loaded).map(({ name }) => name));
  const { cases } = await archiveCases(archive, wanted, {});
  const seen = (one: ArchiveCase, side: 'training' | 'validation') => hasSeen(manifest, one.seriesInstanceUid, side);
  const trained = new Set(cases.filter((one) => seen(one, 'training')).map(({ patient }) => patient));
  const aside = cases.filter((one) => seen(one, 'validation') && !trained.has(one.patient));
  if (aside.length === 0)
    throw new ContourNodeError('TRAINING_DATA', `${archive} has no patient that was set aside for ${manifest.name}`, {
      remedy: 'name the archive of its training',
    });
  for (const [index, one] of aside.entries()) {
    const { volume, rois, modalities } = await readCase(one, taken);
    const body = findBody(volume);
    const patient = { volume, body, images: new ImagesBesideCt(modalities, volume, body) };
    const { probabilities } = await roiProbabilities(patient, loaded, { batchSize, clock: new StageClock() });
    yield { probabilities, grid: volume.grid, references: referenceMasks(wanted, rois, volume.grid) };
    onProgress(index + 1, aside.length);
  }
}

/** DSC of an ROI on the CT's grid, after the clean-up; 0 where it is not found. */
export function diceOf(roi: Roi, probabilities: Probabilities, index: number, grid: Grid, reference: Mask): number {
  const region = roiRegion(probabilities, index, grid, roi.threshold);
  const { part } = contourRoi(roi, region, probabilities.grid);
  return overlap(reference, onGrid(part, grid)).dsc ?? 0;
}
