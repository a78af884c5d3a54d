import type { CtHeader } from '../../src/dicom/ct-instance.ts';
import type { DataSet } from '../../src/dicom/data-set.ts';
import { patientStudyElements } from '../../src/dicom/patient-study.ts';
import { destinationRois, type DrawnRoi } from './destination-rois.ts';
import { modelTexts, type SetOrigin } from './model-texts.ts';
import { prepareRtstruct, type PreparedStructureSet } from '../../src/dicom/rtstruct/write-rtstruct.ts';
import type { Profile } from '../../src/work/work-order.ts';
import type { Warning } from '../../src/warning.ts';
import { version } from '../../src/version.ts';

export interface StructureSetOptions {
  readonly slices: readonly CtHeader[];
  /** Header of one of the slices: patient and study are copied from it, byte for byte. */
  readonly header: DataSet;
  readonly bundle: { readonly manifest: SetOrigin; readonly digest: string };
  readonly rois: readonly DrawnRoi[];
  /** What concerns every ROI. */
  readonly ctWarnings: readonly Warning[];
  readonly style: Omit<Profile, 'key' | 'destinations' | 'transferSyntaxes'>;
  readonly uidRoot: string;
  readonly aeTitle: string;
  readonly date: string;
  readonly time: string;
  readonly revision: number;
  /** SOP Instance UIDs of the structure sets that this one replaces. */
  readonly predecessors: readonly string[];
  /** SHA-256 over what of the CT determines the contours. */
  readonly contentSha256: string;
}

/**
 * What a bundle drew on a CT as a structure set in one destination's style; undefined when nothing was found that this
 * destination wants (and it does not take empty ones).
 * @throws ContourNodeError RTSTRUCT_INVALID
 */
export function structureSet(options: StructureSetOptions): PreparedStructureSet | undefined {
  const rois = destinationRois(options.rois, options.style, options.ctWarnings);
  if (rois.length === 0) return undefined;
  const first = options.slices[0]!;
  const { manifest, digest } = options.bundle;
  return prepareRtstruct({
    uidRoot: options.uidRoot,
    patientStudy: patientStudyElements(options.header),
    ct: {
      studyInstanceUid: first.studyInstanceUid,
      seriesInstanceUid: first.seriesInstanceUid,
      frameOfReferenceUid: first.frameOfReferenceUid,
      images: options.slices.map(({ sopClassUid, sopInstanceUid, imagePosition }) => ({
        sopClassUid,
        sopInstanceUid,
        z: imagePosition[2]!,
      })),
    },
    texts: modelTexts({
      bundle: manifest,
      nodeVersion: version,
      revision: options.revision,
      predecessors: options.predecessors.length,
      lossy: options.slices.some(({ lossy }) => lossy),
    }),
    stationName: options.aeTitle,
    date: options.date,
    time: options.time,
    revision: options.revision,
    predecessors: options.predecessors,
    generationAlgorithm: 'AUTOMATIC',
    rois,
    determinants: [options.contentSha256, digest],
  });
}
