/**
 * Where the voxels of a CT lie. The stored matrix may run either way along x and y (HFS, HFP, FFS, FFP); everything
 * after reading is in LPS order: index i along +x (left), j along +y (back), k along +z (head).
 */
export interface CtGeometry {
  readonly columns: number;
  readonly rows: number;
  /** mm between columns (along x) and rows (along y). */
  readonly columnSpacing: number;
  readonly rowSpacing: number;
  /** x and y (mm) of the centre of the LPS-ordered voxel (0, 0): the smallest of either. */
  readonly originX: number;
  readonly originY: number;
  /** true: stored columns run to -x (stored rows to -y) and are reversed on reading. */
  readonly reverseColumns: boolean;
  readonly reverseRows: boolean;
  /**
   * Strictly ascending position of every slice: z exactly as Image Position has it; where the images are tilted, mm
   * along their normal.
   */
  readonly z: readonly number[];
  /** Where the slices are not axial, or do not lie one above the other; else absent. */
  readonly planes?: SlicePlanes;
}

/** The planes of the slices as they lie in the patient. */
export interface SlicePlanes {
  /** x, y, z (mm) of the centre of the LPS-ordered voxel (0, 0) of every slice. */
  readonly origins: readonly (readonly [number, number, number])[];
  /** Direction cosines of the columns, to the back, along y and z; the rows run along x. */
  readonly column: readonly [y: number, z: number];
  /** Whether the slices lean, or shift along y so far that they are no upright stack. */
  readonly tilted: boolean;
}
