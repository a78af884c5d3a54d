import type { Contour, StructureSet } from '../../src/dicom/rtstruct/structure-set.ts';

/**
 * Whether a structure set still has every contour of an earlier one, to a hundredth of a millimetre: whatever the order of
 * contours and points, the direction of a ring and the names of the ROIs.
 */
export function hasAllContours(later: StructureSet, earlier: StructureSet): boolean {
  const left = later.rois.map(({ contours }) => fingerprint(contours));
  return earlier.rois.every(({ contours }) => {
    const at = left.indexOf(fingerprint(contours));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function fingerprint(contours: readonly Contour[]): string {
  return contours.map(canonical).toSorted().join('\n');
}

/** The ring as text: from its smallest point, in the direction that gives the smaller text. */
function canonical({ points }: Contour): string {
  const corners: string[] = [];
  for (let at = 0; at + 2 < points.length; at += 3)
    corners.push([points[at]!, points[at + 1]!, points[at + 2]!].map((value) => Math.round(value * 100)).join(' '));
  if (corners.length > 1 && corners[0] === corners.at(-1)) corners.pop();
  const smallest = corners.toSorted()[0];
  // A keyhole passes some points twice.
  const starts = corners.flatMap((corner, at) => (corner === smallest ? [at] : []));
  return starts
    .flatMap((start) => {
      const ring = [...corners.slice(start), ...corners.slice(0, start)];
      return [ring.join(), [ring[0], ...ring.slice(1).toReversed()].join()];
    })
    .toSorted()[0]!;
}
