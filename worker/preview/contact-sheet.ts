import { sliceAt } from '../../src/dicom/rtstruct/contour-plane.ts';
import type { Ring, SlicePolygons } from '../../src/dicom/rtstruct/structure-set.ts';
import type { Grid, Volume } from '../volume/volume.ts';
import { Picture, textHeight, textWidth, type Colour, type Frame } from './picture.ts';

/** The lines of one ROI, e.g. what was drawn, or the truth. */
export interface PreviewRoi {
  /** Legend text; ASCII. */
  readonly name: string;
  readonly colour: Colour;
  readonly rings: readonly { readonly slice: number; readonly ring: Ring }[];
  /** Draws dashes, so that two lines on top of one another stay visible. */
  readonly dashed?: boolean;
}

export interface PreviewOptions {
  /** Line above the pictures; ASCII, no patient data. */
  readonly title?: string;
  /** Number of slices shown, default 12. */
  readonly slices?: number;
  /** CT window in HU: level and width, default 40 and 400. */
  readonly window?: { readonly level: number; readonly width: number };
}

const tile = 256;
const columns = 4;
const gap = 2;
const line = textHeight + 8;
const white: Colour = [255, 255, 255];
const grey: Colour = [150, 150, 150];
/** Smallest field of view (mm) that a tile shows, and what it shows beyond the contours. */
const smallestField = 160;
const margin = 40;

/**
 * PNG with the key slices of a CT and the contours on them, seen from the feet: the patient's left is on the right.
 * Slices are chosen evenly from those with a contour, from all where there is none.
 */
export function contactSheet(volume: Volume, rois: readonly PreviewRoi[], options: PreviewOptions = {}): Buffer {
  const chosen = keySlices(volume.grid, rois, options.slices ?? 12);
  const field = fieldOfView(volume.grid, rois);
  const width = columns * (tile + gap) - gap;
  const legend = legendLines(rois, width);
  const top = (options.title === undefined ? 0 : line) + legend.length * line + 4;
  const picture = new Picture(width, top + Math.ceil(chosen.length / columns) * (tile + gap) - gap);
  if (options.title !== undefined) picture.text(4, 5, options.title, white);
  for (const [index, entries] of legend.entries()) {
    const y = 5 + line * (index + (options.title === undefined ? 0 : 1));
    for (const { x, roi } of entries) {
      picture.box({ x, y: y + 5, width: roi.dashed ? 6 : 16, height: 4 }, roi.colour);
      if (roi.dashed) picture.box({ x: x + 10, y: y + 5, width: 6, height: 4 }, roi.colour);
      picture.text(x + 22, y, roi.name, white);
    }
  }
  for (const [index, slice] of chosen.entries()) {
    const frame = {
      x: (index % columns) * (tile + gap),
      y: top + Math.floor(index / columns) * (tile + gap),
      width: tile,
      height: tile,
    };
    drawSlice(picture, frame, volume, slice, field, options.window ?? { level: 40, width: 400 });
    drawContours(picture, frame, rois, slice, field);
    picture.text(frame.x + 4, frame.y + 4, `${slice + 1}`, white);
    picture.text(frame.x + 4, frame.y + tile - textHeight / 2 - 4, `Z ${volume.grid.z[slice]!.toFixed(1)} MM`, grey, 1);
    picture.text(frame.x + tile - 14, frame.y + tile / 2 - 7, 'L', grey);
  }
  return picture.toPng();
}

/** The rings of polygons as the tracer gives them, holes included. */
export function polygonRings(slices: readonly SlicePolygons[]): PreviewRoi['rings'] {
  return slices.flatMap(({ slice, polygons }) =>
    polygons.flatMap(({ outer, holes }) => [outer, ...holes].map((ring) => ({ slice, ring }))),
  );
}

/** The rings of contours as a structure set has them (x, y, z in mm); those that lie on no slice are left out. */
export function contourRings(contours: readonly { readonly points: Float64Array }[], grid: Grid): PreviewRoi['rings'] {
  return contours
    .map(({ points }) => ({ slice: sliceAt(grid.z, points[2] ?? NaN), ring: points.filter((_, at) => at % 3 !== 2) }))
    .filter(({ slice }) => slice >= 0);
}

function keySlices(grid: Grid, rois: readonly PreviewRoi[], count: number): number[] {
  const drawn = [...new Set(rois.flatMap(({ rings }) => rings.map(({ slice }) => slice)))].sort((a, b) => a - b);
  const candidates = drawn.length > 0 ? drawn : Array.from(grid.z, (_, k) => k);
  const shown = Math.min(count, candidates.length);
  return Array.from({ length: shown }, (_, n) => candidates[Math.floor(((n + 0.5) * candidates.length) / shown)]!);
}

/** A square, mm: upper left corner and side. */
interface Field {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** Around all contours and some of what surrounds them; the whole image where there is none. */
function fieldOfView(grid: Grid, rois: readonly PreviewRoi[]): Field {
  const sides = [0, 1].map((axis) => grid.size[axis]! * grid.spacing[axis]!);
  const whole = Math.max(...sides);
  let [low, high] = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  for (const { rings } of rois) {
    for (const { ring } of rings) {
      for (let at = 0; at < ring.length; at++) {
        low[at % 2] = Math.min(low[at % 2]!, ring[at]!);
        high[at % 2] = Math.max(high[at % 2]!, ring[at]!);
      }
    }
  }
  if (low[0] === Infinity) {
    low = [...grid.origin];
    high = grid.origin.map((start, axis) => start + sides[axis]!);
  }
  const side = Math.min(
    whole,
    Math.max(smallestField, high[0]! - low[0]! + 2 * margin, high[1]! - low[1]! + 2 * margin),
  );
  const [x, y] = [0, 1].map((axis) => (low[axis]! + high[axis]! - side) / 2);
  return { x: x!, y: y!, side };
}

function legendLines(rois: readonly PreviewRoi[], width: number): { x: number; roi: PreviewRoi }[][] {
  const lines: { x: number; roi: PreviewRoi }[][] = [];
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

/** The CT, bilinear between voxels and black outside. */
function drawSlice(
  picture: Picture,
  frame: Frame,
  volume: Volume,
  slice: number,
  field: Field,
  window: { level: number; width: number },
): void {
  const { grid, hu } = volume;
  const [nx, ny] = grid.size;
  const pixel = field.side / frame.width;
  for (let y = 0; y < frame.height; y++) {
    const row = (field.y + (y + 0.5) * pixel - grid.origin[1]) / grid.spacing[1];
    if (row < -0.5 || row > ny - 0.5) continue;
    const j = Math.floor(Math.max(0, row));
    const v = Math.max(0, row) - j;
    const upper = (slice * ny + j) * nx;
    const lower = j + 1 < ny ? upper + nx : upper;
    for (let x = 0; x < frame.width; x++) {
      const column = (field.x + (x + 0.5) * pixel - grid.origin[0]) / grid.spacing[0];
      if (column < -0.5 || column > nx - 0.5) continue;
      const i = Math.floor(Math.max(0, column));
      const u = Math.max(0, column) - i;
      const next = i + 1 < nx ? i + 1 : i;
      const value =
        (hu[upper + i]! * (1 - u) + hu[upper + next]! * u) * (1 - v) +
        (hu[lower + i]! * (1 - u) + hu[lower + next]! * u) * v;
      const shade = Math.min(255, Math.max(0, ((value - window.level) / window.width + 0.5) * 255));
      picture.blend(frame.x + x, frame.y + y, [shade, shade, shade]);
    }
  }
}

function drawContours(picture: Picture, frame: Frame, rois: readonly PreviewRoi[], slice: number, field: Field): void {
  const scale = frame.width / field.side;
  for (const { rings, colour, dashed } of rois) {
    for (const { slice: at, ring } of rings) {
      if (at !== slice) continue;
      const points = ring.map(
        (value, n) => (n % 2 === 0 ? frame.x + (value - field.x) * scale : frame.y + (value - field.y) * scale) - 0.5,
      );
      picture.ring(points, colour, frame, 1.4, dashed ? 5 : undefined);
    }
  }
}
