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
  /** z of every slice, strictly ascending, exactly as Image Position has it. */
  readonly z: readonly number[];
}
