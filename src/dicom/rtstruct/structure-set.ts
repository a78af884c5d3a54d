import type { Warning } from '../../warning.ts';

/** SOP Class UID of RT Structure Set Storage (PS3.4 B.5). */
export const rtStructureSetStorage = '1.2.840.10008.5.1.4.1.1.481.3';

/** A closed ring in the plane of one slice: x0, y0, x1, y1, … in mm (LPS), at least three points, the first not repeated. */
export type Ring = Float64Array;

/** An area without self-intersections: an outer ring and the holes in it. Rings never touch each other. */
export interface Polygon {
  readonly outer: Ring;
  readonly holes: readonly Ring[];
}

/** What an ROI covers of one slice; `slice` is the index along ascending z. */
export interface SlicePolygons {
  readonly slice: number;
  readonly polygons: readonly Polygon[];
}

/** One closed contour as it stands in a Contour Sequence item (PS3.3 C.8.8.6). */
export interface Contour {
  /** x, y, z of every point in mm (LPS). */
  readonly points: Float64Array;
  readonly geometricType: string;
  /** The image that the contour names; it need not exist in the CT (see match-to-ct.ts). */
  readonly referencedSopInstanceUid?: string;
}

export interface StructureSetRoi {
  readonly number: number;
  readonly name: string;
  /** RT ROI Interpreted Type (PS3.3 C.8.8.8.1), '' where the file has none. */
  readonly type: string;
  readonly colour?: readonly [number, number, number];
  readonly frameOfReferenceUid?: string;
  readonly contours: readonly Contour[];
}

/** What readRtstruct finds in a file. */
export interface StructureSet {
  readonly sopInstanceUid: string;
  readonly label: string;
  readonly patientId: string;
  readonly studyInstanceUid: string;
  readonly frameOfReferenceUid: string;
  /** The CT series, where the file names exactly one. */
  readonly referencedSeriesUid?: string;
  readonly rois: readonly StructureSetRoi[];
  readonly warnings: readonly Warning[];
}
