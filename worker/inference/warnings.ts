import type { BundleManifest } from '../../src/bundles/manifest.ts';
import type { Warning } from '../../src/jobs/work-order.ts';
import type { ContouredRoi } from './contour-roi.ts';

/**
 * What a person should look at before trusting the contours: ROIs cut by the end of the scan or of the field of view,
 * and volumes or numbers of pieces that the training did not see.
 * @param slices number of slices of the CT
 */
export function roiWarnings(rois: readonly ContouredRoi[], manifest: BundleManifest, slices: number): Warning[] {
  const warnings: Warning[] = [];
  for (const { roi, slices: drawn, volumeCm3, components, touchesFieldOfView } of rois) {
    if (drawn.length === 0) continue;
    const warn = (code: string, text: string) => warnings.push({ code, text: `${roi.name}: ${text}` });
    if (drawn.some(({ slice }) => slice === 0 || slice === slices - 1))
      warn('END_OF_SCAN', 'touches the end of the scan');
    if (touchesFieldOfView) warn('FIELD_OF_VIEW', 'touches the edge of the field of view');
    const expected = manifest.plausibility[roi.name];
    if (expected === undefined) continue;
    const [least, most] = expected.volumeCm3;
    if (volumeCm3 < least || volumeCm3 > most) {
      warn('VOLUME', `${volumeCm3.toFixed(1)} cm3, in the training data ${least.toFixed(1)} to ${most.toFixed(1)} cm3`);
    }
    if (components > (expected.maximumComponents ?? Infinity)) {
      warn('COMPONENTS', `in ${components} pieces, in the training data at most ${expected.maximumComponents}`);
    }
  }
  return warnings;
}
