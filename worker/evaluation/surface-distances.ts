import type { Grid } from '../volume/volume.ts';
import type { Box, Surface } from './surface.ts';

/**
 * Exact Euclidean distance (mm) from every voxel of `from` to the nearest voxel of `to`, centre to centre, in the order
 * of `from`. The distance transform goes one axis after the other: rows by two sweeps; along y and z, where only the
 * voxels of `from` are asked for (and slices need not be equidistant), by a search outwards until nothing nearer is
 * possible. A plane in which the searches have cost as much as the transform is transformed as a whole.
 * @param box holds every voxel of both surfaces; `to` is not empty
 */
export function surfaceDistances(from: Surface, to: Surface, grid: Grid, box: Box): Float64Array {
  const [width, height, depth] = [0, 1, 2].map((axis) => box.high[axis]! - box.low[axis]! + 1) as [
    number,
    number,
    number,
  ];
  const rows = Array.from({ length: depth }, (): Float32Array | undefined => undefined);
  for (let at = 0; at < to.voxels.length; at += 3) {
    const k = to.voxels[at + 2]! - box.low[2];
    const squares = (rows[k] ??= new Float32Array(width * height).fill(Infinity));
    squares[(to.voxels[at + 1]! - box.low[1]) * width + to.voxels[at]! - box.low[0]] = 0;
  }
  const planes = rows.map((squares) => squares && new PlaneDistance(squares, width, grid.spacing));

  const distances = new Float64Array(from.areas.length);
  for (let n = 0; n < distances.length; n++) {
    const i = from.voxels[n * 3]! - box.low[0];
    const j = from.voxels[n * 3 + 1]! - box.low[1];
    const k = from.voxels[n * 3 + 2]!;
    let best = Infinity;
    for (const step of [-1, 1]) {
      for (let other = step < 0 ? k : k + 1; other >= box.low[2] && other <= box.high[2]; other += step) {
        const gap = (grid.z[other]! - grid.z[k]!) ** 2;
        if (gap >= best) break;
        const plane = planes[other - box.low[2]];
        if (plane !== undefined) best = Math.min(best, gap + plane.squareBelow(i, j, best - gap));
      }
    }
    distances[n] = Math.sqrt(best);
  }
  return distances;
}

/** Squared in-plane distances (mm²) to the surface voxels of one slice. */
class PlaneDistance {
  readonly #squares: Float32Array;
  readonly #width: number;
  readonly #height: number;
  readonly #spacing: number;
  /** Rows that hold a surface voxel: the first and the last. */
  readonly #first: number;
  readonly #last: number;
  #transformed = false;
  #searched = 0;

  /** @param squares 0 at surface voxels, Infinity elsewhere; it is overwritten */
  constructor(squares: Float32Array, width: number, spacing: readonly [number, number]) {
    this.#squares = squares;
    this.#width = width;
    this.#height = squares.length / width;
    this.#spacing = spacing[1];
    alongRows(squares, width, spacing[0]);
    let first = 0;
    while (squares[first * width] === Infinity) first++;
    let last = this.#height - 1;
    while (squares[last * width] === Infinity) last--;
    this.#first = first;
    this.#last = last;
  }

  /** Squared distance of pixel (i, j) where it is below `limit`, else anything from `limit` on. */
  squareBelow(i: number, j: number, limit: number): number {
    const squares = this.#squares;
    const width = this.#width;
    if (this.#transformed) return squares[j * width + i]!;
    const nearest = Math.max(0, this.#first - j, j - this.#last);
    const furthest = Math.max(j - this.#first, this.#last - j);
    let best = limit;
    let step = nearest;
    for (; step <= furthest; step++) {
      const gap = (step * this.#spacing) ** 2;
      if (gap >= best) break;
      if (j - step >= this.#first) best = Math.min(best, gap + squares[(j - step) * width + i]!);
      if (j + step <= this.#last) best = Math.min(best, gap + squares[(j + step) * width + i]!);
    }
    this.#searched += step - nearest;
    // A transform costs about as much as six looks a pixel.
    if (this.#searched > 6 * squares.length) {
      alongColumns(squares, width, this.#height, this.#spacing);
      this.#transformed = true;
    }
    return best;
  }
}

/** Squared distance to the nearest zero of the same row: one sweep each way. */
function alongRows(squares: Float32Array, width: number, spacing: number): void {
  for (let row = 0; row < squares.length; row += width) {
    let steps = Infinity;
    for (let i = row; i < row + width; i++) {
      steps = squares[i] === 0 ? 0 : steps + 1;
      squares[i] = (steps * spacing) ** 2;
    }
    steps = Infinity;
    for (let i = row + width - 1; i >= row; i--) {
      steps = squares[i] === 0 ? 0 : steps + 1;
      const square = (steps * spacing) ** 2;
      if (square < squares[i]!) squares[i] = square;
    }
  }
}

/** Lower envelope of the parabolas over each column (Felzenszwalb and Huttenlocher 2012). */
function alongColumns(squares: Float32Array, width: number, height: number, spacing: number): void {
  const rows = Int32Array.from(
    Array.from({ length: height }, (_, j) => j).filter((j) => squares[j * width] !== Infinity),
  );
  const apexes = new Int32Array(rows.length);
  const starts = new Float64Array(rows.length + 1);
  const values = new Float64Array(height);
  for (let i = 0; i < width; i++) {
    let top = -1;
    for (const j of rows) {
      const value = squares[j * width + i]! / spacing ** 2 + j * j;
      values[j] = value;
      let start = -Infinity;
      while (top >= 0) {
        const apex = apexes[top]!;
        start = (value - values[apex]!) / (2 * (j - apex));
        if (start > starts[top]!) break;
        top--;
        start = -Infinity;
      }
      apexes[++top] = j;
      starts[top] = start;
    }
    starts[top + 1] = Infinity;
    let piece = 0;
    for (let j = 0; j < height; j++) {
      while (starts[piece + 1]! < j) piece++;
      const apex = apexes[piece]!;
      squares[j * width + i] = (values[apex]! - apex * apex + (j - apex) ** 2) * spacing ** 2;
    }
  }
}
