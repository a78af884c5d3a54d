import type { StructureSetRoi } from '../../src/dicom/rtstruct/structure-set.ts';
import type { Profile } from '../../src/work/work-order.ts';

type Names = Pick<Profile, 'roiNames' | 'roiSuffix'>;

/**
 * The names that an ROI of a bundle may bear in a structure set that comes back, the most telling first: the clinic's own,
 * the bundle's, the one that was delivered without and with the suffix that marks a machine's contours. Somebody who keeps
 * the proposal beside a corrected copy calls the copy by the name without suffix.
 *
 * @param delivered the name that it went out under; absent where nothing was found
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
 * The one ROI of the structure set that bears the first of these names that occurs; capitals and outer spaces do not
 * matter. Of several of one name the one that is not empty.
 */
export function correctedRoi<Roi extends Pick<StructureSetRoi, 'name' | 'contours'>>(
  rois: readonly Roi[],
  names: readonly string[],
): Roi | 'unclear' | undefined {
  for (const name of names) {
    const found = rois.filter((roi) => folded(roi.name) === name);
    const drawn = found.filter(({ contours }) => contours.length > 0);
    if (drawn.length > 1) return 'unclear';
    if (found.length > 0) return drawn[0] ?? found[0];
  }
  return undefined;
}

function folded(name: string): string {
  return name.trim().toLowerCase();
}
