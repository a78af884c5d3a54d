import type { Roi } from '../bundles/manifest.ts';
import { roiNames } from '../dicom/rtstruct/roi-name.ts';
import type { Destination } from './schema.ts';

type Wanted = Pick<Destination, 'includeRois' | 'excludeRois'>;
type Naming = Pick<Destination, 'roiSuffix' | 'roiNames' | 'roiTypes'>;

/** Whether a destination wants an ROI at all. */
export function isWanted(roi: Pick<Roi, 'name' | 'deliver'>, style: Wanted): boolean {
  return (roi.deliver || style.includeRois.includes(roi.name)) && !style.excludeRois.includes(roi.name);
}

/** Name and RT ROI Interpreted Type that each of these ROIs, all in one structure set, has at a destination. */
export function namesAndTypes(
  rois: readonly Pick<Roi, 'name' | 'interpretedType'>[],
  style: Naming,
): { readonly name: string; readonly type: string }[] {
  const names = roiNames(
    rois.map(({ name }) => style.roiNames[name] ?? name),
    style.roiSuffix,
  );
  return rois.map(({ name, interpretedType }, index) => ({
    name: names[index]!,
    type: style.roiTypes[name] ?? style.roiTypes['*'] ?? interpretedType,
  }));
}
