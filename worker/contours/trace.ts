/**
 * A rectangle of values with at least one sample of margin: the outermost rows and columns lie below the level, so that
 * every line closes. `values[y * width + x]`.
 */
export interface Field {
  readonly values: Float64Array;
  readonly width: number;
  readonly height: number;
}

/**
 * The lines on which a field has the value `level`, by marching squares: crossings are interpolated linearly along the
 * edges between samples, saddles resolved by the bilinear interpolant's value at its saddle point. A sample of exactly
 * `level` lies inside. Rings are closed (the first point is not repeated), never touch each other or themselves, and
 * have the inside on the same side: the shoelace area is positive for outer rings and negative for holes.
 *
 * @param clearance smallest distance of a crossing from a sample, in samples along x and y: it keeps rings apart, and
 *   samples on the right side of the line, when coordinates are rounded
 * @returns x0, y0, x1, y1, … in samples, for each ring
 */
export function traceLevel(field: Field, level: number, clearance: readonly [number, number]): Float64Array[] {
  const next = linkSegments(field, level);
  const rings: Float64Array[] = [];
  for (let start = 0; start < next.length; start++) {
    if (next[start]! < 0) continue;
    const ring: number[] = [];
    for (let edge = start; next[edge]! >= 0;) {
      pushCrossing(ring, field, level, edge, clearance);
      const following = next[edge]!;
      next[edge] = -1;
      edge = following;
    }
    rings.push(Float64Array.from(ring));
  }
  return rings;
}

/**
 * Which crossing follows which. A crossing is named by the edge that it lies on: 2 * sample for the edge from a sample
 * to its right neighbour, 2 * sample + 1 to the one below. Every crossing is entered once and left once.
 */
function linkSegments({ values, width, height }: Field, level: number): Int32Array {
  const next = new Int32Array(2 * width * height).fill(-1);
  for (let y = 0; y + 1 < height; y++) {
    let sample = y * width;
    // Corners inside: a (x, y) 1, b (x + 1, y) 2, c (x + 1, y + 1) 4, d (x, y + 1) 8.
    let left = (values[sample]! >= level ? 1 : 0) | (values[sample + width]! >= level ? 8 : 0);
    for (let x = 0; x + 1 < width; x++, sample++) {
      const b = values[sample + 1]! >= level;
      const c = values[sample + 1 + width]! >= level;
      const corners = left | (b ? 2 : 0) | (c ? 4 : 0);
      left = (b ? 1 : 0) | (c ? 8 : 0);
      if (corners === 0 || corners === 15) continue;
      const top = 2 * sample;
      const west = top + 1;
      const east = top + 3;
      const bottom = top + 2 * width;
      switch (corners) {
        case 1:
          next[top] = west;
          break;
        case 2:
          next[east] = top;
          break;
        case 3:
          next[east] = west;
          break;
        case 4:
          next[bottom] = east;
          break;
        case 6:
          next[bottom] = top;
          break;
        case 7:
          next[bottom] = west;
          break;
        case 8:
          next[west] = bottom;
          break;
        case 9:
          next[top] = bottom;
          break;
        case 11:
          next[east] = bottom;
          break;
        case 12:
          next[west] = east;
          break;
        case 13:
          next[top] = east;
          break;
        case 14:
          next[west] = top;
          break;
        default: {
          const joined = saddle(values, sample, width) >= level;
          if (corners === 5) {
            next[top] = joined ? east : west;
            next[bottom] = joined ? west : east;
          } else {
            next[west] = joined ? top : bottom;
            next[east] = joined ? bottom : top;
          }
        }
      }
    }
  }
  return next;
}

/** Value of the bilinear interpolant at its saddle point (Nielson and Hamann 1991). */
function saddle(values: Float64Array, sample: number, width: number): number {
  const a = values[sample]!;
  const b = values[sample + 1]!;
  const d = values[sample + width]!;
  const c = values[sample + width + 1]!;
  return (a * c - b * d) / (a + c - b - d);
}

function pushCrossing(
  ring: number[],
  field: Field,
  level: number,
  edge: number,
  clearance: readonly [number, number],
): void {
  const { values, width } = field;
  const sample = edge >> 1;
  const downwards = edge & 1;
  const from = values[sample]!;
  const to = values[downwards === 1 ? sample + width : sample + 1]!;
  const least = clearance[downwards]!;
  const t = Math.min(1 - least, Math.max(least, (level - from) / (to - from)));
  const x = sample % width;
  const y = (sample - x) / width;
  if (downwards === 1) ring.push(x, y + t);
  else ring.push(x + t, y);
}
