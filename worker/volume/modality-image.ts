import type { Affine } from '../../src/dicom/affine.ts';

/** The images of a series beside the CT (MR) as a stack of parallel slices, oblique or not. */
export interface ModalityImage {
  /** Columns, rows, slices. */
  readonly size: readonly [number, number, number];
  /** `values[(k * ny + j) * nx + i]`, in the units of the series. */
  readonly values: Float32Array | Int16Array;
  /** From the index (i, j, k) to mm, LPS, in the frame of reference of the series. */
  readonly toPatient: Affine;
}

/** A modality image with the way to it. */
export interface PlacedImage {
  readonly image: ModalityImage;
  /** From a point of the CT's frame of reference to the same point in the frame of reference of the image, mm. */
  readonly fromCt: Affine;
}
