import { ContourNodeError } from '../errors.ts';

/** Row-major 4 x 4 that takes a point (column vector, mm) from one frame of coordinates to another; the last row is 0 0 0 1. */
export type Affine = readonly number[];

export type Point = readonly [number, number, number];

export const identity: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

export function transformed(m: Affine, [x, y, z]: Point): [number, number, number] {
  const row = (r: number): number => m[r]! * x + m[r + 1]! * y + m[r + 2]! * z + m[r + 3]!;
  return [row(0), row(4), row(8)];
}

/** The matrix product: the transform that applies `second` to a point, then `first`. */
export function product(first: Affine, second: Affine): Affine {
  return identity.map((_, index) => {
    const [row, column] = [index - (index % 4), index % 4];
    return [0, 1, 2, 3].reduce((sum, n) => sum + first[row + n]! * second[n * 4 + column]!, 0);
  });
}

/** Of the linear part. */
export function determinant(m: Affine): number {
  return dot(columnOf(m, 0), cross(columnOf(m, 1), columnOf(m, 2)));
}

/** @throws ContourNodeError INTERNAL the transform flattens space */
export function inverse(m: Affine): Affine {
  const [a, b, c] = [columnOf(m, 0), columnOf(m, 1), columnOf(m, 2)];
  const volume = determinant(m);
  if (!(Math.abs(volume) > 1e-12)) throw new ContourNodeError('INTERNAL', 'a transform without an inverse');
  // Rows of the inverse are the reciprocal vectors of the columns.
  const rows = [cross(b, c), cross(c, a), cross(a, b)].map((row) => row.map((value) => value / volume) as Vector);
  const shift = columnOf(m, 3);
  return [...rows.flatMap((row) => [...row, -dot(row, shift)]), 0, 0, 0, 1];
}

/** The greatest distance (mm) between what two transforms make of these points. */
export function greatestDistance(one: Affine, other: Affine, points: readonly Point[]): number {
  return Math.max(
    0,
    ...points.map((point) => {
      const [p, q] = [transformed(one, point), transformed(other, point)];
      return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
    }),
  );
}

type Vector = [number, number, number];

export function columnOf(m: Affine, column: number): Vector {
  return [m[column]!, m[4 + column]!, m[8 + column]!];
}

export function dot(a: Point, b: Point): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Point, b: Point): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
