import type { CtGeometry, SlicePlanes } from '../../src/dicom/ct-geometry.ts';
import type { MatchedRoi } from '../../src/dicom/rtstruct/match-to-ct.ts';
import type { StructureSet } from '../../src/dicom/rtstruct/structure-set.ts';
import { gridOf } from '../volume/load-volume.ts';
import type { Grid } from '../volume/volume.ts';

/** The planes of a stack that leans; undefined where it stands upright. */
export function tiltedPlanes({ planes }: CtGeometry): SlicePlanes | undefined {
  return planes?.tilted === true ? planes : undefined;
}

/**
 * The structure set turned about x until the tilted planes lie flat: every point is x, mm along the columns, mm along the
 * normal, which is what `CtGeometry.z` has. A rotation changes no distance.
 */
export function turned(set: StructureSet, { column: [cy, cz] }: SlicePlanes): StructureSet {
  const points = (flat: Float64Array): Float64Array =>
    flat.map((value, at) => {
      if (at % 3 === 0) return value;
      const [y, z] = at % 3 === 1 ? [value, flat[at + 1]!] : [flat[at - 1]!, value];
      return at % 3 === 1 ? y * cy + z * cz : z * cy - y * cz;
    });
  const rois = set.rois.map((roi) => ({
    ...roi,
    contours: roi.contours.map((contour) => ({ ...contour, points: points(contour.points) })),
  }));
  return { ...set, rois };
}

/** The grid in which turned contours lie: that of the stack, with as many rows more as its slices lie beside each other. */
export function turnedGrid(geometry: CtGeometry, planes: SlicePlanes): Grid {
  const grid = gridOf(geometry);
  const starts = rowStarts(planes);
  const [front, back] = [Math.min(...starts), Math.max(...starts)];
  const [columns, rows, slices] = grid.size;
  const more = Math.ceil((back - front) / grid.spacing[1]);
  return { ...grid, size: [columns, rows + more, slices], origin: [grid.origin[0], front] };
}

/** Turned contours in the grid of the stack, whose slices lie one above the other: where the pictures show them. */
export function inStack(roi: MatchedRoi, { originX, originY }: CtGeometry, planes: SlicePlanes): MatchedRoi {
  const starts = rowStarts(planes);
  const contours = roi.contours.map((contour) => {
    const [x, y] = [planes.origins[contour.slice]![0] - originX, starts[contour.slice]! - originY];
    const points = contour.points.map((value, at) => value - [x, y, 0][at % 3]!);
    return { ...contour, points };
  });
  return { ...roi, contours };
}

/** mm along the columns of row 0 of every slice. */
function rowStarts({ origins, column: [cy, cz] }: SlicePlanes): number[] {
  return origins.map(([, y, z]) => y * cy + z * cz);
}
