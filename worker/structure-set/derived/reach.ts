import type { VoxelFaces } from './voxel-faces.ts';

/** How far a voxel reaches in each direction of an axis, mm: towards lower and towards higher positions. */
export type Reach = readonly [down: number, up: number];

/** Rounding: what lies on the limit is reached. */
const tolerance = 1e-5;

/**
 * Which voxels of a box have their centre within reach of the ones of `sites`: in the ball (one reach), ellipsoid or eight
 * octants of ellipsoids around a point of a site. A site is a cross: from its centre it extends along each axis to the
 * voxel's faces, half the way to a neighbour, where contours are traced. A whole cuboid would move oblique surfaces
 * outwards by its corners, a mere centre would move flat ones inwards by half a voxel. So the surface is right to half a
 * voxel.
 *
 * The sum of (distance along the axis / reach)² is least for one site, and is found axis by axis: the lower envelope of
 * parabolas (Felzenszwalb and Huttenlocher 2012, Distance transforms of sampled functions), here of half parabolas, once
 * for each direction, at any distances of the voxels. They begin at a face on one axis and at the centre on the others.
 *
 * @param sites mask of the box, `sites[(k * ny + j) * nx + i]`
 * @param faces of the box's columns, rows and slices
 */
export function reached(
  sites: Uint8Array,
  faces: readonly [VoxelFaces, VoxelFaces, VoxelFaces],
  reach: readonly [Reach, Reach, Reach],
): Uint8Array {
  const [nx, ny, nz] = faces.map(({ centre }) => centre.length) as [number, number, number];
  const area = nx * ny;
  const across = (cost: Float32Array, from: VoxelFaces): void => {
    const envelope = new Envelope(from, reach[1]);
    for (let k = 0; k < nz; k += 1) envelope.spread(cost, k * area, nx, nx);
  };
  const along = (cost: Float32Array, from: VoxelFaces): void =>
    new Envelope(from, reach[2]).spread(cost, 0, area, area);
  const [, rowCentres, sliceCentres] = faces.map(centresOnly) as [VoxelFaces, VoxelFaces, VoxelFaces];
  // Three arms of the cross; the first two go on together, since the least of both is spread as one.
  const arms = alongRows(sites, nx, faces[0], reach[0]);
  across(arms, rowCentres);
  const third = alongRows(sites, nx, centresOnly(faces[0]), reach[0]);
  const second = third.slice();
  across(second, faces[1]);
  for (let v = 0; v < arms.length; v += 1) if (second[v]! < arms[v]!) arms[v] = second[v]!;
  along(arms, sliceCentres);
  across(third, rowCentres);
  along(third, faces[2]);
  const result = new Uint8Array(sites.length);
  for (let v = 0; v < result.length; v += 1) result[v] = Math.min(arms[v]!, third[v]!) <= 1 + tolerance ? 1 : 0;
  return result;
}

function centresOnly({ centre }: VoxelFaces): VoxelFaces {
  return { centre, low: centre, high: centre };
}

/** The first axis: 0 at a site, else the square of the distance to the nearest site's face over the reach. */
function alongRows(sites: Uint8Array, nx: number, { centre, low, high }: VoxelFaces, [down, up]: Reach): Float32Array {
  const cost = new Float32Array(sites.length).fill(Infinity);
  for (let start = 0; start < sites.length; start += nx) {
    let face = -Infinity;
    for (let i = 0; i < nx; i += 1) {
      if (sites[start + i] === 1) {
        face = high[i]!;
        cost[start + i] = 0;
      } else if (up > 0 && face > -Infinity) {
        cost[start + i] = ((centre[i]! - face) / up) ** 2;
      }
    }
    if (face === -Infinity || down === 0) continue;
    face = Infinity;
    for (let i = nx - 1; i >= 0; i -= 1) {
      if (sites[start + i] === 1) face = low[i]!;
      else if (face < Infinity) cost[start + i] = Math.min(cost[start + i]!, ((face - centre[i]!) / down) ** 2);
    }
  }
  return cost;
}

/** Lines side by side that are gathered at once: what a cache line holds of them. */
const block = 16;

/** One axis: its lines one after the other, with the room that they need. */
class Envelope {
  readonly #faces: VoxelFaces;
  readonly #reach: Reach;
  readonly #length: number;
  readonly #lines: Float64Array;
  readonly #after: Float64Array;
  readonly #queue: Int32Array;
  /** Where a parabola of the queue begins to lie below the one before it. */
  readonly #start: Float64Array;

  constructor(faces: VoxelFaces, reach: Reach) {
    const length = faces.centre.length;
    this.#faces = faces;
    this.#reach = reach;
    this.#length = length;
    this.#lines = new Float64Array(block * length);
    this.#after = new Float64Array(length);
    this.#queue = new Int32Array(length);
    this.#start = new Float64Array(length);
  }

  /** Spreads the costs of `count` lines side by side, which begin at `first` and go on in steps of `step`. */
  spread(cost: Float32Array, first: number, count: number, step: number): void {
    for (let begin = first; begin < first + count; begin += block) {
      const width = Math.min(block, first + count - begin);
      this.#gather(cost, begin, width, step);
      let changed = false;
      for (let line = 0; line < width; line += 1) {
        const before = this.#lines.subarray(line * this.#length, (line + 1) * this.#length);
        if (!isMixed(before)) continue;
        this.#after.set(before);
        this.#sweep(before, 1);
        this.#sweep(before, -1);
        before.set(this.#after);
        changed = true;
      }
      if (changed) this.#scatter(cost, begin, width, step);
    }
  }

  #gather(cost: Float32Array, begin: number, width: number, step: number): void {
    for (let n = 0, v = begin; n < this.#length; n += 1, v += step)
      for (let line = 0; line < width; line += 1) this.#lines[line * this.#length + n] = cost[v + line]!;
  }

  #scatter(cost: Float32Array, begin: number, width: number, step: number): void {
    for (let n = 0, v = begin; n < this.#length; n += 1, v += step)
      for (let line = 0; line < width; line += 1) cost[v + line] = this.#lines[line * this.#length + n]!;
  }

  /** Parabolas begin at the far face of each voxel; those of the voxels passed wait in a queue, the lowest first. */
  #sweep(before: Float64Array, direction: 1 | -1): void {
    const { centre, high, low } = this.#faces;
    const reach = this.#reach[direction === 1 ? 1 : 0];
    if (reach === 0) return;
    const [after, queue, start] = [this.#after, this.#queue, this.#start];
    const face = direction === 1 ? high : low;
    const weight = 1 / reach ** 2;
    const length = before.length;
    let front = 0;
    let end = 0;
    for (let n = 0, at = direction === 1 ? 0 : length - 1; n < length; n += 1, at += direction) {
      const own = before[at]!;
      if (end > front && own > 0) {
        // Positions grow in the direction of the sweep.
        const place = direction * centre[at]!;
        while (end - front > 1 && start[front + 1]! <= place) front += 1;
        const site = queue[front]!;
        const value = before[site]! + weight * (place - direction * face[site]!) ** 2;
        if (value < after[at]!) after[at] = value;
        // The lowest is beyond reach: so are the others, here and farther away.
        if (value > 1 + tolerance) front = end = 0;
      }
      if (own > 1 + tolerance) continue;
      // No parabola lies below that of a site: of a run of sites only the last one counts.
      if (own === 0) {
        front = end = 0;
        if (before[at + direction] === 0) continue;
      }
      const edge = direction * face[at]!;
      let begins = -Infinity;
      while (end > front) {
        const last = queue[end - 1]!;
        const other = direction * face[last]!;
        begins = (own - before[last]!) / (2 * weight * (edge - other)) + (edge + other) / 2;
        if (begins > edge && (end - front === 1 || begins > start[end - 1]!)) break;
        end -= 1;
      }
      queue[end] = at;
      start[end] = begins;
      end += 1;
    }
  }
}

/** Whether a line has something that is reached and something that is no site: else nothing spreads on it. */
function isMixed(line: Float64Array): boolean {
  let some = false;
  let all = true;
  for (const value of line) {
    if (value <= 1 + tolerance) some = true;
    if (value > 0) all = false;
  }
  return some && !all;
}
