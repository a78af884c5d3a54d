import type { Grid } from '../volume/volume.ts';
import { one, type Probabilities } from './infer.ts';
import { roiRegion } from './roi-region.ts';

/** What one network of an ensemble found, and the names of its ROIs in the order of its probabilities. */
export interface MemberProbabilities {
  readonly names: readonly string[];
  readonly probabilities: Probabilities;
}

/**
 * Mean of the probabilities of several networks on the grid of the first, which the others are brought to linearly. The
 * mean of an ROI is that of the networks that know it by this name. Beyond its field of view a network says 0.
 * @param rois names of the ROIs wanted
 */
export function meanOfMembers(members: readonly MemberProbabilities[], rois: readonly string[]): Probabilities {
  const { grid } = members[0]!.probabilities;
  return { grid, rois: rois.map((name) => meanOfRoi(members, name, grid)) };
}

function meanOfRoi(members: readonly MemberProbabilities[], name: string, grid: Grid): Uint16Array {
  const found = members.flatMap(({ names, probabilities }) => {
    const index = names.indexOf(name);
    return index < 0 ? [] : [{ probabilities, index }];
  });
  const area = grid.size[0] * grid.size[1];
  const sum = new Float32Array(area * grid.size[2]);
  for (const { probabilities, index } of found) {
    if (probabilities.grid === grid) {
      const own = probabilities.rois[index]!;
      for (let v = 0; v < sum.length; v += 1) sum[v]! += own[v]!;
    } else addOntoGrid(sum, probabilities, index, grid);
  }
  const mean = new Uint16Array(sum.length);
  for (let v = 0; v < sum.length; v += 1) mean[v] = Math.min(one, Math.round(sum[v]! / found.length));
  return mean;
}

/** Everything that is not 0 counts. */
const least = 0.5 / one;

function addOntoGrid(sum: Float32Array, from: Probabilities, index: number, grid: Grid): void {
  const region = roiRegion(from, index, grid, least);
  if (region === undefined) return;
  const [width, height, depth] = region.grid.size;
  const values = new Float32Array(width * height);
  for (let k = 0; k < depth; k += 1) {
    region.write(k, values);
    for (let y = 0; y < height; y += 1) {
      const out = ((region.slice + k) * grid.size[1] + region.row + y) * grid.size[0] + region.column;
      for (let x = 0; x < width; x += 1) sum[out + x]! += one * values[y * width + x]!;
    }
  }
}
