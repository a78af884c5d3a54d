import { EdgeGrid } from './edge-grid.ts';
import type { Point } from './edge-grid.ts';
import type { Polygon, Ring } from './structure-set.ts';

/** A point of a closed line. */
interface Node extends Point {
  next: Node;
  /** The ring is part of the line by now. */
  joined: boolean;
}

/**
 * One closed line around a polygon with its holes: a channel without width leads to each hole and back along the same
 * two points (PS3.3 C.8.8.6.3, "keyhole"). No point is added or moved, and no channel crosses a line.
 */
export function keyhole({ outer, holes }: Polygon): Ring {
  if (holes.length === 0) return outer;
  const grid = new EdgeGrid<Node>();
  const start = linked(outer, true, grid);
  // From left to right: then whatever a channel to the left could end at is part of the line already (D. Eberly,
  // "Triangulation by Ear Clipping", section 3).
  const entries = holes.map((hole) => leftmost(linked(hole, false, grid))).sort((a, b) => a.x - b.x || a.y - b.y);
  for (const entry of entries) join(channelTo(entry, grid), entry, grid);
  return ringOf(start);
}

/** The ring as nodes, in the grid. */
function linked(ring: Ring, joined: boolean, grid: EdgeGrid<Node>): Node {
  const nodes = Array.from({ length: ring.length / 2 }, (_, p) => {
    const node = { x: Math.round(ring[2 * p]! * 100), y: Math.round(ring[2 * p + 1]! * 100), joined } as Node;
    grid.addPoint(node);
    return node;
  });
  for (const [p, node] of nodes.entries()) {
    node.next = nodes[(p + 1) % nodes.length]!;
    grid.addEdge(node, node.next);
  }
  return nodes[0]!;
}

/** The leftmost node of a ring, the uppermost one of several. */
function leftmost(start: Node): Node {
  let first = start;
  for (let node = start.next; node !== start; node = node.next) {
    if (node.x < first.x || (node.x === first.x && node.y < first.y)) first = node;
  }
  return first;
}

/** A near point of the line, not to the right of the hole's entry, with nothing in between. */
function channelTo(entry: Node, grid: EdgeGrid<Node>): Node {
  for (const node of grid.outwardsFrom(entry)) {
    if (node.joined && node.x <= entry.x && grid.isFree(entry, node)) return node;
  }
  // An end of the edge that a ray to the left meets first, or a point before it, is always free.
  throw new RangeError('a hole outside of its polygon');
}

/** Line, entry, around the hole, entry again, and back to where the line was left. */
function join(from: Node, entry: Node, grid: EdgeGrid<Node>): void {
  let last = entry;
  entry.joined = true;
  while (last.next !== entry) {
    last = last.next;
    last.joined = true;
  }
  const back: Node = { x: from.x, y: from.y, joined: true, next: from.next };
  last.next = { x: entry.x, y: entry.y, joined: true, next: back };
  from.next = entry;
  grid.addEdge(from, entry);
}

function ringOf(start: Node): Ring {
  const values: number[] = [];
  let node = start;
  do {
    values.push(node.x / 100, node.y / 100);
    node = node.next;
  } while (node !== start);
  return Float64Array.from(values);
}
