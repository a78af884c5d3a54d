import type { RoiDice } from './validate.ts';

/** Candidates, ascending. 0.5 is one of them and stays where no other one is better. */
export const candidateThresholds = [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8] as const;
const usual = candidateThresholds.indexOf(0.5);

/** With fewer patients than this an ROI keeps 0.5, as a threshold would fit these few only. */
const leastPatients = 5;

/** Least gain in mean Dice: a smaller one is within the variation between a dozen patients and another. */
const leastGain = 0.005;

export interface Calibration {
  /** Threshold of every ROI. */
  readonly thresholds: readonly number[];
  /** Number of patients that each threshold was chosen on. */
  readonly patients: readonly number[];
}

/**
 * For each ROI the candidate with the best mean Dice, or 0.5 where the gain is too small or too few patients have it. The
 * Dice loss hardly penalises voxels beside a blurred edge, so networks trained with it give contours that are too large.
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
