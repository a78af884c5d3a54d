import type { Grid } from '../volume/volume.ts';

/**
 * One label a voxel, on the CT's grid, and how sure it is: whatever the number of classes, two small arrays. Both in the
 * order of Volume.hu.
 */
export interface LabelMap {
  readonly grid: Grid;
  /** 0 is background. */
  readonly labels: Uint8Array;
  /**
   * How far a voxel is from the decision between its label and the next best: 0 at the decision, 65535 where there is no
   * doubt. 0.5 + lead / 131070 is the share of its label in a softmax of the two.
   */
  readonly lead: Uint16Array;
}

/** What `lead` is where there is no doubt. */
export const certain = 65535;

/** `lead` of a distance of logits; at least 1, so that a voxel never lies on both sides of its surface. */
export function leadOf(distance: number): number {
  return Math.max(1, Math.round(certain * (2 / (1 + Math.exp(-distance)) - 1)));
}
