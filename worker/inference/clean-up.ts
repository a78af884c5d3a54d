import type { Roi } from '../../src/bundles/manifest.ts';
import { sliceThickness } from '../volume/body.ts';
import type { Mask } from '../volume/volume.ts';
import { components } from './components.ts';

export interface CleanedUp {
  /** cm³ and 26-connected components of the cleaned mask; 0 when its volume is below `minimumVolumeCm3`. */
  readonly volumeCm3: number;
  readonly components: number;
}

/**
 * Cleans a mask in place by the bundle's rules, in this order: removes small components, then all but the largest,
 * fills the holes of each axial slice, and empties the mask if it is then smaller than the ROI's least volume.
 * A voxel counts as its area times half the way to either neighbouring slice.
 */
export function cleanUp(mask: Mask, rules: Roi['cleanUp']): CleanedUp {
  const [nx, ny, nz] = mask.grid.size;
  const [dx, dy] = mask.grid.spacing;
  const voxelCm3 = sliceThickness(mask.grid.z).map((thickness) => (thickness * dx * dy) / 1000);
  const found = components(mask.voxels, mask.grid.size);
  const sizes = new Float64Array(found.count);
  found.start.forEach((start, run) => {
    const slice = Math.trunc(start / (nx * ny));
    sizes[found.label[run]!] = sizes[found.label[run]!]! + found.length[run]! * voxelCm3[slice]!;
  });
  // Equal sizes keep their order, that of the first voxel: the result does not depend on the sort.
  const ranked = [...sizes.keys()].toSorted((a, b) => sizes[b]! - sizes[a]! || a - b);
  const kept = new Set(
    ranked
      .filter((label) => sizes[label]! >= rules.minimumComponentCm3)
      .slice(0, rules.largestComponents ?? found.count),
  );
  found.start.forEach((start, run) => {
    if (!kept.has(found.label[run]!)) mask.voxels.fill(0, start, start + found.length[run]!);
  });
  if (rules.fillHoles && kept.size > 0) for (let k = 0; k < nz; k += 1) fillHoles(mask.voxels, k * nx * ny, nx, ny);

  let volumeCm3 = 0;
  for (let k = 0, v = 0; k < nz; k += 1) {
    let count = 0;
    for (const end = v + nx * ny; v < end; v += 1) count += mask.voxels[v]!;
    volumeCm3 += count * voxelCm3[k]!;
  }
  if (kept.size === 0 || volumeCm3 < rules.minimumVolumeCm3) {
    mask.voxels.fill(0);
    return { volumeCm3: 0, components: 0 };
  }
  return { volumeCm3, components: kept.size };
}

/** Fills the holes of a slice: every zero that no 4-connected path of zeros joins to the slice's border. */
export function fillHoles(voxels: Uint8Array, offset: number, nx: number, ny: number): void {
  const area = nx * ny;
  if (!voxels.subarray(offset, offset + area).includes(1)) return;
  // 1 where something is, or what is empty has been reached.
  const taken = voxels.slice(offset, offset + area);
  const stack: number[] = [];
  for (let x = 0; x < nx; x += 1) stack.push(x, area - nx + x);
  for (let y = 0; y < ny; y += 1) stack.push(y * nx, y * nx + nx - 1);
  for (let seed = stack.pop(); seed !== undefined; seed = stack.pop()) {
    if (taken[seed] === 1) continue;
    // A run of zeros at once, and one seed for each run beside it.
    const row = seed - (seed % nx);
    let from = seed;
    while (from > row && taken[from - 1] === 0) from -= 1;
    let to = seed + 1;
    while (to < row + nx && taken[to] === 0) to += 1;
    taken.fill(1, from, to);
    for (const beside of [-nx, nx]) {
      if (row + beside < 0 || row + beside >= area) continue;
      let before = 1;
      for (let v = from + beside; v < to + beside; v += 1) {
        const here = taken[v]!;
        if (here < before) stack.push(v);
        before = here;
      }
    }
  }
  // What is not taken is a hole.
  for (let v = 0; v < area; v += 1) voxels[offset + v] = voxels[offset + v]! | (1 - taken[v]!);
}
