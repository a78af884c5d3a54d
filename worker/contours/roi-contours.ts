import { doubledArea } from '../../src/dicom/rtstruct/ring.ts';
import type { Polygon, SlicePolygons } from '../../src/dicom/rtstruct/structure-set.ts';
import type { Grid, Mask } from '../volume/volume.ts';
import { nest } from './nest.ts';
import { simplifyRings } from './simplify.ts';
import { traceLevel } from './trace.ts';
import type { Field } from './trace.ts';

/** In-plane coordinates in the structure set are multiples of this, mm. */
const unit = 0.01;
/** Smallest distance of a line from a voxel's centre, mm: more than rounding can move two lines towards each other. */
const clearanceMm = 0.03;
/** Smaller rings are dropped, in pixels: a single voxel of a mask has 0.5. */
const sliver = 0.1;

export interface TraceOptions {
  /** Farthest that the contour may lie from the traced line, mm. At most 0.1 for a structure set. */
  readonly toleranceMm?: number;
}

/** Probabilities of some consecutive slices of a grid: `values[((k - first) * ny + j) * nx + i]`. */
export interface Slab {
  readonly first: number;
  readonly values: ArrayLike<number>;
}

/** The polygons around a mask's voxels: lines run half-way between voxels inside and outside. Empty slices are absent. */
export function maskContours(mask: Mask, options: TraceOptions = {}): SlicePolygons[] {
  return contours(mask, 0, mask.grid.size[2], undefined, 0.5, options);
}

/**
 * The polygons of one ROI in the slices of a slab: the lines where the probability equals `level`, at sub-pixel position,
 * around the voxels of the mask. The mask was made from the same probabilities and then cleaned up. Where the two differ
 * the mask decides which voxels are inside; the probabilities only place the line between them.
 *
 * @param level the ROI's threshold
 */
export function slabContours(slab: Slab, mask: Mask, level: number, options: TraceOptions = {}): SlicePolygons[] {
  const [nx, ny] = mask.grid.size;
  return contours(mask, slab.first, slab.first + slab.values.length / (nx * ny), slab, level, options);
}

function contours(
  mask: Mask,
  from: number,
  to: number,
  slab: Slab | undefined,
  level: number,
  options: TraceOptions,
): SlicePolygons[] {
  const found: SlicePolygons[] = [];
  for (let slice = from; slice < to; slice++) {
    const box = boundingBox(mask, slice);
    if (box === undefined) continue;
    const polygons = fieldPolygons(
      fieldOf(mask, slice, box, slab, level),
      level,
      mask.grid,
      box,
      options.toleranceMm ?? 0.05,
    );
    if (polygons.length > 0) found.push({ slice, polygons });
  }
  return found;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Columns and rows of one slice that hold the mask, both ends included. */
function boundingBox({ grid, voxels }: Mask, slice: number): Box | undefined {
  const [nx, ny] = grid.size;
  const plane = voxels.subarray(slice * nx * ny, (slice + 1) * nx * ny);
  const firstVoxel = plane.indexOf(1);
  if (firstVoxel < 0) return undefined;
  const top = Math.floor(firstVoxel / nx);
  const bottom = Math.floor(plane.lastIndexOf(1) / nx);
  let left = nx;
  let right = -1;
  for (let j = top; j <= bottom; j++) {
    const row = plane.subarray(j * nx, (j + 1) * nx);
    const first = row.indexOf(1);
    if (first < 0) continue;
    left = Math.min(left, first);
    right = Math.max(right, row.lastIndexOf(1));
  }
  return { left, right, top, bottom };
}

/** The box with two samples around it; a sample beyond the image has 1 mirrored at the level. */
function fieldOf(mask: Mask, slice: number, box: Box, slab: Slab | undefined, level: number): Field {
  const [nx, ny] = mask.grid.size;
  const width = box.right - box.left + 5;
  const height = box.bottom - box.top + 5;
  const beyond = 2 * level - 1;
  const values = new Float64Array(width * height).fill(beyond);
  for (let y = 1; y + 1 < height; y++) {
    const j = box.top + y - 2;
    if (j < 0 || j >= ny) continue;
    for (let x = 1; x + 1 < width; x++) {
      const i = box.left + x - 2;
      if (i < 0 || i >= nx) continue;
      const inside = mask.voxels[(slice * ny + j) * nx + i] === 1;
      const value = slab === undefined ? 0.5 : slab.values[((slice - slab.first) * ny + j) * nx + i]!;
      if (slab === undefined) values[y * width + x] = inside ? 1 : 0;
      else if (inside) values[y * width + x] = value >= level ? value : 1;
      else values[y * width + x] = value < level ? value : beyond;
    }
  }
  return { values, width, height };
}

function fieldPolygons(field: Field, level: number, grid: Grid, box: Box, toleranceMm: number): Polygon[] {
  const [dx, dy] = grid.spacing;
  const [originX, originY] = grid.origin;
  const clearance = [Math.min(0.25, clearanceMm / dx), Math.min(0.25, clearanceMm / dy)] as const;
  const rings: Int32Array[] = [];
  for (const traced of traceLevel(field, level, clearance)) {
    if (Math.abs(doubledArea(traced)) < 2 * sliver) continue;
    const ring = rounded(
      traced,
      (x) => originX + (x + box.left - 2) * dx,
      (y) => originY + (y + box.top - 2) * dy,
    );
    if (ring.length >= 6 && doubledArea(ring) !== 0) rings.push(ring);
  }
  return nest(simplifyRings(rings, toleranceMm / unit).map((ring) => Float64Array.from(ring, (value) => value / 100)));
}

/** A ring in units, without points that fall together. */
function rounded(ring: Float64Array, toX: (x: number) => number, toY: (y: number) => number): Int32Array {
  const points: number[] = [];
  for (let p = 0; p < ring.length; p += 2) {
    const x = Math.round(toX(ring[p]!) * 100);
    const y = Math.round(toY(ring[p + 1]!) * 100);
    if (x !== points.at(-2) || y !== points.at(-1)) points.push(x, y);
  }
  while (points.length > 2 && points[0] === points.at(-2) && points[1] === points.at(-1)) points.length -= 2;
  return Int32Array.from(points);
}
