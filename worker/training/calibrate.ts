import type { RoiDice } from './validate.ts';

/** Candidates, ascending. 0.5 is among them: what cannot be improved stays. */
export const candidateThresholds = [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8] as const;
const usual = candidateThresholds.indexOf(0.5);

/** With fewer patients than this an ROI keeps 0.5: a threshold would fit one observer's habit. */
const leastPatients = 5;

/** And where nothing is gained that another dozen patients would not take away again (mean Dice). */
const leastGain = 0.005;

export interface Calibration {
  /** Of every ROI. */
  readonly thresholds: readonly number[];
  /** Patients that each was chosen on. */
  readonly patients: readonly number[];
}

/**
 * For each ROI the candidate with the best mean Dice, or 0.5 where that is hardly worse or too few patients have it. The
 * Dice loss pays little for voxels beside a blurred edge, so that networks trained with it draw somewhat too much.
 * @param dice of the patients set aside, at `candidateThresholds`
 * @param mirrored the twin of a paired ROI, else the ROI itself: twins get one threshold
 */
export function calibratedThresholds(dice: readonly RoiDice[], mirrored: readonly number[]): number[] {
  return dice.map((own, roi) => {
    const twin = dice[mirrored[roi] ?? roi] ?? own;
    if (Math.min(own.patients, twin.patients) < leastPatients) return candidateThresholds[usual]!;
    const both = candidateThresholds.map((_, n) => ((own.mean[n] ?? 0) + (twin.mean[n] ?? 0)) / 2);
    const best = Math.max(...both);
    return candidateThresholds[best - both[usual]! < leastGain ? usual : both.indexOf(best)]!;
  });
}
