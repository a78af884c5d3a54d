/** Twice the signed area of a ring x0, y0, x1, y1, …: positive for outer rings as worker/contours traces them. */
export function doubledArea(ring: ArrayLike<number>): number {
  let sum = 0;
  for (let p = 0, q = ring.length - 2; p < ring.length; q = p, p += 2)
    sum += ring[q]! * ring[p + 1]! - ring[p]! * ring[q + 1]!;
  return sum;
}

/** Whether a point that is not on the ring lies inside of it (even-odd rule). */
export function ringContains(ring: ArrayLike<number>, x: number, y: number): boolean {
  let inside = false;
  for (let p = 0, q = ring.length - 2; p < ring.length; q = p, p += 2) {
    const py = ring[p + 1]!;
    const qy = ring[q + 1]!;
    if (py > y !== qy > y && x < ring[p]! + ((y - py) / (qy - py)) * (ring[q]! - ring[p]!)) inside = !inside;
  }
  return inside;
}
