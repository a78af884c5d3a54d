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
  const outside = new Uint8Array(area);
  const stack = new Int32Array(area);
  let waiting = 0;
  const visit = (v: number) => {
    if (voxels[offset + v] !== 0 || outside[v] === 1) return;
    outside[v] = 1;
    stack[waiting] = v;
    waiting += 1;
  };
  for (let x = 0; x < nx; x += 1) {
    visit(x);
    visit(area - nx + x);
  }
  for (let y = 0; y < ny; y += 1) {
    visit(y * nx);
    visit(y * nx + nx - 1);
  }
  while (waiting > 0) {
    waiting -= 1;
    const v = stack[waiting]!;
    const x = v % nx;
    if (x > 0) visit(v - 1);
    if (x < nx - 1) visit(v + 1);
    if (v >= nx) visit(v - nx);
    if (v < area - nx) visit(v + nx);
  }
  for (let v = 0; v < area; v += 1) if (outside[v] === 0) voxels[offset + v] = 1;
}
