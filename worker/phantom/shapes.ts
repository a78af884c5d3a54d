/** Analytic solids in mm. `distance` is the signed distance to the surface, negative inside, first-order exact near it. */
export interface Shape {
  readonly bounds: Bounds;
  distance(x: number, y: number, z: number): number;
}

export interface Bounds {
  readonly low: Point;
  readonly high: Point;
}

export type Point = readonly [number, number, number];

/** Ellipsoid with axes along x, y, z. */
export function ellipsoid(centre: Point, radii: Point): Shape {
  const [cx, cy, cz] = centre;
  const [ix, iy, iz] = [1 / radii[0], 1 / radii[1], 1 / radii[2]];
  return {
    bounds: around([centre], radii),
    distance: (x, y, z) => {
      const px = (x - cx) * ix;
      const py = (y - cy) * iy;
      const pz = (z - cz) * iz;
      const q = Math.sqrt(px * px + py * py + pz * pz);
      if (q < 1e-6) return -Math.min(...radii);
      // f = q - 1 divided by |grad f|.
      const gx = px * ix;
      const gy = py * iy;
      const gz = pz * iz;
      return (q * (q - 1)) / Math.sqrt(gx * gx + gy * gy + gz * gz);
    },
  };
}

/** A polyline with a radius (mm) at each point, [x, y, z, radius]; `height` stretches its cross-section along z. */
export function tube(points: readonly (readonly [number, number, number, number])[], height = 1): Shape {
  const flatten = 1 / height;
  const segments = points.slice(1).map((end, index) => {
    const start = points[index] ?? end;
    const [dx, dy, dz] = [end[0] - start[0], end[1] - start[1], (end[2] - start[2]) * flatten];
    return { start, dx, dy, dz, dr: end[3] - start[3], inverse: 1 / Math.max(dx * dx + dy * dy + dz * dz, 1e-9) };
  });
  const widest = Math.max(...points.map((point) => point[3]));
  return {
    bounds: around(
      points.map(([x, y, z]) => [x, y, z] as const),
      [widest, widest, widest * height],
    ),
    distance: (x, y, z) => {
      let nearest = Infinity;
      for (const { start, dx, dy, dz, dr, inverse } of segments) {
        const px = x - start[0];
        const py = y - start[1];
        const pz = (z - start[2]) * flatten;
        const along = Math.min(1, Math.max(0, (px * dx + py * dy + pz * dz) * inverse));
        const qx = px - along * dx;
        const qy = py - along * dy;
        const qz = pz - along * dz;
        nearest = Math.min(nearest, Math.sqrt(qx * qx + qy * qy + qz * qz) - start[3] - along * dr);
      }
      return nearest;
    },
  };
}

/** One axial cross-section of a column: an ellipse around (x, y) with half widths rx, ry. */
export interface Section {
  readonly z: number;
  readonly x?: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
}

/** Stacked ellipses, smoothly interpolated along z and cut flat at both ends; sections ascend in z. */
export function column(sections: readonly Section[]): Shape {
  const first = sections[0];
  const last = sections.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('a column needs sections');
  const [bottom, top] = [first.z, last.z];
  const rows = Math.ceil(top - bottom) + 2;
  // One row a millimetre: x, y, rx, ry.
  const table = new Float64Array(rows * 4);
  let upper = 1;
  for (let row = 0; row < rows; row++) {
    const z = Math.min(top, bottom + row);
    while (upper < sections.length - 1 && (sections[upper]?.z ?? z) < z) upper++;
    const b = sections[upper] ?? last;
    const a = sections[upper - 1] ?? first;
    const linear = Math.min(1, Math.max(0, (z - a.z) / Math.max(b.z - a.z, 1e-9)));
    table.set(
      [mix(a.x ?? 0, b.x ?? 0, linear), mix(a.y, b.y, linear), mix(a.rx, b.rx, linear), mix(a.ry, b.ry, linear)],
      row * 4,
    );
  }
  const widest = (pick: (section: Section) => number): number => Math.max(...sections.map(pick));
  return {
    bounds: {
      low: [-widest((s) => s.rx - (s.x ?? 0)), -widest((s) => s.ry - s.y), bottom],
      high: [widest((s) => s.rx + (s.x ?? 0)), widest((s) => s.ry + s.y), top],
    },
    distance: (x, y, z) => {
      const end = Math.max(bottom - z, z - top);
      const at = Math.min(rows - 2, Math.max(0, z - bottom));
      const row = Math.floor(at);
      const part = at - row;
      const base = row * 4;
      const rx = mix(table[base + 2] ?? 1, table[base + 6] ?? 1, part);
      const ry = mix(table[base + 3] ?? 1, table[base + 7] ?? 1, part);
      const px = (x - mix(table[base] ?? 0, table[base + 4] ?? 0, part)) / rx;
      const py = (y - mix(table[base + 1] ?? 0, table[base + 5] ?? 0, part)) / ry;
      const q = Math.sqrt(px * px + py * py);
      const gradient = Math.sqrt((px / rx) ** 2 + (py / ry) ** 2);
      const side = gradient < 1e-9 ? -Math.min(rx, ry) : (q * (q - 1)) / gradient;
      return Math.max(side, end);
    },
  };
}

/** Union whose seams are rounded over about `blend` mm. */
export function smoothUnion(shapes: readonly Shape[], blend: number): Shape {
  return {
    bounds: grow(enclosing(shapes), blend),
    distance: (x, y, z) => {
      let sum = 0;
      for (const shape of shapes) sum += Math.exp(-shape.distance(x, y, z) / blend);
      return -blend * Math.log(sum);
    },
  };
}

export function union(shapes: readonly Shape[]): Shape {
  return {
    bounds: enclosing(shapes),
    distance: (x, y, z) => {
      let nearest = Infinity;
      for (const shape of shapes) nearest = Math.min(nearest, shape.distance(x, y, z));
      return nearest;
    },
  };
}

/** The part of `shape` outside of `hole`. */
export function without(shape: Shape, hole: Shape): Shape {
  return { bounds: shape.bounds, distance: (x, y, z) => Math.max(shape.distance(x, y, z), -hole.distance(x, y, z)) };
}

/** The part of `shape` inside of `limit`. */
export function within(shape: Shape, limit: Shape): Shape {
  return { bounds: shape.bounds, distance: (x, y, z) => Math.max(shape.distance(x, y, z), limit.distance(x, y, z)) };
}

/** The part of `shape` between two heights. */
export function between(shape: Shape, low: number, high: number): Shape {
  const { bounds } = shape;
  return {
    bounds: {
      low: [bounds.low[0], bounds.low[1], Math.max(low, bounds.low[2])],
      high: [bounds.high[0], bounds.high[1], Math.min(high, bounds.high[2])],
    },
    distance: (x, y, z) => Math.max(shape.distance(x, y, z), low - z, z - high),
  };
}

/** The shape mirrored to the patient's other side. */
export function mirrored(shape: Shape): Shape {
  const { low, high } = shape.bounds;
  return {
    bounds: { low: [-high[0], low[1], low[2]], high: [-low[0], high[1], high[2]] },
    distance: (x, y, z) => shape.distance(-x, y, z),
  };
}

/** Bounds widened by `margin` mm on every side. */
export function grow(bounds: Bounds, margin: number): Bounds {
  const { low, high } = bounds;
  return {
    low: [low[0] - margin, low[1] - margin, low[2] - margin],
    high: [high[0] + margin, high[1] + margin, high[2] + margin],
  };
}

function enclosing(shapes: readonly Shape[]): Bounds {
  return around(
    shapes.flatMap(({ bounds }) => [bounds.low, bounds.high]),
    [0, 0, 0],
  );
}

function around(points: readonly Point[], radii: Point): Bounds {
  const extreme = (axis: 0 | 1 | 2, side: -1 | 1): number =>
    side * Math.max(...points.map((point) => side * point[axis])) + side * radii[axis];
  return { low: [extreme(0, -1), extreme(1, -1), extreme(2, -1)], high: [extreme(0, 1), extreme(1, 1), extreme(2, 1)] };
}

function mix(a: number, b: number, part: number): number {
  return a + (b - a) * part;
}
