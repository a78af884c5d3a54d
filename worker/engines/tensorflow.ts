import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { inferenceNetwork } from '../networks/forward.ts';
import { networkOf } from '../networks/network.ts';
import { decodeTensors } from '../networks/tensor-file.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { loadTensorFlow } from './load-tensorflow.ts';

/**
 * Rebuilds a bundle's network in TensorFlow from its architecture and weights.
 * @throws ContourNodeError ENGINE_UNAVAILABLE (TensorFlow or the device not there; an imported bundle), BUNDLE_INVALID
 */
export async function openTensorFlow(bundle: Bundle, options: EngineOptions): Promise<Engine> {
  const { manifest } = bundle;
  if ('volume' in manifest) {
    throw new ContourNodeError(
      'ENGINE_UNAVAILABLE',
      `the engine tensorflow runs networks of slices; ${manifest.name} is a network of patches of the whole CT`,
      { remedy: 'configure engine.name: onnxruntime' },
    );
  }
  const { weights } = manifest.files;
  if (weights === undefined || manifest.architecture.family === 'imported') {
    throw new ContourNodeError('ENGINE_UNAVAILABLE', `bundle ${manifest.name} has no weights for TensorFlow`, {
      remedy: 'configure engine.name: onnxruntime',
    });
  }
  if (options.device === 'webgpu') {
    throw new ContourNodeError('ENGINE_UNAVAILABLE', 'TensorFlow has no device webgpu', {
      remedy: 'configure engine.device: gpu or cpu',
    });
  }
  const gpu = options.device === 'gpu' || options.device === 'cuda';
  const tf = await loadTensorFlow(gpu);
  const bytes = await readFile(join(bundle.directory, weights.path)).catch((cause: unknown) => {
    throw new ContourNodeError('BUNDLE_INVALID', `${weights.path} of bundle ${manifest.name} is not there`, { cause });
  });
  const { tensors } = decodeTensors(bytes, `${weights.path} of bundle ${manifest.name}`);
  const network = inferenceNetwork(tf, networkOf(manifest), tensors);
  return {
    name: 'tensorflow',
    device: gpu ? 'gpu' : 'cpu',
    precision: 'float32',
    async run(input, shape) {
      const x = tf.tensor(input, [...shape]);
      try {
        const y = network.predict(x);
        try {
          return { data: (await y.data()) as Float32Array, shape: y.shape };
        } finally {
          y.dispose();
        }
      } catch (error) {
        throw new ContourNodeError(
          'ENGINE_FAILED',
          `tensorflow: inference failed: ${(error as Error).message.split('\n')[0]}`,
          { cause: error },
        );
      } finally {
        x.dispose();
      }
    },
    async close() {
      network.dispose();
    },
  };
}
