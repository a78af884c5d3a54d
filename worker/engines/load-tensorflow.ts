import util from 'node:util';
import { ContourNodeError } from '../../src/errors.ts';

export type TensorFlow = typeof import('@tensorflow/tfjs-node');

/**
 * Imports tfjs-node (`gpu`: tfjs-node-gpu) once per process. tfjs-node 4.22 calls `util.isNullOrUndefined` and
 * `util.isArray`, which newer Nodes removed or warn of: they are put back first.
 * @throws ContourNodeError ENGINE_UNAVAILABLE when the package or its library is not installed
 */
export async function loadTensorFlow(gpu = false): Promise<TensorFlow> {
  const legacy = util as unknown as Record<string, (value: unknown) => boolean>;
  legacy['isNullOrUndefined'] = (value) => value === null || value === undefined;
  legacy['isArray'] = Array.isArray;
  // Two lines for each process on stderr ("This TensorFlow binary is optimized...") that nobody can act on.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1';
  try {
    const name = gpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
    const module = (await import(name)) as TensorFlow & { default?: TensorFlow };
    return module.default ?? module;
  } catch (error) {
    throw new ContourNodeError(
      'ENGINE_UNAVAILABLE',
      `TensorFlow${gpu ? ' for the GPU' : ''} is not installed or does not load: ${(error as Error).message.split('\n')[0]}`,
      { cause: error, remedy: gpu ? 'run ./setup --gpu' : 'run ./setup --dev, or use the engine onnxruntime' },
    );
  }
}
