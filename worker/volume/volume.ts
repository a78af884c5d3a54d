/** Axis-aligned grid in patient coordinates, LPS, mm. Index (i, j, k): i along +x (left), j along +y (back), k along +z (head). */
export interface Grid {
  /** [nx, ny, nz] */
  readonly size: readonly [number, number, number];
  /** [dx, dy] in mm; the slices' positions stand in `z`. */
  readonly spacing: readonly [number, number];
  /** x and y of the centre of voxel (0, 0, *). */
  readonly origin: readonly [number, number];
  /** Strictly ascending z of every slice, exactly as Image Position has it; its length is nz. */
  readonly z: Float64Array;
}

/** CT numbers on a grid; `hu[(k * ny + j) * nx + i]`. */
export interface Volume {
  readonly grid: Grid;
  readonly hu: Int16Array;
}

/** A binary mask on a grid, 0 or 1, in the order of Volume.hu. */
export interface Mask {
  readonly grid: Grid;
  readonly voxels: Uint8Array;
}
