import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import { sliceManifestOf } from '../../src/bundles/manifest.ts';
import type { BundleDescription } from '../../worker/bundles/write-bundle.ts';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { contourRoi, type ContouredRoi } from '../../worker/inference/contour-roi.ts';
import { roiRegion } from '../../worker/inference/roi-region.ts';
import { infer } from '../../worker/inference/infer.ts';
import { contourFolder } from '../../worker/contour-folder.ts';
import { configSchema } from '../../src/config/schema.ts';
import { findBody } from '../../worker/volume/body.ts';
import { networkGrid, toNetworkHu } from '../../worker/volume/preprocess.ts';
import type { Grid, Volume } from '../../worker/volume/volume.ts';
import { readRtstruct } from '../../src/dicom/rtstruct/read-rtstruct.ts';
import { readFile } from 'node:fs/promises';
import { cylinderWithEllipsoids, grid, signedDepth, writeCtFolder, type Ellipsoid } from '../support/synthetic-ct.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

const engine = { name: 'onnxruntime', device: 'cpu', threads: 1 };
const body = { centre: [0, 0], radii: [110, 95] } as const;

async function contour(
  t: Parameters<typeof thresholdBundle>[0],
  volume: Volume,
  changes: Partial<BundleDescription> = {},
): Promise<ContouredRoi> {
  const { directory } = await thresholdBundle(t, changes);
  const { bundle, engine: opened } = await loadBundle(directory, '.', engine);
  const manifest = sliceManifestOf(bundle.manifest);
  const { centre } = findBody(volume);
  const network = toNetworkHu(volume, networkGrid(volume.grid, centre, manifest.input), manifest.input);
  const probabilities = await infer(opened, network, manifest, { batchSize: 8 });
  await opened.close();
  const [roi] = manifest.rois;
  return contourRoi(roi!, roiRegion(probabilities, 0, volume.grid, roi!.threshold), probabilities.grid);
}

/** Largest and mean distance (mm) of the contours' points from the ellipsoid's surface, and the enclosed volume. */
function against(ellipsoid: Ellipsoid, { slices }: ContouredRoi, on: Grid) {
  let largest = 0;
  let sum = 0;
  let points = 0;
  for (const { slice, polygons } of slices) {
    const z = on.z[slice]!;
    // Near the poles the surface runs almost within the slice: there a distance within the slice says nothing.
    if (Math.abs(z - ellipsoid.centre[2]) > 0.8 * ellipsoid.radii[2]) continue;
    for (const { outer } of polygons) {
      for (let p = 0; p < outer.length; p += 2) {
        const depth = signedDepth(ellipsoid, outer[p]!, outer[p + 1]!, z);
        largest = Math.max(largest, Math.abs(depth));
        sum += depth;
        points += 1;
      }
    }
  }
  return { largest, mean: sum / points, points };
}

const cm3 = ({ radii: [a, b, c] }: Ellipsoid) => (4 / 3) * Math.PI * a * b * c * 1e-3;

test('an ellipsoid comes back within a fraction of a voxel, whatever matrix and spacing the CT has', async (t) => {
  const ellipsoid: Ellipsoid = { centre: [31.3, -17.2, 30.4], radii: [33, 24, 21] };
  const grids = {
    '511 x 511, 1 x 1 x 3 mm': grid([511, 511, 21], [1, 1, 3]),
    '512 x 512, 0.98 mm, off centre': grid([512, 512, 21], [0.98, 0.98, 3], [20, -30]),
    '1024 x 1024, 0.49 mm': grid([1024, 1024, 16], [0.49, 0.49, 4]),
    'pixels that are not square': grid([400, 300, 31], [0.7, 1.1, 2]),
    'coarser than the network': grid([100, 100, 25], [3.1, 3.1, 2.5]),
  };
  for (const [name, on] of Object.entries(grids)) {
    const volume = cylinderWithEllipsoids(on, body, [ellipsoid]);
    const found = await contour(t, volume);
    const { largest, mean, points } = against(ellipsoid, found, on);
    assert.ok(points > 200, name);
    assert.ok(
      largest < 0.15 * Math.max(1, on.spacing[0]),
      `${name}: a point lies ${largest.toFixed(3)} mm from the surface`,
    );
    assert.ok(Math.abs(mean) < 0.06, `${name}: contours lie ${mean.toFixed(3)} mm inside on average`);
    assert.ok(Math.abs(found.volumeCm3 / cm3(ellipsoid) - 1) < 0.03, `${name}: ${found.volumeCm3} cm3`);
  }
});

test('a network grid that is resampled along z gives the same ellipsoid back', async (t) => {
  const ellipsoid: Ellipsoid = { centre: [0, 5, 40], radii: [40, 30, 28] };
  for (const spacing of [1.5, 5]) {
    const on = grid([256, 256, Math.round(80 / spacing) + 1], [1, 1, spacing]);
    const found = await contour(t, cylinderWithEllipsoids(on, body, [ellipsoid]), {
      input: {
        spacingMm: 2,
        sliceSpacingMm: 2.5,
        size: [128, 128],
        centre: 'body',
        neighbours: 0,
        windows: [{ low: -100, high: 300 }],
        layout: 'nchw',
      },
    });
    const { largest, mean } = against(ellipsoid, found, on);
    assert.ok(largest < 0.9, `slices of ${spacing} mm: ${largest.toFixed(2)} mm`);
    assert.ok(Math.abs(mean) < 0.25, `slices of ${spacing} mm: ${mean.toFixed(2)} mm on average`);
  }
});

test('slices whose distance changes along the scan keep their own z', async (t) => {
  const ellipsoid: Ellipsoid = { centre: [10, 0, 36], radii: [30, 30, 30] };
  const z = Float64Array.from([
    0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 32, 34, 36, 38, 40, 42, 44, 46, 48, 53, 58, 63, 68, 73,
  ]);
  const on: Grid = { ...grid([256, 256, z.length], [1, 1, 1]), z };
  const found = await contour(t, cylinderWithEllipsoids(on, body, [ellipsoid]));
  const { largest } = against(ellipsoid, found, on);
  assert.ok(largest < 0.4, `${largest.toFixed(2)} mm`);
  assert.ok(Math.abs(found.volumeCm3 / cm3(ellipsoid) - 1) < 0.04, `${found.volumeCm3} cm3`);
});

test('in all four patient positions left stays left', async (t) => {
  const folder = await temporaryFolder(t);
  const { directory } = await thresholdBundle(t);
  const loaded = await loadBundle(directory, '.', engine);
  t.after(() => loaded.engine.close());
  const ellipsoid: Ellipsoid = { centre: [52, -21, 27], radii: [22, 26, 24] };
  const on = grid([240, 224, 19], [1.2, 1.2, 3], [7, 4]);
  const volume = cylinderWithEllipsoids(on, body, [ellipsoid]);
  for (const patientPosition of ['HFS', 'HFP', 'FFS', 'FFP'] as const) {
    const ct = await writeCtFolder(join(folder, patientPosition), volume, { patientPosition });
    const out = join(folder, `${patientPosition}.dcm`);
    await contourFolder([ct], loaded, {
      out,
      encoding: 'implicit',
      config: configSchema.parse({}),
      now: new Date(2026, 0, 2),
    });
    const [roi] = readRtstruct(await readFile(out)).rois;
    const points = roi!.contours.flatMap(({ points: ring }) =>
      Array.from({ length: ring.length / 3 }, (_, n) => ring.slice(3 * n, 3 * n + 3)),
    );
    const mean = [0, 1, 2].map((axis) => points.reduce((sum, point) => sum + point[axis]!, 0) / points.length);
    assert.ok(
      Math.abs(mean[0]! - 52) < 1.5 && Math.abs(mean[1]! + 21) < 1.5,
      `${patientPosition}: centre at ${mean.map((value) => value.toFixed(1)).join(', ')}`,
    );
    const off = points
      .filter(([, , z]) => Math.abs(z! - 27) < 18)
      .map(([x, y, z]) => Math.abs(signedDepth(ellipsoid, x!, y!, z!)));
    assert.ok(Math.max(...off) < 0.4, `${patientPosition}: ${Math.max(...off).toFixed(2)} mm from the surface`);
  }
});
