import type { Grid } from '../volume/volume.ts';
import { grow, type Point, type Shape } from './shapes.ts';

/** A material from this depth (mm below the surface) on; a solid has at least the layer at depth 0. */
export interface Layer {
  readonly depth: number;
  readonly hu: number;
}

/** Where the patient lies on the grid: world = rotation · (scale ∘ anatomy) + position, mm. */
export interface Pose {
  readonly scale: Point;
  /** Radians about x (nodding), y (tilting to a shoulder), z (turning). */
  readonly rotation: Point;
  readonly position: Point;
}

/** CT numbers and the label of each voxel; later solids cover earlier ones. */
export class Canvas {
  readonly grid: Grid;
  readonly hu: Int16Array;
  readonly labels: Uint8Array;

  constructor(grid: Grid, background: number) {
    const [nx, ny, nz] = grid.size;
    this.grid = grid;
    this.hu = new Int16Array(nx * ny * nz).fill(background);
    this.labels = new Uint8Array(nx * ny * nz);
  }

  /**
   * Paints a solid with partial volume over one pixel at its surface and between its layers. A voxel belongs to the
   * label when its centre lies inside.
   * @param insideOnly change only voxels that have a label
   */
  paint(shape: Shape, layers: readonly Layer[], pose: Pose, label: number, insideOnly = false): void {
    const { grid, hu, labels } = this;
    const [nx, ny] = grid.size;
    const matrix = rotationMatrix(pose.rotation);
    const edge = Math.max(1, grid.spacing[0]);
    const range = indexRange(grid, shape, pose, matrix, edge);
    const [sx, sy, sz] = pose.scale;
    // 0.6: the slope of a column's wall is not in its distance.
    const stride = 0.6 * Math.min(sx, sy, sz);
    const [r00, r01, r02, r10, r11, r12, r20, r21, r22] = matrix;
    for (let k = range.low[2]; k <= range.high[2]; k++) {
      const wz = (grid.z[k] ?? 0) - pose.position[2];
      for (let j = range.low[1]; j <= range.high[1]; j++) {
        const wy = grid.origin[1] + j * grid.spacing[1] - pose.position[1];
        // The inverse of a rotation is its transpose.
        const bx = r10 * wy + r20 * wz;
        const by = r11 * wy + r21 * wz;
        const bz = r12 * wy + r22 * wz;
        const row = (k * ny + j) * nx;
        for (let i = range.low[0]; i <= range.high[0]; i++) {
          const wx = grid.origin[0] + i * grid.spacing[0] - pose.position[0];
          const distance = shape.distance((r00 * wx + bx) / sx, (r01 * wx + by) / sy, (r02 * wx + bz) / sz);
          if (distance >= edge / 2) {
            // Outside, `distance` is at most the distance to the surface: skip the voxels that cannot touch it.
            i += Math.max(0, Math.floor((distance * stride - edge) / grid.spacing[0]));
            continue;
          }
          if (insideOnly && labels[row + i] === 0) continue;
          let value = hu[row + i] ?? 0;
          for (const layer of layers) {
            const share = 0.5 - (distance + layer.depth) / edge;
            if (share <= 0) break;
            value += (layer.hu - value) * Math.min(1, share);
          }
          hu[row + i] = Math.round(value);
          if (distance <= 0) labels[row + i] = label;
        }
      }
    }
  }
}

type Matrix = readonly [number, number, number, number, number, number, number, number, number];

/** Rz · Ry · Rx, row by row. */
function rotationMatrix([ax, ay, az]: Point): Matrix {
  const [cx, sx, cy, sy, cz, sz] = [Math.cos(ax), Math.sin(ax), Math.cos(ay), Math.sin(ay), Math.cos(az), Math.sin(az)];
  return [
    cz * cy,
    cz * sy * sx - sz * cx,
    cz * sy * cx + sz * sx,
    sz * cy,
    sz * sy * sx + cz * cx,
    sz * sy * cx - cz * sx,
    -sy,
    cy * sx,
    cy * cx,
  ];
}

/** The voxels (inclusive) that the posed shape can touch; `low` > `high` where it lies outside the grid. */
function indexRange(grid: Grid, shape: Shape, pose: Pose, matrix: Matrix, margin: number): { low: Point; high: Point } {
  const { low, high } = grow(shape.bounds, margin);
  const least = [Infinity, Infinity, Infinity];
  const most = [-Infinity, -Infinity, -Infinity];
  for (let corner = 0; corner < 8; corner++) {
    const scaled = [0, 1, 2].map(
      (axis) => (((corner >> axis) & 1) === 0 ? low : high)[axis as 0 | 1 | 2] * pose.scale[axis as 0 | 1 | 2],
    );
    for (const axis of [0, 1, 2] as const) {
      const world = scaled.reduce(
        (sum, value, column) => sum + value * (matrix[axis * 3 + column] ?? 0),
        pose.position[axis],
      );
      least[axis] = Math.min(least[axis] ?? world, world);
      most[axis] = Math.max(most[axis] ?? world, world);
    }
  }
  const clip = (value: number, size: number): number => Math.min(size - 1, Math.max(0, value));
  const [nx, ny, nz] = grid.size;
  const inPlane = (axis: 0 | 1, size: number): [number, number] => {
    const from = Math.ceil(((least[axis] ?? 0) - grid.origin[axis]) / grid.spacing[axis]);
    const to = Math.floor(((most[axis] ?? 0) - grid.origin[axis]) / grid.spacing[axis]);
    return to < 0 || from >= size ? [0, -1] : [clip(from, size), clip(to, size)];
  };
  const x = inPlane(0, nx);
  const y = inPlane(1, ny);
  let bottom = 0;
  while (bottom < nz && (grid.z[bottom] ?? 0) < (least[2] ?? 0)) bottom++;
  let top = nz - 1;
  while (top >= 0 && (grid.z[top] ?? 0) > (most[2] ?? 0)) top--;
  return { low: [x[0], y[0], bottom], high: [x[1], y[1], top] };
}
