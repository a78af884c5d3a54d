import type { CtGeometry } from '../../src/dicom/ct-geometry.ts';
import type { CtHeader } from '../../src/dicom/ct-instance.ts';
import type { ReferencedImage, StructureSetInput } from '../../src/dicom/rtstruct/structure-set-input.ts';
import type { DataSet } from '../../src/dicom/data-set.ts';
import { patientStudyElements } from '../../src/dicom/patient-study.ts';
import { destinationRois, type ContouredRoi } from './destination-rois.ts';
import { modelTexts, type SetOrigin } from './model-texts.ts';
import { prepareRtstruct, type PreparedStructureSet } from '../../src/dicom/rtstruct/write-rtstruct.ts';
import type { Profile } from '../../src/work/work-order.ts';
import type { Warning } from '../../src/warning.ts';
import type { NetworkUse } from '../../src/work/work-result.ts';
import { version } from '../../src/version.ts';

export interface StructureSetOptions {
  readonly slices: readonly CtHeader[];
  /** Of these slices. */
  readonly geometry: CtGeometry;
  /** Header of one of the slices: patient and study are copied from it, byte for byte. */
  readonly header: DataSet;
  readonly bundle: { readonly manifest: SetOrigin; readonly digest: string };
  /** What contoured; absent: nothing is said of it. */
  readonly networks?: readonly NetworkUse[];
  readonly rois: readonly ContouredRoi[];
  /** Warnings that concern every ROI. */
  readonly ctWarnings: readonly Warning[];
  readonly style: Omit<Profile, 'key' | 'destinations' | 'transferSyntaxes'>;
  readonly uidRoot: string;
  readonly aeTitle: string;
  readonly date: string;
  readonly time: string;
  readonly revision: number;
  /** SOP Instance UIDs of the structure sets that this one replaces. */
  readonly predecessors: readonly string[];
  /** What every ROI Description says of the images beside the CT. */
  readonly beside?: readonly string[];
  /** SHA-256 over everything in the CT that determines the contours. */
  readonly contentSha256: string;
}

/**
 * The contours of a bundle on a CT as a structure set in the style of one destination. Undefined when no ROI was found
 * that this destination wants, and it takes no empty ones.
 * @throws ContourNodeError RTSTRUCT_INVALID
 */
export function prepareStructureSet(options: StructureSetOptions): PreparedStructureSet | undefined {
  const rois = destinationRois(options.rois, options.style, options.ctWarnings, options.beside);
  if (rois.length === 0) return undefined;
  return prepareRtstruct({
    ...originOf(options),
    predecessors: options.predecessors,
    generationAlgorithm: 'AUTOMATIC',
    rois,
  });
}

/** What a structure set and a segmentation of it say alike: patient, study, CT, texts, dates. */
export function originOf(
  options: StructureSetOptions,
): Omit<StructureSetInput, 'predecessors' | 'generationAlgorithm' | 'rois'> {
  const first = options.slices[0]!;
  const { manifest, digest } = options.bundle;
  return {
    uidRoot: options.uidRoot,
    patientStudy: patientStudyElements(options.header),
    ct: {
      studyInstanceUid: first.studyInstanceUid,
      seriesInstanceUid: first.seriesInstanceUid,
      frameOfReferenceUid: first.frameOfReferenceUid,
      images: options.slices.map((slice, index) => referencedImage(slice, options.geometry, index)),
    },
    texts: modelTexts({
      bundle: manifest,
      withIntegers: (options.networks ?? []).filter(({ precision }) => precision === 'int8'),
      nodeVersion: version,
      revision: options.revision,
      predecessors: options.predecessors.length,
      lossy: options.slices.some(({ lossy }) => lossy),
    }),
    stationName: options.aeTitle,
    date: options.date,
    time: options.time,
    revision: options.revision,
    determinants: [options.contentSha256, digest],
  };
}

function referencedImage(
  { sopClassUid, sopInstanceUid, frameNumber, imagePosition }: CtHeader,
  { originX, originY, planes }: CtGeometry,
  index: number,
): ReferencedImage {
  return {
    sopClassUid,
    sopInstanceUid,
    ...(frameNumber !== undefined && { frameNumber }),
    z: imagePosition[2]!,
    ...(planes !== undefined && {
      plane: { origin: planes.origins[index]!, gridOrigin: [originX, originY], column: planes.column },
    }),
  };
}
