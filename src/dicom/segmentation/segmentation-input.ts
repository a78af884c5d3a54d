import type { RawElement } from '../patient-study.ts';
import type { StructureSetInput } from '../rtstruct/structure-set-input.ts';

/** SOP Class UID of Segmentation Storage (PS3.4 B.5). */
export const segmentationStorage = '1.2.840.10008.5.1.4.1.1.66.4';

/** A structure as it goes into a segmentation. */
export interface SegmentInput {
  /** As the destination calls it. */
  readonly label: string;
  readonly description: string;
  /** TG-263 name, and RT ROI Interpreted Type. */
  readonly name: string;
  readonly type: string;
  readonly colour: readonly [number, number, number];
  /** Voxels of a box of the CT's LPS-ordered grid that begins at `low` (column, row, slice): 1 inside. */
  readonly low: readonly [number, number, number];
  readonly size: readonly [number, number, number];
  readonly voxels: Uint8Array;
}

/** The CT's grid in LPS order. */
export interface SegmentationGrid {
  readonly columns: number;
  readonly rows: number;
  /** mm between columns and between rows. */
  readonly spacing: readonly [number, number];
  /** x, y, z (mm) of voxel (0, 0) of every slice, ascending. */
  readonly origins: readonly (readonly [number, number, number])[];
  /** The CT's images are stored in this order, too: a pixel here is the same pixel there. */
  readonly isAsStored: boolean;
  /** Direction cosines of the columns along y and z; the rows run along x. */
  readonly column: readonly [number, number];
}

/** Everything that determines the bytes of a segmentation. */
export interface SegmentationInput extends Omit<StructureSetInput, 'rois' | 'predecessors' | 'generationAlgorithm'> {
  readonly grid: SegmentationGrid;
  /** At least one. */
  readonly segments: readonly SegmentInput[];
  /** Ratio and method of the CT's lossy compression, as its images have them; absent: it was not compressed with loss. */
  readonly lossy?: readonly RawElement[];
}
