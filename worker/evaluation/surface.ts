import type { Grid, Mask } from '../volume/volume.ts';

/** Voxel box: first and last index (inclusive) along x, y, z. */
export interface Box {
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
}

/** The voxels of a mask that share a face with a voxel outside of it (the edge of the grid counts as outside). */
export interface Surface {
  /** i, j, k of every voxel. */
  readonly voxels: Int32Array;
  /** Exposed face area of every voxel, mm². */
  readonly areas: Float64Array;
}

/** Smallest box around the voxels of both masks; undefined where both are empty. */
export function unionBox(a: Mask, b: Mask): Box | undefined {
  const [nx, ny, nz] = a.grid.size;
  const low: [number, number, number] = [nx, ny, nz];
  const high: [number, number, number] = [-1, -1, -1];
  for (const { voxels } of [a, b]) {
    // From the first voxel of one row to that of the next; a Buffer is searched at the speed of memory.
    const bytes = Buffer.from(voxels.buffer, voxels.byteOffset, voxels.length);
    for (let first = bytes.indexOf(1); first >= 0;) {
      const row = Math.floor(first / nx);
      const next = (row + 1) * nx;
      let last = next - 1;
      while (voxels[last] === 0) last--;
      const j = row % ny;
      const k = Math.floor(row / ny);
      low[0] = Math.min(low[0], first - row * nx);
      high[0] = Math.max(high[0], last - row * nx);
      low[1] = Math.min(low[1], j);
      high[1] = Math.max(high[1], j);
      low[2] = Math.min(low[2], k);
      high[2] = Math.max(high[2], k);
      first = next < bytes.length ? bytes.indexOf(1, next) : -1;
    }
  }
  return high[2] < 0 ? undefined : { low, high };
}

/** Height (mm) that each slice stands for: half the way to both neighbours, at the ends the whole way to the one. */
export function sliceHeights(grid: Grid): Float64Array {
  const { z } = grid;
  const gap = (k: number): number => z[k + 1]! - z[k]!;
  const last = z.length - 1;
  return Float64Array.from(z, (_, k) => {
    if (last === 0) return 1;
    if (k === 0) return gap(0);
    return k === last ? gap(last - 1) : (gap(k - 1) + gap(k)) / 2;
  });
}

export function surfaceOf(mask: Mask, box: Box): Surface {
  const { grid, voxels } = mask;
  const [nx, ny, nz] = grid.size;
  const [dx, dy] = grid.spacing;
  const plane = nx * ny;
  const heights = sliceHeights(grid);
  const found: number[] = [];
  const areas: number[] = [];
  for (let k = box.low[2]; k <= box.high[2]; k++) {
    const sideX = dy * heights[k]!;
    const sideY = dx * heights[k]!;
    for (let j = box.low[1]; j <= box.high[1]; j++) {
      for (let i = box.low[0]; i <= box.high[0]; i++) {
        const at = (k * ny + j) * nx + i;
        if (voxels[at] === 0) continue;
        const inner = i > 0 && i < nx - 1 && j > 0 && j < ny - 1 && k > 0 && k < nz - 1;
        if (
          inner &&
          (voxels[at - 1]! &
            voxels[at + 1]! &
            voxels[at - nx]! &
            voxels[at + nx]! &
            voxels[at - plane]! &
            voxels[at + plane]!) ===
            1
        )
          continue;
        let area = 0;
        if (i === 0 || voxels[at - 1] === 0) area += sideX;
        if (i === nx - 1 || voxels[at + 1] === 0) area += sideX;
        if (j === 0 || voxels[at - nx] === 0) area += sideY;
        if (j === ny - 1 || voxels[at + nx] === 0) area += sideY;
        if (k === 0 || voxels[at - plane] === 0) area += dx * dy;
        if (k === nz - 1 || voxels[at + plane] === 0) area += dx * dy;
        if (area === 0) continue;
        found.push(i, j, k);
        areas.push(area);
      }
    }
  }
  return { voxels: Int32Array.from(found), areas: Float64Array.from(areas) };
}
