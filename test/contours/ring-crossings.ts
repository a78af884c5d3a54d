import type { Ring } from '../../src/dicom/rtstruct/structure-set.ts';

interface Edge {
  readonly ring: number;
  readonly index: number;
  readonly length: number;
  readonly points: readonly [number, number, number, number];
}

/** Pairs of edges, of one ring or of two, that cross or touch anywhere but in the corner that two neighbours share. */
export function crossings(rings: readonly Ring[]): number {
  const edges: Edge[] = rings.flatMap((ring, r) => {
    const values = Array.from(ring, (value) => Math.round(value * 100));
    const length = values.length / 2;
    return Array.from({ length }, (_, p): Edge => {
      const q = (p + 1) % length;
      return {
        ring: r,
        index: p,
        length,
        points: [values[2 * p]!, values[2 * p + 1]!, values[2 * q]!, values[2 * q + 1]!],
      };
    });
  });
  let found = 0;
  for (const [at, a] of edges.entries()) {
    for (const b of edges.slice(at + 1)) {
      const neighbours = a.ring === b.ring && [1, a.length - 1].includes(Math.abs(a.index - b.index));
      if (neighbours ? foldsBack(a, b) : touch(a.points, b.points)) found++;
    }
  }
  return found;
}

function foldsBack(a: Edge, b: Edge): boolean {
  const [first, second] = (a.index + 1) % a.length === b.index ? [a.points, b.points] : [b.points, a.points];
  const [ax, ay, bx, by] = first;
  const [, , cx, cy] = second;
  return turn(ax, ay, bx, by, cx, cy) === 0 && (cx - bx) * (ax - bx) + (cy - by) * (ay - by) > 0;
}

function touch(a: Edge['points'], b: Edge['points']): boolean {
  if (Math.max(a[0], a[2]) < Math.min(b[0], b[2]) || Math.max(b[0], b[2]) < Math.min(a[0], a[2])) return false;
  if (Math.max(a[1], a[3]) < Math.min(b[1], b[3]) || Math.max(b[1], b[3]) < Math.min(a[1], a[3])) return false;
  const d1 = Math.sign(turn(a[0], a[1], a[2], a[3], b[0], b[1]));
  const d2 = Math.sign(turn(a[0], a[1], a[2], a[3], b[2], b[3]));
  const d3 = Math.sign(turn(b[0], b[1], b[2], b[3], a[0], a[1]));
  const d4 = Math.sign(turn(b[0], b[1], b[2], b[3], a[2], a[3]));
  return d1 * d2 <= 0 && d3 * d4 <= 0;
}

function turn(ax: number, ay: number, bx: number, by: number, cx: number, cy: number): number {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
}
