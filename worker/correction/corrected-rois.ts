import type { StructureSetRoi } from '../../src/dicom/rtstruct/structure-set.ts';
import type { Profile } from '../../src/work/work-order.ts';

type Names = Pick<Profile, 'roiNames' | 'roiSuffix'>;

/**
 * The names that an ROI of a bundle may have in a correction, the most reliable first: the destination's, the bundle's, then
 * the delivered name without and with the suffix of automatic contours. A person who keeps the proposal beside a corrected
 * copy names the copy without the suffix.
 *
 * @param delivered the delivered name; absent where nothing was found
 */
export function namesOf(roi: string, { roiNames, roiSuffix }: Names, delivered?: string): string[] {
  const names = [roiNames[roi] ?? roi, roi];
  if (delivered !== undefined) {
    if (roiSuffix !== '' && delivered.endsWith(roiSuffix)) names.push(delivered.slice(0, -roiSuffix.length));
    names.push(delivered);
  }
  return [...new Set(names.map(folded))];
}

/**
 * The ROI of the structure set with the first of these names that occurs, ignoring case and outer spaces. Of several with
 * one name the one that is not empty.
 */
export function correctedRoi<Roi extends Pick<StructureSetRoi, 'name' | 'contours'>>(
  rois: readonly Roi[],
  names: readonly string[],
): Roi | 'unclear' | undefined {
  for (const name of names) {
    const found = rois.filter((roi) => folded(roi.name) === name);
    const contoured = found.filter(({ contours }) => contours.length > 0);
    if (contoured.length > 1) return 'unclear';
    if (found.length > 0) return contoured[0] ?? found[0];
  }
  return undefined;
}

function folded(name: string): string {
  return name.trim().toLowerCase();
}
