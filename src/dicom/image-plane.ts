import type { CtHeader } from './ct-header.ts';

/** How the planes of a stack lie in the patient. `tilted`: about the left-right axis, as a gantry leans. */
export type View = 'axial' | 'tilted' | 'decubitus' | 'turned' | 'sagittal' | 'coronal' | 'oblique';

export interface ImagePlane {
  readonly view: View;
  /** Stored columns run to the patient's right, stored rows to the front. */
  readonly reverseColumns: boolean;
  readonly reverseRows: boolean;
  /** Direction cosines of the columns in LPS order (to the back) along y and z: 1 and 0 in an axial image. */
  readonly column: readonly [y: number, z: number];
  /** Degrees between the image and an axial one; 0 unless tilted. */
  readonly tilt: number;
}

/** Largest component of a direction cosine that still counts as none. */
const axialTolerance = 1e-3;

/**
 * How an image lies in the patient, from Image Orientation alone (PS3.3 C.7.6.2.1.1). Axial and tilted: rows along ±x,
 * columns along ±y or leaning from there to the head or the feet.
 */
export function planeOf({ imageOrientation }: Pick<CtHeader, 'imageOrientation'>): ImagePlane {
  const [rx, , , , cy, cz] = imageOrientation as [number, number, number, number, number, number];
  const view = viewOf(imageOrientation);
  const isTilted = view === 'tilted';
  return {
    view,
    reverseColumns: rx < 0,
    reverseRows: cy < 0,
    column: isTilted ? [Math.abs(cy), cy < 0 ? -cz : cz] : [1, 0],
    tilt: isTilted ? (Math.atan2(Math.abs(cz), Math.abs(cy)) * 180) / Math.PI : 0,
  };
}

function viewOf(orientation: readonly number[]): View {
  const [rx, ry, rz, cx, cy, cz] = orientation as [number, number, number, number, number, number];
  const none = (...components: number[]): boolean => components.every((c) => Math.abs(c) <= axialTolerance);
  if (none(ry, rz, cx, cz)) return 'axial';
  if (none(ry, rz, cx) && Math.abs(cy) > Math.abs(cz)) return 'tilted';
  if (none(rx, rz, cy, cz)) return 'decubitus';
  const normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx].map(Math.abs);
  const along = normal.findIndex((component) => component > 1 - axialTolerance);
  return (['sagittal', 'coronal', 'turned'] as const)[along] ?? 'oblique';
}

/** What a view is in a sentence after `the images are`. */
export const viewWords: Record<View, string> = {
  axial: 'axial',
  tilted: 'tilted',
  decubitus: 'of a patient on the side (decubitus): the rows run from back to front',
  turned: 'axial but turned within their plane',
  sagittal: 'sagittal',
  coronal: 'coronal',
  oblique: 'oblique',
};

/**
 * How scanners store the four positions: columns and rows reversed or not. Feet first, some turn the image so that the
 * left stays right and some do not. An empty or unknown position says nothing.
 */
const usualPlanes: Record<string, readonly (readonly [columns: boolean, rows: boolean])[]> = {
  HFS: [[false, false]],
  HFP: [[true, true]],
  FFS: [
    [false, false],
    [true, false],
  ],
  FFP: [
    [false, true],
    [true, true],
  ],
  HFDL: [],
  HFDR: [],
  FFDL: [],
  FFDR: [],
};

/** In words, where Patient Position says something else than Image Orientation. */
export function positionConflict(patientPosition: string, plane: ImagePlane): string | undefined {
  const usual = usualPlanes[patientPosition];
  if (
    usual === undefined ||
    usual.some(([columns, rows]) => columns === plane.reverseColumns && rows === plane.reverseRows)
  )
    return undefined;
  return `Patient Position ${patientPosition} does not agree with Image Orientation, which is taken`;
}
