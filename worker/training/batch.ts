/** Slices that are trained on together. */
export interface Batch {
  /** [batch, height, width, channels], windowed to 0..1 */
  readonly input: Float32Array;
  readonly inputShape: readonly [number, number, number, number];
  /** [batch, height, width, ROIs], 0 or 1 */
  readonly target: Uint8Array;
  readonly targetShape: readonly [number, number, number, number];
  /** [batch, ROIs]: 1 where the patient's structure set has the ROI */
  readonly known: Float32Array;
}
