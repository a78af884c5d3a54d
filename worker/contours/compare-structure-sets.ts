import type { CheckedSeries } from '../../src/dicom/ct-series.ts';
import { matchToCt, referencedCt } from '../../src/dicom/rtstruct/match-to-ct.ts';
import type { MatchedRoi } from '../../src/dicom/rtstruct/match-to-ct.ts';
import type { StructureSet } from '../../src/dicom/rtstruct/structure-set.ts';
import type { Warning } from '../../src/warning.ts';
import { compareMasks, type SurfaceAgreement } from '../evaluation/compare-masks.ts';
import { gridOf } from '../volume/load-volume.ts';
import { rasterise } from './rasterise.ts';

/** The metrics of docs/evaluation.md; absent where one of the two is empty or missing. */
export interface RoiComparison extends Partial<SurfaceAgreement> {
  readonly name: string;
  /** `empty`: the ROI exists but has no voxel in this CT; then there is no DSC. */
  readonly status: 'ok' | 'only in A' | 'only in B' | 'empty in A' | 'empty in B' | 'empty in both';
  readonly volumeCm3A?: number;
  readonly volumeCm3B?: number;
  readonly dsc?: number;
  readonly ji?: number;
}

export interface StructureSetComparison {
  readonly rois: readonly RoiComparison[];
  readonly warnings: readonly Warning[];
}

const emptiness = {
  'both-empty': 'empty in both',
  'reference-empty': 'empty in A',
  'test-empty': 'empty in B',
} as const;

/**
 * Two structure sets of one CT, ROI by ROI on the CT's grid. ROIs are matched by name, case-insensitively and without
 * the suffix of automatic contours.
 * @param toleranceMm of the surface DSC
 *
 * @throws STRUCTURE_SET_NOT_OF_CT one of them belongs to another CT
 */
export function compareStructureSets(
  a: StructureSet,
  b: StructureSet,
  ct: CheckedSeries,
  suffix: string,
  toleranceMm = 2,
): StructureSetComparison {
  const grid = gridOf(ct.geometry);
  const reference = referencedCt(ct);
  const inA = matchToCt(a, reference);
  const inB = matchToCt(b, reference);
  const key = ({ name }: MatchedRoi): string =>
    (name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : name).trim().toLowerCase();
  const ofB = new Map(inB.rois.map((roi) => [key(roi), roi]));
  const keysOfA = new Set(inA.rois.map(key));
  const rois = inA.rois.map((roiA): RoiComparison => {
    const roiB = ofB.get(key(roiA));
    if (roiB === undefined) return { name: roiA.name, status: 'only in A' };
    const found = compareMasks(rasterise(roiA.contours, grid), rasterise(roiB.contours, grid), toleranceMm);
    const volumes = { volumeCm3A: found.referenceCm3, volumeCm3B: found.testCm3 };
    if (found.status !== 'ok') return { name: roiA.name, status: emptiness[found.status], ...volumes };
    const { dsc, ji, asd, hd, hd95, surfaceDsc } = found;
    const overlap = dsc === undefined || ji === undefined ? {} : { dsc, ji };
    return { name: roiA.name, status: 'ok', ...volumes, ...overlap, asd, hd, hd95, surfaceDsc };
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
