/** A point in hundredths of a millimetre: integers, so that every comparison is exact. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Width of a cell: a few points of a traced contour fall into it. */
const side = 256;
const cellOf = (value: number): number => Math.floor(value / side);

/** Points and edges of one slice in square cells, so that only what is near is looked at. */
export class EdgeGrid<P extends Point> {
  readonly #points = new Map<string, P[]>();
  readonly #edges = new Map<string, (readonly [P, P])[]>();
  /** Cells from one end of everything to the other. */
  #extent = 0;
  #firstCell: readonly [number, number] | undefined;

  addPoint(point: P): void {
    const [column, row] = [cellOf(point.x), cellOf(point.y)];
    this.#firstCell ??= [column, row];
    // Twice the farthest from the first one reaches from any to any.
    this.#extent = Math.max(
      this.#extent,
      2 * Math.abs(column - this.#firstCell[0]),
      2 * Math.abs(row - this.#firstCell[1]),
    );
    append(this.#points, `${column} ${row}`, point);
  }

  addEdge(a: P, b: P): void {
    for (const cell of cellsBetween(a, b)) append(this.#edges, cell, [a, b]);
  }

  /** Points by and by: those of the cell around `centre` first, then those of the cells around it, and so on. */
  *outwardsFrom(centre: Point): Generator<P> {
    const [column, row] = [cellOf(centre.x), cellOf(centre.y)];
    const distance = (p: P): number => (p.x - centre.x) ** 2 + (p.y - centre.y) ** 2;
    for (let radius = 0; radius <= this.#extent; radius++) {
      const found: P[] = [];
      for (let v = -radius; v <= radius; v++) {
        const step = Math.abs(v) === radius ? 1 : 2 * radius;
        for (let u = -radius; u <= radius; u += step)
          found.push(...(this.#points.get(`${column + u} ${row + v}`) ?? []));
      }
      yield* found.sort((a, b) => distance(a) - distance(b));
    }
  }

  /** Whether no edge crosses or touches the way from a to b, but where it ends. */
  isFree(a: Point, b: Point): boolean {
    for (const cell of cellsBetween(a, b)) {
      for (const [p, q] of this.#edges.get(cell) ?? []) if (blocks(p, q, a, b)) return false;
    }
    return true;
  }
}

function append<T>(cells: Map<string, T[]>, cell: string, value: T): void {
  const values = cells.get(cell);
  if (values === undefined) cells.set(cell, [value]);
  else values.push(value);
}

function* cellsBetween(a: Point, b: Point): Generator<string> {
  const [top, bottom] = [cellOf(Math.min(a.y, b.y)), cellOf(Math.max(a.y, b.y))];
  const [left, right] = [cellOf(Math.min(a.x, b.x)), cellOf(Math.max(a.x, b.x))];
  for (let row = top; row <= bottom; row++) for (let column = left; column <= right; column++) yield `${column} ${row}`;
}

/** Whether the edge a–b touches the segment from–to anywhere but with a common end. */
function blocks(a: Point, b: Point, from: Point, to: Point): boolean {
  const aIsEnd = same(a, from) || same(a, to);
  const bIsEnd = same(b, from) || same(b, to);
  if (aIsEnd && bIsEnd) return !same(a, b);
  if (aIsEnd) return between(b, from, to) || between(same(a, from) ? to : from, a, b);
  if (bIsEnd) return between(a, from, to) || between(same(b, from) ? to : from, a, b);
  if (turn(a, b, from) * turn(a, b, to) < 0 && turn(from, to, a) * turn(from, to, b) < 0) return true;
  return between(from, a, b) || between(to, a, b) || between(a, from, to) || between(b, from, to);
}

function same(a: Point, b: Point): boolean {
  return a.x === b.x && a.y === b.y;
}

function turn(a: Point, b: Point, c: Point): number {
  return Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
}

/** Whether a point lies on the segment a–b. */
function between(p: Point, a: Point, b: Point): boolean {
  return turn(a, b, p) === 0 && (p.x - a.x) * (p.x - b.x) <= 0 && (p.y - a.y) * (p.y - b.y) <= 0;
}
