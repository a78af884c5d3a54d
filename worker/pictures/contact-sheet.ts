import { sliceAt } from '../../src/dicom/rtstruct/contour-plane.ts';
import type { SlicePolygons } from '../../src/dicom/rtstruct/structure-set.ts';
import { pictureAxes, type PictureAxis } from '../../src/work/picture-files.ts';
import type { Grid, Volume } from '../volume/volume.ts';
import { Picture, textHeight, textWidth, type Colour } from './picture.ts';
import {
  axesOf,
  drawPlane,
  drawRois,
  type Field,
  type Plane,
  positionsOf,
  type PictureRoi,
  type Window,
} from './plane.ts';

export type { PictureRoi } from './plane.ts';

export interface PictureOptions {
  /** Line above the pictures; ASCII, no patient data. */
  readonly title?: string;
  /** Number of planes in each direction; each direction begins a row. Default: 12 axial ones. */
  readonly planes?: Partial<Readonly<Record<PictureAxis, number>>>;
  /** Pictures in a row (default 4), and pixels along the side of each (default 256). */
  readonly columns?: number;
  readonly tile?: number;
  /** CT window in HU, default 40 and 400. */
  readonly window?: Window;
}

const gap = 2;
const line = textHeight + 8;
const white: Colour = [255, 255, 255];
const grey: Colour = [150, 150, 150];
/** Smallest field of view (mm) that a tile shows, and what it shows beyond the contours. */
const smallestField = 160;
const margin = 40;
/** What lies at the right edge of a picture: left or back of the patient. */
const rightEdge: Record<PictureAxis, string> = { axial: 'L', coronal: 'L', sagittal: 'P' };
const letters = ['X', 'Y', 'Z'] as const;

/**
 * PNG with key planes of a CT and the contours on them, axial ones seen from the feet, coronal ones from the front: the
 * patient's left is on the right; sagittal ones from the left side. Planes are chosen evenly from those with a contour,
 * from all where there is none.
 */
export function contactSheet(volume: Volume, rois: readonly PictureRoi[], options: PictureOptions = {}): Buffer {
  const { title, planes = { axial: 12 }, columns = 4, tile = 256, window = { level: 40, width: 400 } } = options;
  const places = placesOf(volume.grid, rois);
  const rows = pictureAxes.flatMap((axis) => {
    const field = fieldOfView(volume.grid, places, axis);
    const chosen = keyPlanes(volume.grid, places, axis, planes[axis] ?? 0);
    return inRows(chosen, columns).map((inRow) => ({ field, inRow }));
  });
  const width = columns * (tile + gap) - gap;
  const legend = legendLines(rois, width);
  const top = (title === undefined ? 0 : line) + legend.length * line + 4;
  const picture = new Picture(width, top + rows.length * (tile + gap) - gap);
  if (title !== undefined) picture.text(4, 5, title, white);
  drawLegend(picture, legend, title === undefined ? 5 : 5 + line);
  for (const [row, { field, inRow }] of rows.entries()) {
    for (const [column, plane] of inRow.entries()) {
      const frame = { x: column * (tile + gap), y: top + row * (tile + gap), width: tile, height: tile };
      drawPlane(picture, frame, volume, plane, field, window);
      drawRois(picture, frame, rois, volume.grid, plane, field);
      const { normal } = axesOf[plane.axis];
      const place = `${letters[normal]} ${positionsOf(volume.grid, normal)[plane.index]!.toFixed(1)} MM`;
      if (plane.axis === 'axial') picture.text(frame.x + 4, frame.y + 4, `${plane.index + 1}`, white);
      picture.text(frame.x + 4, frame.y + tile - textHeight / 2 - 4, place, grey, 1);
      picture.text(frame.x + tile - 14, frame.y + tile / 2 - 7, rightEdge[plane.axis], grey);
    }
  }
  return picture.toPng();
}

/** The rings of polygons as the tracer gives them, holes included. */
export function polygonRings(slices: readonly SlicePolygons[]): PictureRoi['rings'] {
  return slices.flatMap(({ slice, polygons }) =>
    polygons.flatMap(({ outer, holes }) => [outer, ...holes].map((ring) => ({ slice, ring }))),
  );
}

/** The rings of contours as a structure set has them (x, y, z in mm); those that lie on no slice are left out. */
export function contourRings(contours: readonly { readonly points: Float64Array }[], grid: Grid): PictureRoi['rings'] {
  return contours
    .map(({ points }) => ({ slice: sliceAt(grid.z, points[2] ?? NaN), ring: points.filter((_, at) => at % 3 !== 2) }))
    .filter(({ slice }) => slice >= 0);
}

/** Along x, y and z: voxels on which contours have points, ascending, one entry for each point (each slice along z). */
type Places = readonly [readonly number[], readonly number[], readonly number[]];

function placesOf(grid: Grid, rois: readonly PictureRoi[]): Places {
  const rings = rois.flatMap((roi) => roi.rings);
  const voxels = (axis: 0 | 1): number[] => {
    const found: number[] = [];
    for (const { ring } of rings) {
      for (let at = axis; at < ring.length; at += 2)
        found.push(Math.round((ring[at]! - grid.origin[axis]) / grid.spacing[axis]));
    }
    return found.map((index) => Math.min(grid.size[axis] - 1, Math.max(0, index))).sort((a, b) => a - b);
  };
  return [voxels(0), voxels(1), [...new Set(rings.map(({ slice }) => slice))].sort((a, b) => a - b)];
}

/** Planes spread over the contours. */
function keyPlanes(grid: Grid, places: Places, axis: PictureAxis, count: number): Plane[] {
  const { normal } = axesOf[axis];
  const contoured = places[normal];
  const candidates = contoured.length > 0 ? contoured : Array.from({ length: grid.size[normal] }, (_, n) => n);
  const shown = Math.min(count, candidates.length);
  const chosen = Array.from(
    { length: shown },
    (_, n) => candidates[Math.floor(((n + 0.5) * candidates.length) / shown)]!,
  );
  return [...new Set(chosen)].map((index) => ({ axis, index }));
}

/** Around all contours and some of what surrounds them; the whole image where there is none. */
function fieldOfView(grid: Grid, places: Places, axis: PictureAxis): Field {
  const { across, down } = axesOf[axis];
  const [x, y] = [across, down].map((along) => {
    const positions = positionsOf(grid, along);
    const first = positions[0]!;
    const whole = ((positions.at(-1)! - first) * positions.length) / Math.max(1, positions.length - 1);
    const contoured = places[along];
    if (contoured.length === 0) return { middle: first + whole / 2, wanted: whole, whole };
    const [low, high] = [positions[contoured[0]!]!, positions[contoured.at(-1)!]!];
    return { middle: (low + high) / 2, wanted: high - low + 2 * margin, whole };
  }) as [Extent, Extent];
  const side = Math.min(Math.max(x.whole, y.whole), Math.max(smallestField, x.wanted, y.wanted));
  return { across: x.middle, down: y.middle, side };
}

interface Extent {
  readonly middle: number;
  readonly wanted: number;
  readonly whole: number;
}

function inRows<Item>(items: readonly Item[], columns: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / columns) }, (_, row) =>
    items.slice(row * columns, (row + 1) * columns),
  );
}

type LegendLine = readonly { readonly x: number; readonly roi: PictureRoi }[];

function legendLines(rois: readonly PictureRoi[], width: number): LegendLine[] {
  const lines: { x: number; roi: PictureRoi }[][] = [];
  let x = width;
  for (const roi of rois) {
    const needed = 22 + textWidth(roi.name) + 16;
    if (x + needed > width) {
      lines.push([]);
      x = 4;
    }
    lines.at(-1)!.push({ x, roi });
    x += needed;
  }
  return lines;
}

function drawLegend(picture: Picture, lines: readonly LegendLine[], top: number): void {
  for (const [index, entries] of lines.entries()) {
    const y = top + line * index;
    for (const { x, roi } of entries) {
      picture.box({ x, y: y + 5, width: roi.dashed ? 6 : 16, height: 4 }, roi.colour);
      if (roi.dashed) picture.box({ x: x + 10, y: y + 5, width: 6, height: 4 }, roi.colour);
      picture.text(x + 22, y, roi.name, white);
    }
  }
}
