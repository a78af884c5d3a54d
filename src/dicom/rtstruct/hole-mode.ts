import { keyhole } from './keyhole.ts';
import { ringContains } from './ring.ts';
import type { Polygon, Ring } from './structure-set.ts';

/**
 * How an area with holes becomes closed contours (PS3.3 C.8.8.6.3). `keyhole`: one contour, joined to its holes by
 * channels without width; `fill`: without holes; `nested`: holes are contours of their own inside the outer one, which
 * much radiotherapy software writes and reads as exclusive or; `CLOSEDPLANAR_XOR`: the same with the standard's term.
 */
export type HoleMode = 'keyhole' | 'fill' | 'nested' | 'CLOSEDPLANAR_XOR';

/** The rings that stand for the polygons of one slice. */
export function ringsOf(polygons: readonly Polygon[], mode: HoleMode): Ring[] {
  if (mode === 'keyhole') return polygons.map(keyhole);
  if (mode !== 'fill') return polygons.flatMap(({ outer, holes }) => [outer, ...holes]);
  // An island lies in a hole of another polygon, and that is filled already.
  const filled = polygons.filter(({ holes }) => holes.length > 0);
  return polygons
    .map(({ outer }) => outer)
    .filter((ring) => !filled.some(({ outer }) => outer !== ring && ringContains(outer, ring[0]!, ring[1]!)));
}

/**
 * Contour Geometric Type of all contours of an ROI: the term for exclusive or only where there is something to exclude,
 * since few systems know it.
 */
export function geometricTypeOf(polygons: readonly Polygon[], mode: HoleMode): 'CLOSED_PLANAR' | 'CLOSEDPLANAR_XOR' {
  return mode === 'CLOSEDPLANAR_XOR' && polygons.some(({ holes }) => holes.length > 0)
    ? 'CLOSEDPLANAR_XOR'
    : 'CLOSED_PLANAR';
}
