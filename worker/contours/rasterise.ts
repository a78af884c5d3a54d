import { sliceAt } from '../../src/dicom/rtstruct/contour-plane.ts';
import type { Grid, Mask } from '../volume/volume.ts';

/** A closed contour in mm (LPS): x, y, z of every point; all points lie in one axial plane. */
export interface PlanarContour {
  readonly points: Float64Array;
}

/**
 * How contours of one slice combine. `xor`: a contour inside another one is a hole (what most radiotherapy software
 * writes); `union`: every contour is filled (what plastimatch does by default). A keyhole contour gives the same mask in both.
 */
export type CombineMode = 'xor' | 'union';

/**
 * Contours to a mask of `grid`: a voxel belongs to the ROI if its centre lies inside by the even-odd rule; a centre
 * exactly on a left or upper edge counts as inside. Only the rows and columns that a contour covers are visited.
 *
 * A contour belongs to the slice that `sliceAt` returns for its plane; without one it is ignored. Parts outside of the
 * grid are clipped.
 */
export function rasterise(contours: readonly PlanarContour[], grid: Grid, mode: CombineMode = 'xor'): Mask {
  const [nx, ny, nz] = grid.size;
  const voxels = new Uint8Array(nx * ny * nz);
  for (const { points } of contours) {
    const k = points.length < 9 ? -1 : sliceAt(grid.z, points[2]!);
    if (k < 0) continue;
    fill(points, grid, voxels.subarray(k * nx * ny, (k + 1) * nx * ny), mode);
  }
  return { grid, voxels };
}

/** Scanline fill of one contour into one slice. */
function fill(points: Float64Array, grid: Grid, slice: Uint8Array, mode: CombineMode): void {
  const [nx, ny] = grid.size;
  const [dx, dy] = grid.spacing;
  const [x0, y0] = grid.origin;
  const count = Math.floor(points.length / 3);
  let top = Infinity;
  let bottom = -Infinity;
  for (let p = 0; p < count; p++) {
    const y = points[p * 3 + 1]!;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  const first = Math.max(0, Math.ceil((top - y0) / dy));
  const last = Math.min(ny - 1, Math.floor((bottom - y0) / dy));
  if (!(first <= last)) return;

  const crossings: number[][] = Array.from({ length: last - first + 1 }, () => []);
  for (let p = 0; p < count; p++) {
    const q = p + 1 === count ? 0 : p + 1;
    let ax = points[p * 3]!;
    let ay = points[p * 3 + 1]!;
    let bx = points[q * 3]!;
    let by = points[q * 3 + 1]!;
    if (ay === by) continue;
    // Both sides of a keyhole's channel run along the same edge in opposite directions: taking every edge downwards
    // gives bit-identical crossings, so that they cancel.
    if (ay > by) [ax, ay, bx, by] = [bx, by, ax, ay];
    const from = Math.max(first, Math.floor((ay - y0) / dy));
    const to = Math.min(last, Math.ceil((by - y0) / dy));
    for (let j = from; j <= to; j++) {
      const y = y0 + j * dy;
      if (y < ay || y >= by) continue;
      crossings[j - first]!.push((ax + ((y - ay) / (by - ay)) * (bx - ax) - x0) / dx);
    }
  }
  for (let j = first; j <= last; j++) {
    const xs = crossings[j - first]!.sort((a, b) => a - b);
    for (let c = 0; c + 1 < xs.length; c += 2) {
      const begin = j * nx + Math.max(0, Math.ceil(xs[c]!));
      const end = j * nx + Math.min(nx, Math.ceil(xs[c + 1]!));
      if (begin >= end) continue;
      if (mode === 'union') slice.fill(1, begin, end);
      else for (let i = begin; i < end; i++) slice[i] = slice[i]! ^ 1;
    }
  }
}
