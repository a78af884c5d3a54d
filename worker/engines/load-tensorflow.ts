import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import util from 'node:util';
import { ContourNodeError } from '../../src/errors.ts';

export type TensorFlow = typeof import('@tensorflow/tfjs-node');

/**
 * Imports tfjs-node (`gpu`: tfjs-node-gpu) once per process. tfjs-node 4.22 calls `util.isNullOrUndefined` and
 * `util.isArray`, which newer versions of Node removed or warn of: they are restored first.
 * @throws ContourNodeError ENGINE_UNAVAILABLE when the package or its library is not installed, or it sees no GPU
 */
export async function loadTensorFlow(gpu = false): Promise<TensorFlow> {
  const legacy = util as unknown as Record<string, (value: unknown) => boolean>;
  legacy['isNullOrUndefined'] = (value) => value === null || value === undefined;
  legacy['isArray'] = Array.isArray;
  // Else every process prints two lines ("This TensorFlow binary is optimized...") that need no action.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= gpu ? '3' : '1';
  // Else TensorFlow reserves the whole memory of the card at its start.
  if (gpu) process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  const tf = await importPackage(gpu);
  // Without a card tfjs-node-gpu computes on the CPU without saying so.
  if (gpu && !(tf.backend() as { isUsingGpuDevice?: boolean }).isUsingGpuDevice) {
    throw new ContourNodeError('ENGINE_UNAVAILABLE', 'TensorFlow sees no NVIDIA card on this machine', {
      remedy: 'see whether nvidia-smi lists one, run ./setup --gpu again, or use the device cpu',
    });
  }
  return tf;
}

/** Whether ./setup has built tfjs-node (`gpu`: tfjs-node-gpu); it need not find a card. */
export function tensorFlowBuilt(gpu = false): boolean {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${packageName(gpu)}/package.json`);
    return existsSync(join(dirname(manifest), 'lib', 'napi-v8', 'tfjs_binding.node'));
  } catch {
    return false;
  }
}

function packageName(gpu: boolean): string {
  return gpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
}

async function importPackage(gpu: boolean): Promise<TensorFlow> {
  try {
    const module = (await import(packageName(gpu))) as TensorFlow & { default?: TensorFlow };
    const tf = module.default ?? module;
    await tf.ready();
    return tf;
  } catch (error) {
    const [why = ''] = (error as Error).message.split('\n');
    // npm installs the package, ./setup the native library below it.
    const built = !why.includes('native addon module') && !why.startsWith('Cannot find package');
    throw new ContourNodeError(
      'ENGINE_UNAVAILABLE',
      `TensorFlow${gpu ? ' for the GPU' : ''} ${built ? `does not load: ${why}` : 'is not installed'}`,
      { cause: error, remedy: gpu ? 'run ./setup --gpu' : 'run ./setup --dev, or use the engine onnxruntime' },
    );
  }
}
