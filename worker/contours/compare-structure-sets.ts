import type { CheckedSeries } from '../../src/dicom/ct-series.ts';
import { matchToCt } from '../../src/dicom/rtstruct/match-to-ct.ts';
import type { MatchedRoi } from '../../src/dicom/rtstruct/match-to-ct.ts';
import type { StructureSet } from '../../src/dicom/rtstruct/structure-set.ts';
import type { Warning } from '../../src/jobs/work-order.ts';
import { overlap } from '../evaluation/compare-masks.ts';
import { gridOf } from '../volume/load-volume.ts';
import { rasterise } from './rasterise.ts';

export interface RoiComparison {
  readonly name: string;
  /** `empty`: the ROI is there and has no voxel in this CT; then there is no DSC. */
  readonly status: 'ok' | 'only in A' | 'only in B' | 'empty in A' | 'empty in B' | 'empty in both';
  readonly volumeCm3A?: number;
  readonly volumeCm3B?: number;
  readonly dsc?: number;
}

export interface StructureSetComparison {
  readonly rois: readonly RoiComparison[];
  readonly warnings: readonly Warning[];
}

/**
 * Two structure sets of one CT, ROI by ROI on the CT's grid. ROIs are matched by name, whatever the case; the suffix
 * that marks a machine's contours does not count.
 *
 * @throws STRUCTURE_SET_NOT_OF_CT one of them was drawn on something else
 */
export function compareStructureSets(
  a: StructureSet,
  b: StructureSet,
  ct: CheckedSeries,
  suffix: string,
): StructureSetComparison {
  const grid = gridOf(ct.geometry);
  const reference = {
    frameOfReferenceUid: ct.slices[0]?.frameOfReferenceUid ?? '',
    slices: ct.slices.map(({ sopInstanceUid }, k) => ({ sopInstanceUid, z: ct.geometry.z[k]! })),
  };
  const inA = matchToCt(a, reference);
  const inB = matchToCt(b, reference);
  const key = ({ name }: MatchedRoi): string =>
    (name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : name).trim().toLowerCase();
  const ofB = new Map(inB.rois.map((roi) => [key(roi), roi]));
  const keysOfA = new Set(inA.rois.map(key));
  const rois = inA.rois.map((roiA): RoiComparison => {
    const roiB = ofB.get(key(roiA));
    if (roiB === undefined) return { name: roiA.name, status: 'only in A' };
    const { referenceCm3, testCm3, dsc } = overlap(rasterise(roiA.contours, grid), rasterise(roiB.contours, grid));
    const empty = { '00': 'empty in both', '01': 'empty in A', '10': 'empty in B', '11': 'ok' } as const;
    return {
      name: roiA.name,
      status: empty[`${referenceCm3 > 0 ? 1 : 0}${testCm3 > 0 ? 1 : 0}`],
      volumeCm3A: referenceCm3,
      volumeCm3B: testCm3,
      ...(dsc === undefined ? {} : { dsc }),
    };
  });
  const rest = inB.rois
    .filter((roi) => !keysOfA.has(key(roi)))
    .map(({ name }): RoiComparison => ({ name, status: 'only in B' }));
  const labelled = (label: string, warnings: readonly Warning[]) =>
    warnings.map(({ code, text }) => ({ code, text: `${label}: ${text}` }));
  return {
    rois: [...rois, ...rest],
    warnings: [...labelled('A', [...a.warnings, ...inA.warnings]), ...labelled('B', [...b.warnings, ...inB.warnings])],
  };
}
