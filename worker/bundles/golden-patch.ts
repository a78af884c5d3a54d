import type { VolumeManifest } from '../../src/bundles/manifest.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { openOnnxRuntime } from '../engines/onnxruntime.ts';
import { seededRandom } from '../phantom/random.ts';
import type { Triple } from '../segmentation/model-view.ts';
import { normalise } from '../segmentation/normalise.ts';

/** What a bundle keeps of a run of its network on generated numbers. */
export interface Golden {
  readonly input: Float32Array;
  readonly inputShape: readonly number[];
  readonly output: Float32Array;
  readonly outputShape: readonly number[];
}

/**
 * One generated patch through the network of a volume model, which also shows whether graph and manifest fit.
 * @param size voxels; the whole patch where the graph takes no other
 * @throws ContourNodeError BUNDLE_INVALID (the output is not [1, channels, ...size]), ENGINE_FAILED
 */
export async function goldenPatch(model: string, { volume }: VolumeManifest, size: readonly number[]): Promise<Golden> {
  const engine = await openOnnxRuntime(model, volume.tensors, { device: 'cpu', threads: 0 });
  try {
    const box = (size.length === 2 ? [1, ...size] : size) as unknown as Triple;
    const { beside = [] } = volume;
    const voxels = box[0] * box[1] * box[2];
    const input = new Float32Array(voxels * (beside.length + 1));
    for (let place = 0; place <= beside.length; place += 1) {
      const own = beside.find(({ channel }) => channel === place)?.normalisation ?? volume.normalisation;
      const scene = goldenScene(box);
      normalise(scene, box, own.scheme === 'rgb' ? { scheme: 'rescale' } : own);
      input.set(scene, place * voxels);
    }
    const inputShape = [1, beside.length + 1, ...size];
    const { data, shape } = await engine.run(input, inputShape);
    const expected = [1, volume.channels, ...size];
    if (shape.join() !== expected.join()) {
      throw new ContourNodeError(
        'BUNDLE_INVALID',
        `the network gave an output of ${shape.join('x')}, the labels make ${expected.join('x')}`,
        { remedy: 'compare the labels with the network' },
      );
    }
    return { input, inputShape, output: data, outputShape: shape };
  } finally {
    await engine.close();
  }
}

/** HU of a ball of soft tissue with a shell of bone, smaller balls of -100 to 200 HU in it, air around, and noise. */
function goldenScene(size: Triple): Float32Array {
  const random = seededRandom(12345);
  const place = () => [random.between(-0.6, 0.6), random.between(-0.6, 0.6), random.between(-0.6, 0.6)] as const;
  const balls = Array.from({ length: 12 }, () => ({
    centre: place(),
    radius: random.between(0.1, 0.3),
    hu: random.between(-100, 200),
  }));
  const values = new Float32Array(size[0] * size[1] * size[2]);
  const at = (index: number, length: number) => (length === 1 ? 0 : (2 * index) / (length - 1) - 1);
  for (let v = 0; v < values.length; v += 1) {
    const x = at(v % size[2], size[2]);
    const y = at(Math.trunc(v / size[2]) % size[1], size[1]);
    const z = at(Math.trunc(v / (size[2] * size[1])), size[0]);
    const distance = Math.hypot(x, y, z);
    let hu = distance < 0.9 ? 40 : -1000;
    for (const { centre, radius, hu: own } of balls)
      if (Math.hypot(x - centre[0], y - centre[1], z - centre[2]) < radius) hu = own;
    if (distance > 0.75 && distance < 0.82) hu = 900;
    values[v] = Math.round(hu + (random.next() + random.next() + random.next() - 1.5) * 30);
  }
  return values;
}
