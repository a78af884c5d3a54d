import { doubledArea, ringContains } from '../../src/dicom/rtstruct/ring.ts';
import type { Polygon, Ring } from '../../src/dicom/rtstruct/structure-set.ts';

/**
 * Assigns the holes of one slice (negative area) to the outer rings (positive area) around them. A hole outside of every
 * outer ring is dropped.
 */
export function nest(rings: readonly Ring[]): Polygon[] {
  const outers = rings
    .map((outer) => ({ outer, holes: [] as Ring[], area: doubledArea(outer), ...extent(outer) }))
    .filter(({ area }) => area > 0)
    // The smallest ring around a hole is its own.
    .sort((a, b) => a.area - b.area);
  for (const hole of rings) {
    if (doubledArea(hole) >= 0) continue;
    const [x, y] = [hole[0]!, hole[1]!];
    outers
      .find(
        ({ outer, left, right, top, bottom }) =>
          x > left && x < right && y > top && y < bottom && ringContains(outer, x, y),
      )
      ?.holes.push(hole);
  }
  return outers.sort((a, b) => a.top - b.top || a.left - b.left).map(({ outer, holes }) => ({ outer, holes }));
}

function extent(ring: Ring): { left: number; right: number; top: number; bottom: number } {
  const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  for (let p = 0; p < ring.length; p += 2) {
    box.left = Math.min(box.left, ring[p]!);
    box.right = Math.max(box.right, ring[p]!);
    box.top = Math.min(box.top, ring[p + 1]!);
    box.bottom = Math.max(box.bottom, ring[p + 1]!);
  }
  return box;
}
