import { ContourNodeError } from '../../errors.ts';
import type { Warning } from '../../warning.ts';
import type { CheckedSeries } from '../ct-series.ts';
import { sliceAt } from './contour-plane.ts';
import type { Contour, StructureSet, StructureSetRoi } from './structure-set.ts';

export interface ReferencedCt {
  readonly frameOfReferenceUid: string;
  /** Ascending z in mm. */
  readonly slices: readonly { readonly sopInstanceUid: string; readonly z: number }[];
}

/** The CT that a structure set is matched to, from its checked slices. */
export function referencedCt({ geometry, slices }: Pick<CheckedSeries, 'geometry' | 'slices'>): ReferencedCt {
  return {
    frameOfReferenceUid: slices[0]!.frameOfReferenceUid,
    slices: slices.map(({ sopInstanceUid }, k) => ({ sopInstanceUid, z: geometry.z[k]! })),
  };
}

export interface MatchedRoi extends Omit<StructureSetRoi, 'contours'> {
  readonly contours: readonly (Contour & { readonly slice: number })[];
}

/**
 * Finds the CT slice of every contour. Its position decides, since exports name images that do not exist (any more) or
 * none; what an image reference says is only compared. Left out with a warning: contours beside the CT, and ROIs of
 * another frame of reference that name no image of the CT.
 *
 * @throws STRUCTURE_SET_NOT_OF_CT no ROI belongs to the CT, or not one contour lies in it
 */
export function matchToCt(structureSet: StructureSet, ct: ReferencedCt): { rois: MatchedRoi[]; warnings: Warning[] } {
  const sliceOf = new Map(ct.slices.map((slice, index) => [slice.sopInstanceUid, index]));
  const z = ct.slices.map((slice) => slice.z);
  const inFrame = (roi: StructureSetRoi): boolean =>
    (roi.frameOfReferenceUid ?? structureSet.frameOfReferenceUid) === ct.frameOfReferenceUid;
  const namesCt = (roi: StructureSetRoi): boolean =>
    roi.contours.some(({ referencedSopInstanceUid }) => sliceOf.has(referencedSopInstanceUid ?? ''));
  const taken = structureSet.rois.filter((roi) => inFrame(roi) || namesCt(roi));
  if (taken.length === 0) throw notOfCt('the structure set has another frame of reference than the CT');

  let dangling = 0;
  let contradicting = 0;
  let outside = 0;
  let inside = 0;
  const rois = taken.map((roi) => ({
    ...roi,
    contours: roi.contours.flatMap((contour) => {
      const slice = sliceAt(z, contour.points[2]!);
      if (slice < 0) {
        outside++;
        return [];
      }
      inside++;
      const named = sliceOf.get(contour.referencedSopInstanceUid ?? '');
      if (named === undefined) dangling++;
      else if (named !== slice) contradicting++;
      return [{ ...contour, slice }];
    }),
  }));
  if (outside > 0 && inside === 0) throw notOfCt('no contour of the structure set lies in a slice of the CT');

  const warnings: Warning[] = [];
  const warn = (code: string, count: number, what: string): void => {
    if (count > 0) warnings.push({ code, text: `${count} ${what}` });
  };
  warn(
    'OTHER_FRAME_OF_REFERENCE',
    structureSet.rois.length - taken.length,
    'ROIs lie in another frame of reference: left out',
  );
  warn(
    'OTHER_FRAME_OF_REFERENCE',
    taken.filter((roi) => !inFrame(roi)).length,
    'ROIs name images of the CT, but another frame of reference',
  );
  const of = `of ${inside + outside} contours`;
  warn('DANGLING_IMAGE_REFERENCE', dangling, `${of} name no image of the CT: placed by position`);
  warn(
    'CONTRADICTING_IMAGE_REFERENCE',
    contradicting,
    `${of} name another image than the one at their position: placed by position`,
  );
  warn('CONTOURS_OUTSIDE_CT', outside, `${of} lie in no slice of the CT: left out`);
  return { rois, warnings };
}

function notOfCt(message: string): ContourNodeError {
  return new ContourNodeError('STRUCTURE_SET_NOT_OF_CT', message);
}
