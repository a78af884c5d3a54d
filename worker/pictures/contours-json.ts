import type { ContouredRoi } from '../inference/contour-roi.ts';
import type { Grid } from '../volume/volume.ts';

/** An ROI as the page shows it: its contours under its name, in its colour. */
export interface ShownRoi extends Pick<ContouredRoi, 'slices'> {
  readonly roi: { readonly name: string; readonly interpretedType: string; readonly colour: readonly number[] };
}

/**
 * contours.json: the contours, for page and pictures. `z` is that of every CT slice, points are x0, y0, x1, y1, ... in mm
 * (LPS), `slice` counts along ascending z from 0. ROIs without contours are absent.
 */
export function contoursJson(grid: Grid, rois: readonly ShownRoi[]): string {
  const contoured = rois.filter(({ slices }) => slices.length > 0);
  return `${JSON.stringify({
    formatVersion: 1,
    z: [...grid.z],
    rois: contoured.map(({ roi, slices }) => ({
      name: roi.name,
      interpretedType: roi.interpretedType,
      colour: roi.colour,
      slices: slices.map(({ slice, polygons }) => ({
        slice,
        polygons: polygons.map(({ outer, holes }) => ({ outer: [...outer], holes: holes.map((hole) => [...hole]) })),
      })),
    })),
  })}\n`;
}
