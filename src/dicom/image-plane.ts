import { ContourNodeError } from '../errors.ts';
import type { CtHeader } from './ct-header.ts';

export interface ImagePlane {
  /** Stored columns run to the patient's right, stored rows to the front. */
  readonly reverseColumns: boolean;
  readonly reverseRows: boolean;
  /** The same for all slices of one orientation. */
  readonly key: string;
  /** In words, where Patient Position says something else. */
  readonly warning: string | undefined;
}

/** Largest component of a direction cosine that still counts as none. */
const axialTolerance = 1e-3;

/**
 * How an axial image lies in the patient, from Image Orientation alone (PS3.3 C.7.6.2.1.1): rows along ±x, columns
 * along ±y.
 * @throws SERIES_GANTRY_TILT tilted about the left-right axis
 * @throws SERIES_NOT_AXIAL sagittal, coronal, oblique, or the patient lies on the side
 */
export function planeOf({ imageOrientation, patientPosition }: CtHeader): ImagePlane {
  const [rx, ry, rz, cx, cy, cz] = imageOrientation as [number, number, number, number, number, number];
  const none = (...components: number[]): boolean => components.every((c) => Math.abs(c) <= axialTolerance);
  if (none(ry, rz, cx) && Math.abs(cz) > axialTolerance && Math.abs(cy) > Math.abs(cz)) {
    const angle = (Math.atan2(Math.abs(cz), Math.abs(cy)) * 180) / Math.PI;
    throw new ContourNodeError('SERIES_GANTRY_TILT', `gantry tilt of ${angle.toFixed(1)} degrees`);
  }
  if (none(rx, rz, cy, cz)) {
    throw new ContourNodeError(
      'SERIES_NOT_AXIAL',
      'the rows run from back to front: the patient lies on the side (decubitus)',
    );
  }
  if (!none(ry, rz, cx, cz))
    throw new ContourNodeError('SERIES_NOT_AXIAL', `the images are ${viewOf(imageOrientation)}`);
  const reverseColumns = rx < 0;
  const reverseRows = cy < 0;
  return {
    reverseColumns,
    reverseRows,
    key: `${reverseColumns}${reverseRows}`,
    warning: conflict(patientPosition, reverseColumns, reverseRows),
  };
}

function viewOf(orientation: readonly number[]): string {
  const [rx, ry, rz, cx, cy, cz] = orientation as [number, number, number, number, number, number];
  const normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx].map(Math.abs);
  const along = normal.findIndex((component) => component > 1 - axialTolerance);
  return ['sagittal', 'coronal', 'axial but turned within their plane'][along] ?? 'oblique';
}

/**
 * How scanners store the four positions. Feet first, some turn the image so that the left stays right and some do not.
 * An empty or unknown position says nothing.
 */
const usualPlanes: Record<string, readonly string[]> = {
  HFS: ['falsefalse'],
  HFP: ['truetrue'],
  FFS: ['falsefalse', 'truefalse'],
  FFP: ['falsetrue', 'truetrue'],
  HFDL: [],
  HFDR: [],
  FFDL: [],
  FFDR: [],
};

function conflict(patientPosition: string, reverseColumns: boolean, reverseRows: boolean): string | undefined {
  const usual = usualPlanes[patientPosition];
  if (usual === undefined || usual.includes(`${reverseColumns}${reverseRows}`)) return undefined;
  return `Patient Position ${patientPosition} does not agree with Image Orientation, which is taken`;
}
