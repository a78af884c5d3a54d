/** Slices, or patches of a 3-D network, that are trained on together. */
export interface Batch {
  /** [batch, height, width, channels], 3-D: slices before height; windowed to 0..1 */
  readonly input: Float32Array;
  readonly inputShape: readonly number[];
  /** The same with one channel for each ROI, 0 or 1 */
  readonly target: Uint8Array;
  readonly targetShape: readonly number[];
  /** [batch, ROIs]: 1 where the patient's structure set has the ROI */
  readonly known: Float32Array;
}
