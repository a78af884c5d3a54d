// Lines of contours in the three planes. Contours lie in axial slices; points are x0, y0, x1, y1, … in mm.

/**
 * @typedef {{ outer: number[], holes: number[][] }} Polygon
 * @typedef {{ name: string, colour: [number, number, number], slices: { slice: number, polygons: Polygon[] }[] }} Roi
 * @typedef {{ z: number[], rois: Roi[] }} Contours
 * @typedef {[number, number, number, number]} Line from (across, down) to (across, down), mm
 */

/**
 * @param {Roi} roi
 * @param {number} slice
 * @returns {number[][]}
 */
export function ringsIn(roi, slice) {
  const found = roi.slices.filter((one) => one.slice === slice);
  return found.flatMap(({ polygons }) => polygons.flatMap(({ outer, holes }) => [outer, ...holes]));
}

/**
 * The outline of an ROI in a plane across the slices: each slice is a slab up to half the way to its neighbours.
 *
 * @param {Contours} contours
 * @param {Roi} roi
 * @param {0 | 1} normal 0: a sagittal plane at x, 1: a coronal one at y
 * @param {number} position mm
 * @returns {Line[]} across along y or x, down along z (mm, not turned over)
 */
export function outlineAcross({ z }, roi, normal, position) {
  /** @type {Map<number, number[]>} */
  const crossings = new Map();
  for (const { slice } of roi.slices) {
    const ends = ringsIn(roi, slice).flatMap((ring) => ringCrossings(ring, normal, position));
    if (ends.length > 0)
      crossings.set(
        slice,
        ends.toSorted((a, b) => a - b),
      );
  }
  /** @type {Line[]} */
  const lines = [];
  /** @param {number} lower edge below this slice */
  const edge = (lower) => {
    const [below, here] = [z[lower - 1], z[lower]];
    if (here === undefined) return (z.at(-1) ?? 0) + ((z.at(-1) ?? 0) - (z.at(-2) ?? 0)) / 2;
    if (below === undefined) return here - ((z[1] ?? here) - here) / 2;
    return (below + here) / 2;
  };
  for (const [slice, ends] of crossings) {
    const [bottom, top] = [edge(slice), edge(slice + 1)];
    for (const end of ends) lines.push([end, bottom, end, top]);
    // What only one of two neighbours has is bounded there.
    for (const [other, level] of /** @type {const} */ ([
      [slice - 1, bottom],
      [slice + 1, top],
    ])) {
      const neighbour = crossings.get(other);
      if (neighbour !== undefined && other > slice) continue;
      const both = [...ends, ...(neighbour ?? [])].sort((a, b) => a - b);
      for (let at = 0; at + 1 < both.length; at += 2) {
        const [from = 0, to = 0] = [both[at], both[at + 1]];
        if (from < to) lines.push([from, level, to, level]);
      }
    }
  }
  return lines;
}

/**
 * @param {number[]} ring
 * @param {0 | 1} normal
 * @param {number} position
 * @returns {number[]} where the ring crosses the plane, mm along the other axis
 */
function ringCrossings(ring, normal, position) {
  /** @type {number[]} */
  const found = [];
  const count = ring.length / 2;
  for (let n = 0; n < count; n++) {
    const next = (n + 1) % count;
    const from = /** @type {number} */ (ring[2 * n + normal]);
    const to = /** @type {number} */ (ring[2 * next + normal]);
    if (from > position === to > position) continue;
    const a = /** @type {number} */ (ring[2 * n + 1 - normal]);
    const b = /** @type {number} */ (ring[2 * next + 1 - normal]);
    found.push(a + ((position - from) / (to - from)) * (b - a));
  }
  return found;
}
