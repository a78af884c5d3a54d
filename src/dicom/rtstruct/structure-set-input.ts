import type { RawElement } from '../patient-study.ts';
import type { HoleMode } from './hole-mode.ts';
import type { SlicePolygons } from './structure-set.ts';

/** An ROI as it goes into a structure set. */
export interface RoiInput {
  readonly number: number;
  /** At most 64 ASCII characters without backslash; 16 is what every system shows. */
  readonly name: string;
  /** ROI Description: what the contour contains. */
  readonly description: string;
  /** RT ROI Interpreted Type (PS3.3 C.8.8.8.1); '' where unknown. */
  readonly interpretedType: string;
  readonly colour: readonly [number, number, number];
  readonly holes: HoleMode;
  /** Nothing: an ROI without contours. */
  readonly slices: readonly SlicePolygons[];
}

/** An image that contours lie in. */
export interface ReferencedImage {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** Of a multi-frame instance, the frame from 1. */
  readonly frameNumber?: number;
  /** mm, as Image Position has it. */
  readonly z: number;
  /** Where the image is not axial, or does not lie exactly above the others. */
  readonly plane?: {
    /** x, y, z of the centre of its LPS-ordered voxel (0, 0), and x, y of that voxel on the grid of the rings. */
    readonly origin: readonly [number, number, number];
    readonly gridOrigin: readonly [number, number];
    /** Direction cosines of its columns along y and z. */
    readonly column: readonly [number, number];
  };
}

/** The CT series that a structure set was drawn on. */
export interface CtReference {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly frameOfReferenceUid: string;
  /** Every image of the series, ascending along z (mm): SlicePolygons.slice counts in here. */
  readonly images: readonly ReferencedImage[];
}

/** The words that a structure set carries; all ASCII without backslash. See model-texts.ts for those of a bundle. */
export interface StructureSetTexts {
  /** At most 16 characters. */
  readonly label: string;
  /** At most 64 characters each. */
  readonly name: string;
  readonly seriesDescription: string;
  readonly manufacturer: string;
  readonly modelName: string;
  readonly softwareVersions: readonly string[];
  /** At most 1024 characters. */
  readonly description: string;
}

/** Everything that determines the bytes of a structure set. */
export interface StructureSetInput {
  /** Root of the UIDs that are made. */
  readonly uidRoot: string;
  /** patientStudyElements of one of the CT's images. */
  readonly patientStudy: readonly RawElement[];
  readonly ct: CtReference;
  readonly texts: StructureSetTexts;
  /** AE title of the node: Station Name. */
  readonly stationName: string;
  /** DICOM DA and TM of the structure set. */
  readonly date: string;
  readonly time: string;
  /** Revision of the CT series, from 1: Instance Number. */
  readonly revision: number;
  /** SOP Instance UIDs of the structure sets of earlier revisions, oldest first: the file has room for the last one. */
  readonly predecessors: readonly string[];
  readonly generationAlgorithm: 'AUTOMATIC' | 'SEMIAUTOMATIC' | 'MANUAL' | '';
  readonly rois: readonly RoiInput[];
  /** What else tells two structure sets apart: digests of the CT's content and of the bundle. */
  readonly determinants: readonly string[];
}
