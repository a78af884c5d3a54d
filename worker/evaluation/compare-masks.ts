import { percentile } from '../../src/charts/percentile.ts';
import type { Mask } from '../volume/volume.ts';
import { mean } from './statistics.ts';
import { surfaceDistances } from './surface-distances.ts';
import { sliceHeights, surfaceOf, unionBox } from './surface.ts';

/** Volume and overlap of two masks on one grid. */
export interface Overlap {
  readonly referenceCm3: number;
  readonly testCm3: number;
  /** Dice similarity coefficient; undefined where a mask is empty. */
  readonly dsc: number | undefined;
  /** Jaccard index; undefined where a mask is empty. */
  readonly ji: number | undefined;
}

/** Distances between two surfaces, mm. */
export interface SurfaceAgreement {
  /** Mean of the two directed average surface distances. */
  readonly asd: number;
  /** Hausdorff distance: the larger of the two directed maxima. */
  readonly hd: number;
  /** The larger of the two directed 95th percentiles. */
  readonly hd95: number;
  /** Share of both surfaces' area that lies within the tolerance of the other surface. */
  readonly surfaceDsc: number;
}

export type Comparison =
  | ({ readonly status: 'ok' } & Overlap & SurfaceAgreement)
  /** Which of the two masks is empty: then there is no distance, and none is averaged. */
  | ({ readonly status: 'reference-empty' | 'test-empty' | 'both-empty' } & Overlap);

/**
 * Volumes and overlap, in mm³ of the grid (slices need not be equidistant). Fast, as it computes no distances.
 * @throws RangeError where the masks lie on different grids
 */
export function overlap(reference: Mask, test: Mask): Overlap {
  const { size, spacing } = reference.grid;
  if (test.grid.size.some((count, axis) => count !== size[axis])) throw new RangeError('masks on different grids');
  const [nx, ny] = size;
  const { low, high } = unionBox(reference, test) ?? { low: [0, 0, 0], high: [-1, -1, -1] };
  const heights = sliceHeights(reference.grid);
  let [referenceCm3, testCm3, commonCm3] = [0, 0, 0];
  for (let k = low[2]; k <= high[2]; k++) {
    let a = 0;
    let b = 0;
    let both = 0;
    for (let j = low[1]; j <= high[1]; j++) {
      const row = (k * ny + j) * nx;
      for (let at = row + low[0]; at <= row + high[0]; at++) {
        const inReference = reference.voxels[at]!;
        const inTest = test.voxels[at]!;
        a += inReference;
        b += inTest;
        both += inReference & inTest;
      }
    }
    const voxelCm3 = (spacing[0] * spacing[1] * heights[k]!) / 1000;
    referenceCm3 += a * voxelCm3;
    testCm3 += b * voxelCm3;
    commonCm3 += both * voxelCm3;
  }
  const empty = referenceCm3 === 0 || testCm3 === 0;
  return {
    referenceCm3,
    testCm3,
    dsc: empty ? undefined : (2 * commonCm3) / (referenceCm3 + testCm3),
    ji: empty ? undefined : commonCm3 / (referenceCm3 + testCm3 - commonCm3),
  };
}

/**
 * All metrics of two masks on one grid (DESIGN section 8), in mm and in 3-D. The surface of a mask is the set of its
 * voxels that share a face with the outside; distances run between voxel centres, so that identical masks give 0.
 * Surface DSC weights each such voxel with its exposed area.
 * @param toleranceMm of the surface DSC
 */
export function compareMasks(reference: Mask, test: Mask, toleranceMm = 2): Comparison {
  const volumes = overlap(reference, test);
  const box = unionBox(reference, test);
  if (box === undefined) return { status: 'both-empty', ...volumes };
  if (volumes.referenceCm3 === 0) return { status: 'reference-empty', ...volumes };
  if (volumes.testCm3 === 0) return { status: 'test-empty', ...volumes };

  const surfaces = [surfaceOf(reference, box), surfaceOf(test, box)] as const;
  const directed = [
    { areas: surfaces[0].areas, distances: surfaceDistances(surfaces[0], surfaces[1], reference.grid, box) },
    { areas: surfaces[1].areas, distances: surfaceDistances(surfaces[1], surfaces[0], reference.grid, box) },
  ];
  let [close, whole] = [0, 0];
  for (const { areas, distances } of directed) {
    for (let at = 0; at < areas.length; at++) {
      whole += areas[at]!;
      if (distances[at]! <= toleranceMm) close += areas[at]!;
    }
  }
  return {
    status: 'ok',
    ...volumes,
    asd: mean(directed.map(({ distances }) => mean(distances))),
    hd: Math.max(...directed.map(({ distances }) => percentile(distances, 100))),
    hd95: Math.max(...directed.map(({ distances }) => percentile(distances, 95))),
    surfaceDsc: close / whole,
  };
}
