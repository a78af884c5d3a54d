import type { Roi } from '../../src/bundles/manifest.ts';
import type { SlicePolygons } from '../../src/dicom/rtstruct/structure-set.ts';
import { slabContours } from '../contours/roi-contours.ts';
import type { Grid, Mask } from '../volume/volume.ts';
import { cleanUp } from './clean-up.ts';
import type { RoiRegion } from './roi-region.ts';

/** One ROI as it was found in the CT. */
export interface ContouredRoi {
  readonly roi: Roi;
  /** Polygons in mm, by CT slice; empty when nothing was found. */
  readonly slices: readonly SlicePolygons[];
  /** Volume of the cleaned mask on the CT grid. */
  readonly volumeCm3: number;
  readonly components: number;
  /** The ROI reaches the edge of the network's field of view: it may continue beyond. */
  readonly touchesFieldOfView: boolean;
  /** The cleaned mask, on a part of the CT grid; absent when nothing was found. */
  readonly part?: RoiPart;
}

/** A mask on a box of the CT grid that begins at `column`, `row`, `slice`. */
export interface RoiPart extends Pick<RoiRegion, 'column' | 'row' | 'slice'> {
  readonly mask: Mask;
}

/**
 * Probabilities → mask → clean-up → contours, slice by slice: on the CT grid there is one binary mask of the ROI's own
 * box and one slice of probabilities at a time.
 * @param region where the ROI can be; undefined: nowhere
 * @param field what the network saw, in plane
 */
export function contourRoi(roi: Roi, region: RoiRegion | undefined, field: Grid): ContouredRoi {
  const nothing = { roi, slices: [], volumeCm3: 0, components: 0, touchesFieldOfView: false };
  if (region === undefined) return nothing;
  const [width, height, depth] = region.grid.size;
  const values = new Float32Array(width * height);
  const mask: Mask = { grid: region.grid, voxels: new Uint8Array(width * height * depth) };
  for (let k = 0, v = 0; k < depth; k += 1) {
    region.write(k, values);
    for (let i = 0; i < values.length; i += 1, v += 1) mask.voxels[v] = values[i]! >= roi.threshold ? 1 : 0;
  }
  const { volumeCm3, components } = cleanUp(mask, roi.cleanUp);
  if (components === 0) return nothing;

  const slices: SlicePolygons[] = [];
  for (let k = 0; k < depth; k += 1) {
    if (!mask.voxels.subarray(k * values.length, (k + 1) * values.length).includes(1)) continue;
    region.write(k, values);
    for (const { slice, polygons } of slabContours({ first: k, values }, mask, roi.threshold)) {
      slices.push({ slice: slice + region.slice, polygons });
    }
  }
  const { column, row, slice } = region;
  return {
    roi,
    slices,
    volumeCm3,
    components,
    touchesFieldOfView: touchesEdge(mask, field),
    part: { mask, column, row, slice },
  };
}

/** Whether the mask has voxels within one network pixel of the edge of the network's field of view. */
function touchesEdge(mask: Mask, field: Grid): boolean {
  const [nx, ny, nz] = mask.grid.size;
  const near = ([0, 1] as const).map((axis) =>
    Array.from({ length: mask.grid.size[axis] }, (_, n) => {
      const position = mask.grid.origin[axis] + n * mask.grid.spacing[axis];
      const fromFirst = (position - field.origin[axis]) / field.spacing[axis];
      return fromFirst < 0.5 || fromFirst > field.size[axis] - 1.5;
    }),
  );
  const [columns, rows] = near as [boolean[], boolean[]];
  if (!columns.includes(true) && !rows.includes(true)) return false;
  for (let k = 0, v = 0; k < nz; k += 1) {
    for (let y = 0; y < ny; y += 1) {
      for (let x = 0; x < nx; x += 1, v += 1)
        if (mask.voxels[v] === 1 && (columns[x] === true || rows[y] === true)) return true;
    }
  }
  return false;
}
