import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadBundle } from '../../worker/bundles/load-bundle.ts';
import { contourVolume } from '../../worker/contour-ct.ts';
import { rasterise } from '../../worker/contours/rasterise.ts';
import { overlap } from '../../worker/evaluation/compare-masks.ts';
import { generatePhantom } from '../../worker/phantom/generate-phantom.ts';
import { StageClock } from '../../worker/stage-clock.ts';
import { maskVolumeCm3 } from '../../worker/volume/mask-place.ts';
import type { Mask } from '../../worker/volume/volume.ts';

test('a trained bundle gives the same contours from tensorflow and from onnxruntime: DSC 0.999 or more', async (t) => {
  const { volume } = generatePhantom(3, { size: 256 });
  const models = fileURLToPath(new URL('../../models', import.meta.url));
  const masks: Mask[] = [];
  for (const name of ['tensorflow', 'onnxruntime']) {
    const loaded = await loadBundle('phantom-gtvp', models, { name, device: 'cpu', threads: 0 });
    t.after(() => loaded.engine.close());
    const { rois } = await contourVolume(volume, loaded, { batchSize: 8, clock: new StageClock() });
    const contours = rois[0]!.slices.flatMap(({ slice, polygons }) =>
      polygons.flatMap(({ outer, holes }) =>
        [outer, ...holes].map((ring) => ({ points: withZ(ring, volume.grid.z[slice]!) })),
      ),
    );
    assert.ok(contours.length > 5, `${name} drew ${contours.length} contours`);
    const mask = rasterise(contours, volume.grid);
    assert.ok(Math.abs(maskVolumeCm3(mask) / rois[0]!.volumeCm3 - 1) < 0.05);
    masks.push(mask);
  }
  const { dsc } = overlap(masks[0]!, masks[1]!);
  assert.ok(dsc !== undefined && dsc >= 0.999, `DSC ${dsc}`);
});

/** x, y pairs as x, y, z triplets. */
function withZ(ring: Float64Array, z: number): Float64Array {
  const points = Array.from({ length: ring.length / 2 }, (_, n) => [ring[2 * n]!, ring[2 * n + 1]!, z]);
  return Float64Array.from(points.flat());
}
