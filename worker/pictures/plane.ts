import type { PictureAxis } from '../../src/work/picture-files.ts';
import type { Ring } from '../../src/dicom/rtstruct/structure-set.ts';
import type { Grid, Volume } from '../volume/volume.ts';
import type { Colour, Frame, Picture } from './picture.ts';

/** The lines of one ROI, e.g. of a model, or of the truth. */
export interface PictureRoi {
  /** Legend text; ASCII. */
  readonly name: string;
  readonly colour: Colour;
  readonly rings: readonly { readonly slice: number; readonly ring: Ring }[];
  /** Draws dashes, so that two lines on top of one another stay visible. */
  readonly dashed?: boolean;
}

/** A plane of voxels: index of the slice (axial), row (coronal) or column (sagittal). */
export interface Plane {
  readonly axis: PictureAxis;
  readonly index: number;
}

/** What a square picture of a plane shows, mm: middle and side. Down is -z in coronal and sagittal planes, y in axial ones. */
export interface Field {
  readonly across: number;
  readonly down: number;
  readonly side: number;
}

/** HU: what is middle grey, and from black to white. */
export interface Window {
  readonly level: number;
  readonly width: number;
}

/** Axes of the volume (0: x, 1: y, 2: z) along a plane's picture, and across the plane. */
export const axesOf: Record<PictureAxis, { across: 0 | 1; down: 1 | 2; normal: 0 | 1 | 2 }> = {
  axial: { across: 0, down: 1, normal: 2 },
  coronal: { across: 0, down: 2, normal: 1 },
  sagittal: { across: 1, down: 2, normal: 0 },
};

/** Positions of the voxels along an axis, mm, ascending. */
export function positionsOf(grid: Grid, axis: 0 | 1 | 2): Float64Array {
  if (axis === 2) return grid.z;
  return Float64Array.from({ length: grid.size[axis] }, (_, n) => grid.origin[axis] + n * grid.spacing[axis]);
}

/** mm at the middle of each pixel of a picture's side. */
function pixelsAt(plane: Plane, field: Field, pixels: number): { across: Float64Array; down: Float64Array } {
  const offset = (n: number): number => ((n + 0.5) / pixels - 0.5) * field.side;
  const sign = plane.axis === 'axial' ? 1 : -1;
  return {
    across: Float64Array.from({ length: pixels }, (_, n) => field.across + offset(n)),
    down: Float64Array.from({ length: pixels }, (_, n) => field.down + sign * offset(n)),
  };
}

/** The CT, bilinear between voxels and black outside. */
export function drawPlane(
  picture: Picture,
  frame: Frame,
  { grid, hu }: Volume,
  plane: Plane,
  field: Field,
  window: Window,
): void {
  const { across, down, normal } = axesOf[plane.axis];
  const stride = [1, grid.size[0], grid.size[0] * grid.size[1]] as const;
  const at = pixelsAt(plane, field, frame.width);
  const columns = taps(at.across, positionsOf(grid, across));
  const rows = taps(at.down, positionsOf(grid, down));
  for (let y = 0; y < frame.height; y++) {
    const j = rows.index[y]!;
    if (j < 0) continue;
    const v = rows.share[y]!;
    const line = plane.index * stride[normal] + j * stride[down];
    const below = v > 0 ? stride[down] : 0;
    for (let x = 0; x < frame.width; x++) {
      const i = columns.index[x]!;
      if (i < 0) continue;
      const u = columns.share[x]!;
      const voxel = line + i * stride[across];
      const beside = u > 0 ? stride[across] : 0;
      const value =
        (hu[voxel]! * (1 - u) + hu[voxel + beside]! * u) * (1 - v) +
        (hu[voxel + below]! * (1 - u) + hu[voxel + beside + below]! * u) * v;
      const shade = Math.min(255, Math.max(0, ((value - window.level) / window.width + 0.5) * 255));
      picture.blend(frame.x + x, frame.y + y, [shade, shade, shade]);
    }
  }
}

/** For each place the position at or before it and the share of the next one; index -1 beyond half a voxel outside. */
function taps(places: Float64Array, positions: Float64Array): { index: Int32Array; share: Float64Array } {
  const last = positions.length - 1;
  const index = new Int32Array(places.length);
  const share = new Float64Array(places.length);
  for (const [n, place] of places.entries()) {
    const k = before(positions, place);
    const gap = last === 0 ? Infinity : positions[Math.min(k + 1, last)]! - positions[Math.min(k, last - 1)]!;
    const [low, high] = [positions[0]! - gap / 2, positions[last]! + gap / 2];
    index[n] = place < low || place > high ? -1 : k;
    share[n] = k === last ? 0 : Math.max(0, (place - positions[k]!) / gap);
  }
  return { index, share };
}

/** Index of the last position that is not beyond the place; 0 before the first. */
function before(positions: Float64Array, place: number): number {
  let [low, high] = [0, positions.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (positions[middle]! <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The lines of the ROIs in a plane. */
export function drawRois(
  picture: Picture,
  frame: Frame,
  rois: readonly PictureRoi[],
  grid: Grid,
  plane: Plane,
  field: Field,
): void {
  for (const roi of rois) {
    if (plane.axis === 'axial') drawRings(picture, frame, roi, plane.index, field);
    else drawOutline(picture, frame, roi, grid, plane, field);
  }
}

/** Pixels of a line, in a picture of this size. */
function thickness({ width }: Frame): number {
  return Math.max(1, Math.round(width / 256));
}

function drawRings(
  picture: Picture,
  frame: Frame,
  { rings, colour, dashed }: PictureRoi,
  slice: number,
  { across, down, side }: Field,
): void {
  const scale = frame.width / side;
  for (const { slice: at, ring } of rings) {
    if (at !== slice) continue;
    const points = ring.map((value, n) =>
      n % 2 === 0
        ? frame.x + (value - across + side / 2) * scale - 0.5
        : frame.y + (value - down + side / 2) * scale - 0.5,
    );
    picture.ring(points, colour, frame, 1.4 * thickness(frame), dashed ? 5 * thickness(frame) : undefined);
  }
}

/**
 * The outline of an ROI across its slices, each of which stands for a slab up to half the way to its neighbours: the
 * pixels at the edge of what lies inside (even-odd over all rings, so that holes are holes).
 */
function drawOutline(
  picture: Picture,
  frame: Frame,
  { rings, colour, dashed }: PictureRoi,
  grid: Grid,
  plane: Plane,
  field: Field,
): void {
  const { across, normal } = axesOf[plane.axis];
  const position = positionsOf(grid, normal)[plane.index]!;
  const crossings = new Map<number, number[]>();
  for (const { slice, ring } of rings) {
    const found = crossingsOf(ring, across, position);
    if (found.length > 0) crossings.set(slice, [...(crossings.get(slice) ?? []), ...found]);
  }
  const at = pixelsAt(plane, field, frame.width);
  const slabs = nearestSlices(at.down, grid.z);
  const inside = new Uint8Array(frame.width * frame.height);
  for (let y = 0; y < frame.height; y++) {
    const ends = crossings.get(slabs[y]!) ?? [];
    for (let x = 0; ends.length > 0 && x < frame.width; x++) {
      const left = ends.reduce((count, end) => (end < at.across[x]! ? count + 1 : count), 0);
      inside[y * frame.width + x] = left % 2;
    }
  }
  const thick = thickness(frame);
  const isInside = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < frame.width && y < frame.height && inside[y * frame.width + x] === 1;
  for (let y = 0; y < frame.height; y++) {
    for (let x = 0; x < frame.width; x++) {
      if (!isInside(x, y) || (dashed && Math.floor((x + y) / (5 * thick)) % 2 === 1)) continue;
      if (isInside(x - thick, y) && isInside(x + thick, y) && isInside(x, y - thick) && isInside(x, y + thick))
        continue;
      picture.blend(frame.x + x, frame.y + y, colour);
    }
  }
}

/** Where a ring crosses the line at `position` of the other in-plane axis. */
function crossingsOf(ring: Ring, across: 0 | 1, position: number): number[] {
  const found: number[] = [];
  const other = 1 - across;
  for (let n = 0; n < ring.length; n += 2) {
    const next = (n + 2) % ring.length;
    const [a, b] = [ring[n + other]! - position, ring[next + other]! - position];
    if (a < 0 === b < 0) continue;
    found.push(ring[n + across]! + ((ring[next + across]! - ring[n + across]!) * a) / (a - b));
  }
  return found;
}

/** The slice whose slab a place lies in; -1 beyond the ends. */
function nearestSlices(places: Float64Array, z: Float64Array): Int32Array {
  const { index, share } = taps(places, z);
  return index.map((k, n) => (k >= 0 && share[n]! >= 0.5 ? k + 1 : k));
}
