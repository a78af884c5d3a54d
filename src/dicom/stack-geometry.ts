import { ContourNodeError } from '../errors.ts';
import type { Warning } from '../warning.ts';
import type { CtGeometry } from './ct-geometry.ts';
import type { CtHeader } from './ct-header.ts';
import { figure, figures } from './figures.ts';
import type { ImagePlane } from './image-plane.ts';
import { stackLine, type StackLine } from './stack-line.ts';

/** In-plane shift (mm) that rounding of positions explains. */
const roundingMm = 0.1;
/** No gantry leans farther; a stack that does is an oblique reformat. */
const steepestTilt = 35;

/**
 * The grid of the slices of one orientation, and the slices in its order. A shift of less than half a pixel from slice to
 * slice is told of and every contour goes to where its own slice lies; what shifts farther is a tilted gantry.
 * @param images of one matrix and orientation, axial or tilted, none of them half a pixel beside the others
 * @throws SERIES_GANTRY_TILT unless it is to be resolved; SERIES_NOT_AXIAL it leans too far
 */
export function stackGeometry<T extends CtHeader>(
  images: readonly T[],
  plane: ImagePlane,
  tilt: 'refuse' | 'resolve',
): { geometry: CtGeometry; slices: T[]; warnings: Warning[] } {
  const line = stackLine(images, plane);
  const { slices, z } = inOrder(images, line);
  const [first] = slices as [T];
  const { rows, columns } = first;
  const [rowSpacing, columnSpacing] = first.pixelSpacing as [number, number];
  const [driftX, driftY] = line.drift.map(Math.abs) as [number, number];
  const degrees = plane.tilt > 0 ? plane.tilt : degreesOf(line.drift, z);
  const leans = plane.tilt > 0 || driftX > columnSpacing / 2 || driftY > rowSpacing / 2;
  if (leans && (tilt === 'refuse' || driftX > columnSpacing / 2)) {
    const shift = plane.tilt > 0 ? '' : `: the slices shift by ${figures(Math.max(driftX, driftY))[0]} mm`;
    throw new ContourNodeError('SERIES_GANTRY_TILT', `gantry tilt of ${inDegrees(degrees)}${shift}`);
  }
  if (leans && degrees > steepestTilt) {
    throw new ContourNodeError('SERIES_NOT_AXIAL', `the images are oblique, ${inDegrees(degrees)} from axial`);
  }
  const origins = slices.map((slice) => firstVoxel(slice, plane));
  const shift = plane.tilt > 0 ? 0 : shiftOf(origins);
  const [originX, originY] = origins[0]!;
  const isUneven = origins.some(([x, y]) => x !== originX || y !== originY);
  const [cy, cz] = plane.column;
  return {
    slices,
    geometry: {
      columns,
      rows,
      columnSpacing,
      rowSpacing,
      originX,
      originY: leans ? originY * cy + origins[0]![2] * cz : originY,
      reverseColumns: plane.reverseColumns,
      reverseRows: plane.reverseRows,
      z,
      ...((leans || isUneven) && { planes: { origins, column: plane.column, tilted: leans } }),
    },
    warnings: leans
      ? [tiltWarning(degrees)]
      : shift > roundingMm
        ? [shiftWarning(shift, Math.min(rowSpacing, columnSpacing) / 2)]
        : [],
  };
}

function inOrder<T>(images: readonly T[], { along }: StackLine): { slices: T[]; z: number[] } {
  const order = images.map((image, i) => ({ image, z: along[i]! })).toSorted((a, b) => a.z - b.z);
  return { slices: order.map(({ image }) => image), z: order.map(({ z }) => z) };
}

function degreesOf(drift: readonly [number, number], z: readonly number[]): number {
  return (Math.atan2(Math.hypot(...drift), z.at(-1)! - z[0]!) * 180) / Math.PI;
}

/** x, y, z of the LPS-ordered voxel (0, 0): where the matrix is reversed, that of the last stored column or row. */
function firstVoxel(slice: CtHeader, plane: ImagePlane): [number, number, number] {
  const [x, y, z] = slice.imagePosition as [number, number, number];
  const [rowSpacing, columnSpacing] = slice.pixelSpacing as [number, number];
  const [cy, cz] = plane.column;
  const back = plane.reverseRows ? (slice.rows - 1) * rowSpacing : 0;
  const left = plane.reverseColumns ? (slice.columns - 1) * columnSpacing : 0;
  return [x - left, y - back * cy, z - back * cz];
}

/** Largest distance (mm) of two slices within their plane. */
function shiftOf(origins: readonly (readonly [number, number, number])[]): number {
  const extent = (axis: 0 | 1): number => {
    const values = origins.map((origin) => origin[axis]);
    return Math.max(...values) - Math.min(...values);
  };
  return Math.max(extent(0), extent(1));
}

function inDegrees(value: number): string {
  return `${value < 1 ? figure(value) : value.toFixed(1)} degrees`;
}

function tiltWarning(degrees: number): Warning {
  const text = `gantry tilt of ${inDegrees(degrees)}: resampled for the network, the contours lie in the tilted planes`;
  return { code: 'TILTED', text };
}

function shiftWarning(mm: number, halfPixelMm: number): Warning {
  // Each lies less than half a pixel beside the line of all of them.
  const share = mm < halfPixelMm ? ', less than half a pixel' : '';
  const text = `the slices lie up to ${figures(mm)[0]} mm beside each other${share}`;
  return { code: 'IN_PLANE_SHIFT', text: `${text}; each contour lies at its own slice` };
}
