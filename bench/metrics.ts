/**
 * `node bench/metrics.ts`: all metrics of pairs of masks on a grid of 512 x 512 x 150 (0.98 x 0.98 x 2.5 mm): a tumour, a
 * whole body, and two balls far apart. Medians of five.
 */
import { compareMasks } from '../worker/evaluation/compare-masks.ts';
import { percentile } from '../src/charts/percentile.ts';
import type { Grid, Mask } from '../worker/volume/volume.ts';

const repeats = 5;
const grid: Grid = {
  size: [512, 512, 150],
  spacing: [0.98, 0.98],
  origin: [0, 0],
  z: Float64Array.from({ length: 150 }, (_, k) => k * 2.5),
};

/** @param centre voxel @param radius mm */
function ball([cx, cy, cz]: readonly [number, number, number], radius: number): Mask {
  const [nx, ny, nz] = grid.size;
  const voxels = new Uint8Array(nx * ny * nz);
  for (let k = 0, v = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, v++) {
        const distance = Math.hypot((i - cx) * 0.98, (j - cy) * 0.98, (k - cz) * 2.5);
        if (distance < radius) voxels[v] = 1;
      }
    }
  }
  return { grid, voxels };
}

for (const [name, reference, test] of [
  ['tumour of 30 mm', ball([256, 256, 75], 30), ball([262, 250, 77], 33)],
  ['body of 180 mm', ball([256, 256, 75], 180), ball([258, 256, 75], 175)],
  ['two balls 460 mm apart', ball([100, 100, 30], 40), ball([400, 400, 120], 40)],
] as const) {
  const runs = Array.from({ length: repeats }, () => {
    const cpu = process.cpuUsage();
    const start = performance.now();
    compareMasks(reference, test);
    return { wall: performance.now() - start, cpu: process.cpuUsage(cpu).user / 1000 };
  });
  const median = (of: 'wall' | 'cpu') =>
    percentile(
      runs.map((run) => run[of]),
      50,
    ).toFixed(0);
  console.log(`${name.padEnd(24)} ${median('wall').padStart(6)} ms, of it on the CPU ${median('cpu')} ms`);
}
