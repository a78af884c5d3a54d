import type { Body } from './body.ts';
import type { Grid, Volume } from './volume.ts';

/**
 * What a CT looks like, in a few numbers that training and inference compare: how it was scanned, how large the body is,
 * what it is made of, and where its bones and its airway lie.
 */
export interface CtAppearance {
  /** Smallest and largest distance of neighbouring slices, mm. */
  readonly sliceSpacingMm: [number, number];
  /** The larger of the distances of columns and of rows. */
  readonly pixelSpacingMm: number;
  /** The smaller side of the image. */
  readonly fieldOfViewMm: number;
  /** Sides of the body's bounding box along x, y and z; z is how much of the patient was scanned. */
  readonly bodyMm: [number, number, number];
  /** Share of the body's tissue in each class of HU; they add up to 1. */
  readonly tissue: number[];
  /** Mean place of the bones within the body's bounding box: 0 is right, front and feet, 1 is left, back and head. */
  readonly bones: [number, number, number];
  /** How far the air within the body lies behind the bones: median over the slices that have both, mm. */
  readonly airBehindBonesMm: number;
}

/** Lower ends of the classes of tissue, HU. What lies below the first is air, foam or lung. */
export const tissueClassesHu = [-300, -150, -50, 0, 50, 100, 200, 400, 800] as const;
const boneHu = 200;
/** In-plane distance of the voxels that are used. */
const stepMm = 4;
/** Voxels of bone and of air that a slice must have to count for `airBehindBonesMm`. */
const fewest = { bone: 5, air: 2 };

/**
 * Computes the figures from the voxels of the body's bounding box.
 * @param classes lower ends of the classes of `tissue`, HU, ascending
 */
export function ctAppearance(
  { grid, hu }: Volume,
  body: Body,
  classes: readonly number[] = tissueClassesHu,
): CtAppearance {
  const columns = positions(grid, body, 0);
  const rows = positions(grid, body, 1);
  const tissue = classes.map(() => 0);
  const bones: [number, number, number] = [0, 0, 0];
  const airBehindBones: number[] = [];
  let boneCount = 0;
  const [nx, ny] = grid.size;
  const sample = new Int16Array(columns.length * rows.length);
  for (const [k, z] of grid.z.entries()) {
    if (z < body.low[2] || z > body.high[2]) continue;
    for (const [y, row] of rows.entries()) {
      for (const [x, column] of columns.entries()) sample[y * columns.length + x] = hu[(k * ny + row) * nx + column]!;
    }
    const bone = { count: 0, x: 0, y: 0 };
    for (const [v, value] of sample.entries()) {
      if (value < classes[0]!) continue;
      const above = classes.findIndex((low) => low > value);
      const kind = above < 0 ? classes.length - 1 : above - 1;
      tissue[kind] = tissue[kind]! + 1;
      if (value < boneHu) continue;
      bone.count += 1;
      bone.x += columns[v % columns.length]!;
      bone.y += rows[Math.trunc(v / columns.length)]!;
    }
    boneCount += bone.count;
    bones[0] += grid.origin[0] * bone.count + bone.x * grid.spacing[0];
    bones[1] += grid.origin[1] * bone.count + bone.y * grid.spacing[1];
    bones[2] += z * bone.count;
    const air = enclosedAir(sample, columns.length, classes[0]!);
    if (bone.count < fewest.bone || air.length < fewest.air) continue;
    const airRow = air.reduce((sum, v) => sum + rows[Math.trunc(v / columns.length)]!, 0) / air.length;
    airBehindBones.push((airRow - bone.y / bone.count) * grid.spacing[1]);
  }
  const all = tissue.reduce((sum, count) => sum + count, 0);
  const inBox = (axis: 0 | 1 | 2) =>
    boneCount === 0 ? 0.5 : (bones[axis] / boneCount - body.low[axis]) / (body.high[axis] - body.low[axis]);
  const gaps = Array.from(grid.z.subarray(1), (z, k) => z - grid.z[k]!);
  return {
    sliceSpacingMm: gaps.length === 0 ? [0, 0] : [Math.min(...gaps), Math.max(...gaps)],
    pixelSpacingMm: Math.max(...grid.spacing),
    fieldOfViewMm: Math.min(nx * grid.spacing[0], ny * grid.spacing[1]),
    bodyMm: [body.high[0] - body.low[0], body.high[1] - body.low[1], body.high[2] - body.low[2]],
    tissue: tissue.map((count) => (all === 0 ? 0 : count / all)),
    bones: [inBox(0), inBox(1), inBox(2)],
    airBehindBonesMm: middle(airBehindBones),
  };
}

/** Columns or rows about `stepMm` apart within the body's bounding box. */
function positions(grid: Grid, body: Body, axis: 0 | 1): number[] {
  const index = (face: number) => (face - grid.origin[axis]) / grid.spacing[axis];
  const first = Math.max(0, Math.ceil(index(body.low[axis])));
  const last = Math.min(grid.size[axis] - 1, Math.floor(index(body.high[axis])));
  const step = Math.max(1, Math.round(stepMm / grid.spacing[axis]));
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, n) => first + n * step);
}

/** Pixels below `least` that have tissue on all four sides of their row and column. */
function enclosedAir(sample: Int16Array, width: number, least: number): number[] {
  const height = sample.length / width;
  const air = new Uint8Array(sample.length);
  const enclose = (start: number, step: number, count: number): void => {
    let first = 0;
    while (first < count && sample[start + first * step]! < least) first += 1;
    let last = count - 1;
    while (last > first && sample[start + last * step]! < least) last -= 1;
    for (let n = first + 1; n < last; n += 1) {
      const v = start + n * step;
      if (sample[v]! < least) air[v] = air[v]! + 1;
    }
  };
  for (let y = 0; y < height; y += 1) enclose(y * width, 1, width);
  for (let x = 0; x < width; x += 1) enclose(x, width, height);
  return Array.from(air.keys()).filter((v) => air[v] === 2);
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
