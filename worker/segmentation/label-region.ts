import type { RoiRegion } from '../inference/roi-region.ts';
import { certain, type LabelMap } from './label-map.ts';

interface VoxelBox {
  /** First and last voxel along x, y, z. */
  readonly low: [number, number, number];
  readonly high: [number, number, number];
}

/** The box of every label that occurs, by label. */
export function labelBoxes({ grid, labels }: LabelMap): ReadonlyMap<number, VoxelBox> {
  const [nx, ny, nz] = grid.size;
  const boxes = new Map<number, VoxelBox>();
  for (let k = 0, v = 0; k < nz; k += 1) {
    for (let y = 0; y < ny; y += 1) {
      for (let x = 0; x < nx; x += 1, v += 1) {
        const label = labels[v]!;
        if (label === 0) continue;
        const box = boxes.get(label);
        if (box === undefined) boxes.set(label, { low: [x, y, k], high: [x, y, k] });
        else include(box, x, y, k);
      }
    }
  }
  return boxes;
}

function include({ low, high }: VoxelBox, x: number, y: number, k: number): void {
  if (x < low[0]) low[0] = x;
  else if (x > high[0]) high[0] = x;
  if (y < low[1]) low[1] = y;
  else if (y > high[1]) high[1] = y;
  high[2] = k;
}

/**
 * An ROI of one or more labels as a region of probabilities. Its surface lies where a voxel of the ROI and its neighbour
 * are equally far from the decision between them, so that the contours of two ROIs that touch are one line.
 * @returns undefined where no voxel has one of the labels
 */
export function labelRegion(
  { grid, labels, lead }: LabelMap,
  boxes: ReadonlyMap<number, VoxelBox>,
  ofRoi: readonly number[],
): RoiRegion | undefined {
  const own = ofRoi.flatMap((label) => boxes.get(label) ?? []);
  if (own.length === 0) return undefined;
  const edge = (axis: 0 | 1 | 2) => [
    Math.min(...own.map(({ low }) => low[axis])),
    Math.max(...own.map(({ high }) => high[axis])),
  ];
  const [nx, ny] = grid.size;
  // One more voxel in plane: the surface lies between the outermost voxel and its neighbour.
  const beside = (axis: 0 | 1): [number, number] => {
    const [low, high] = edge(axis);
    return [Math.max(low! - 1, 0), Math.min(high! + 1, grid.size[axis] - 1)];
  };
  const [left, right] = beside(0);
  const [front, back] = beside(1);
  const [bottom, top] = edge(2) as [number, number];
  const [width, height] = [right - left + 1, back - front + 1];
  const belongs = Uint8Array.from({ length: 256 }, (_, label) => (ofRoi.includes(label) ? 1 : 0));
  return {
    grid: {
      size: [width, height, top - bottom + 1],
      spacing: grid.spacing,
      origin: [grid.origin[0] + left * grid.spacing[0], grid.origin[1] + front * grid.spacing[1]],
      z: grid.z.slice(bottom, top + 1),
    },
    column: left,
    row: front,
    slice: bottom,
    write(k, target) {
      for (let y = 0, out = 0; y < height; y += 1) {
        let v = ((bottom + k) * ny + front + y) * nx + left;
        for (let x = 0; x < width; x += 1, v += 1, out += 1) {
          const half = lead[v]! / (2 * certain);
          target[out] = belongs[labels[v]!] === 1 ? 0.5 + half : 0.5 - half;
        }
      }
    },
  };
}
