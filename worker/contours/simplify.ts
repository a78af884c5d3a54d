/**
 * Removes points from the rings of one slice so that no ring touches or crosses itself or another one.
 * A point is removed if (1) every traced point between its remaining neighbours lies within `tolerance` of the new edge,
 * so that trace and result stay within `tolerance` of each other, and (2) the triangle that the new edge cuts off holds
 * no other point of any ring: an edge that crossed it would have to end in there. Points on straight parts go first, so
 * that points stay where the line bends. A ring keeps at least three points.
 *
 * @param rings integer coordinates x0, y0, x1, y1, …, apart from each other and from themselves
 * @param tolerance in the unit of the coordinates
 */
export function simplifyRings(rings: readonly Int32Array[], tolerance: number): Int32Array[] {
  const chains = linked(rings);
  const neighbours = new PointIndex(chains);
  for (const limit of [0, tolerance / 8, tolerance / 2, tolerance]) {
    for (let ring = 0; ring < rings.length; ring++) {
      while (sweep(chains, ring, limit, neighbours) > 0);
    }
  }
  return rings.map((_, ring) => remaining(chains, ring));
}

/** All points of all rings; the remaining ones of each ring are a doubly linked circle. */
interface Chains {
  readonly x: Int32Array;
  readonly y: Int32Array;
  readonly next: Int32Array;
  readonly previous: Int32Array;
  /** First point of every ring, and one past the last point of the last one. */
  readonly start: Int32Array;
  /** Remaining points of every ring. */
  readonly count: Int32Array;
  readonly removed: Uint8Array;
}

function linked(rings: readonly Int32Array[]): Chains {
  const start = new Int32Array(rings.length + 1);
  for (const [r, ring] of rings.entries()) start[r + 1] = start[r]! + ring.length / 2;
  const total = start[rings.length]!;
  const chains: Chains = {
    x: new Int32Array(total),
    y: new Int32Array(total),
    next: new Int32Array(total),
    previous: new Int32Array(total),
    start,
    count: Int32Array.from(rings, (ring) => ring.length / 2),
    removed: new Uint8Array(total),
  };
  for (const [r, ring] of rings.entries()) {
    const first = start[r]!;
    const length = ring.length / 2;
    for (let i = 0; i < length; i++) {
      chains.x[first + i] = ring[2 * i]!;
      chains.y[first + i] = ring[2 * i + 1]!;
      chains.next[first + i] = first + ((i + 1) % length);
      chains.previous[first + i] = first + ((i + length - 1) % length);
    }
  }
  return chains;
}

/** One round along a ring; never removes two neighbours in one round. Returns the number of points removed. */
function sweep(chains: Chains, ring: number, limit: number, index: PointIndex): number {
  const { next, previous, count, removed } = chains;
  let gone = 0;
  let point = chains.start[ring]!;
  while (removed[point] === 1) point = next[point]!;
  for (let left = count[ring]!; left > 0 && count[ring]! > 3; left--) {
    const before = previous[point]!;
    const after = next[point]!;
    let following = after;
    if (withinLimit(chains, ring, before, after, limit) && index.triangleIsEmpty(before, point, after)) {
      next[before] = after;
      previous[after] = before;
      removed[point] = 1;
      index.remove(point);
      count[ring]! -= 1;
      gone++;
      left--;
      following = next[after]!;
    }
    point = following;
  }
  return gone;
}

/** Whether every traced point between two points of a ring lies within `limit` of the straight line between them. */
function withinLimit(chains: Chains, ring: number, from: number, to: number, limit: number): boolean {
  const { x, y } = chains;
  const first = chains.start[ring]!;
  const end = chains.start[ring + 1]!;
  const ax = x[from]!;
  const ay = y[from]!;
  const dx = x[to]! - ax;
  const dy = y[to]! - ay;
  const squared = dx * dx + dy * dy;
  for (let p = from + 1 === end ? first : from + 1; p !== to; p = p + 1 === end ? first : p + 1) {
    const px = x[p]! - ax;
    const py = y[p]! - ay;
    const along = squared === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / squared));
    const ex = px - along * dx;
    const ey = py - along * dy;
    if (ex * ex + ey * ey > limit * limit) return false;
  }
  return true;
}

function remaining(chains: Chains, ring: number): Int32Array {
  const result = new Int32Array(2 * chains.count[ring]!);
  let out = 0;
  for (let p = chains.start[ring]!; p < chains.start[ring + 1]!; p++) {
    if (chains.removed[p] === 1) continue;
    result[out++] = chains.x[p]!;
    result[out++] = chains.y[p]!;
  }
  return result;
}

/** The remaining points, in square cells of 128 units (about the distance of traced points), to find those in a triangle. */
class PointIndex {
  readonly #chains: Chains;
  readonly #cells = new Map<number, number[]>();

  constructor(chains: Chains) {
    this.#chains = chains;
    for (let p = 0; p < chains.x.length; p++) {
      const key = PointIndex.#key(chains.x[p]! >> 7, chains.y[p]! >> 7);
      const cell = this.#cells.get(key);
      if (cell === undefined) this.#cells.set(key, [p]);
      else cell.push(p);
    }
  }

  static #key(column: number, row: number): number {
    return (row + 0x200000) * 0x400000 + column + 0x200000;
  }

  remove(point: number): void {
    const { x, y } = this.#chains;
    const cell = this.#cells.get(PointIndex.#key(x[point]! >> 7, y[point]! >> 7))!;
    cell[cell.indexOf(point)] = cell[cell.length - 1]!;
    cell.pop();
  }

  /** Whether no other point lies in the triangle or on its border. Exact: the coordinates are integers. */
  triangleIsEmpty(a: number, b: number, c: number): boolean {
    const { x, y } = this.#chains;
    const [ax, ay, bx, by, cx, cy] = [x[a]!, y[a]!, x[b]!, y[b]!, x[c]!, y[c]!];
    const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    if (area === 0) return true;
    const sign = Math.sign(area);
    const right = Math.max(ax, bx, cx) >> 7;
    const bottom = Math.max(ay, by, cy) >> 7;
    for (let row = Math.min(ay, by, cy) >> 7; row <= bottom; row++) {
      for (let column = Math.min(ax, bx, cx) >> 7; column <= right; column++) {
        for (const p of this.#cells.get(PointIndex.#key(column, row)) ?? []) {
          if (p === a || p === b || p === c) continue;
          const px = x[p]!;
          const py = y[p]!;
          const inside =
            sign * ((bx - ax) * (py - ay) - (by - ay) * (px - ax)) >= 0 &&
            sign * ((cx - bx) * (py - by) - (cy - by) * (px - bx)) >= 0 &&
            sign * ((ax - cx) * (py - cy) - (ay - cy) * (px - cx)) >= 0;
          if (inside) return false;
        }
      }
    }
    return true;
  }
}
