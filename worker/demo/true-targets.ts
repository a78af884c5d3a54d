import type { Grid, Mask } from '../volume/volume.ts';
import { maskOf, type Part, placedOn, sizeOf, trimmed, wholeGrid } from '../structure-set/derived/part.ts';
import { isotropic, reachable } from '../structure-set/derived/reachable.ts';

interface Structure {
  readonly name: string;
  readonly mask: Mask;
}

/** More than the margins of CTVp and PTV together, mm. */
const aroundMm = 20;

/**
 * CTVp and PTV of `config/recipes/npc.yaml` from the true GTVp, SpinalCord and External. Distances are measured by
 * moving a ball along the surface, not by the transform that formulas are evaluated with: an error of that shows.
 */
export function trueTargets(truth: readonly Structure[], grid: Grid): Structure[] {
  const part = (name: string): Part => ({ ...wholeGrid(grid), voxels: maskNamed(truth, name).voxels });
  const tumour = trimmed(part('GTVp'));
  const box = reachable(tumour, isotropic(aroundMm), grid);
  const [gtv, cord, body] = [tumour, part('SpinalCord'), part('External')].map((one) => placedOn(one, box).voxels) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const near = (voxels: Uint8Array, mm: number) => withinMm(voxels, sizeOf(box), stepsOf(grid), mm);
  const air = body.map((voxel) => 1 - voxel);
  const atSkin = near(air, 3);
  const ctv = near(gtv, 5).map((voxel, v) => voxel & (1 - atSkin[v]!));
  const atCord = near(cord, 3);
  const ptv = near(ctv, 3).map((voxel, v) => voxel & (1 - atSkin[v]!) & (1 - atCord[v]!));
  const mask = (voxels: Uint8Array): Mask => maskOf(placedOn({ ...box, voxels }, wholeGrid(grid)), grid);
  return [
    { name: 'CTVp', mask: mask(ctv) },
    { name: 'PTV', mask: mask(ptv) },
  ];
}

function maskNamed(truth: readonly Structure[], wanted: string): Mask {
  return truth.find(({ name }) => name === wanted)!.mask;
}

/** mm from one voxel to the next; the slices of a phantom are equidistant. */
function stepsOf({ spacing, z }: Grid): readonly [number, number, number] {
  return [spacing[0], spacing[1], z[1]! - z[0]!];
}

/** What lies in a mask or within `mm` of its surface, half the way from a voxel inside to one outside. */
function withinMm(
  voxels: Uint8Array,
  [nx, ny, nz]: readonly [number, number, number],
  steps: readonly [number, number, number],
  mm: number,
): Uint8Array {
  const ball = ballOf(steps, mm);
  const result = voxels.slice();
  for (let k = 0, v = 0; k < nz; k += 1) {
    for (let j = 0; j < ny; j += 1) {
      for (let i = 0; i < nx; i += 1, v += 1) {
        if (voxels[v] === 0 || isInner(voxels, v, nx, nx * ny)) continue;
        for (const [di, dj, dk] of ball) {
          const [x, y, z] = [i + di, j + dj, k + dk];
          if (x >= 0 && x < nx && y >= 0 && y < ny && z >= 0 && z < nz) result[(z * ny + y) * nx + x] = 1;
        }
      }
    }
  }
  return result;
}

/** Steps from a voxel to those whose centre lies within `mm` of it, as an ellipsoid that reaches to its faces. */
function ballOf(steps: readonly [number, number, number], mm: number): [number, number, number][] {
  const [x, y, z] = steps.map((step) => Math.ceil(mm / step + 0.5)) as [number, number, number];
  const ball: [number, number, number][] = [];
  for (let k = -z; k <= z; k += 1) {
    for (let j = -y; j <= y; j += 1) {
      for (let i = -x; i <= x; i += 1) {
        const distance = Math.hypot(i * steps[0], j * steps[1], k * steps[2]);
        if (distance * (1 - 0.5 / Math.hypot(i, j, k)) <= mm) ball.push([i, j, k]);
      }
    }
  }
  return ball;
}

/** Whether a voxel of a mask has all six neighbours in it; one at the end of the array has not. */
function isInner(voxels: Uint8Array, v: number, row: number, slice: number): boolean {
  return [1, row, slice].every((step) => voxels[v - step] === 1 && voxels[v + step] === 1);
}
