import { type Affine, type Point, transformed } from '../../src/dicom/affine.ts';

/**
 * A rigid transform: rotation by the angles (radians) about x, then y, then z through `centre`, then a translation, mm.
 */
export function rigid(angles: Point, translation: Point, centre: Point = [0, 0, 0]): Affine {
  const [cx, sx] = [Math.cos(angles[0]), Math.sin(angles[0])];
  const [cy, sy] = [Math.cos(angles[1]), Math.sin(angles[1])];
  const [cz, sz] = [Math.cos(angles[2]), Math.sin(angles[2])];
  const rotation = [
    [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx, 0],
    [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx, 0],
    [-sy, cy * sx, cy * cx, 0],
    [0, 0, 0, 1],
  ].flat();
  const moved = transformed(rotation, centre);
  return rotation.map((value, index) => {
    const row = (index - 3) / 4;
    return index % 4 === 3 && row < 3 ? centre[row]! + translation[row]! - moved[row]! : value;
  });
}

/** The angles about x, y and z (radians) that `rigid` makes the same rotation of. */
export function anglesOf(m: Affine): [number, number, number] {
  return [Math.atan2(m[9]!, m[10]!), Math.asin(Math.max(-1, Math.min(1, -m[8]!))), Math.atan2(m[4]!, m[0]!)];
}

/** From indices to mm along three axes: the first voxel at `origin`, the others `spacing` apart. */
export function alongAxes(spacing: readonly number[], origin: readonly number[]): Affine {
  const rows = [0, 1, 2].map((axis) => [0, 1, 2].map((n) => (n === axis ? spacing[axis]! : 0)).concat(origin[axis]!));
  return [...rows.flat(), 0, 0, 0, 1];
}
