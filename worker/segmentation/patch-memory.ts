import { totalmem } from 'node:os';
import { ContourNodeError } from '../../src/errors.ts';

/** Memory that a process may use here, bytes: that of the machine, or the container's limit. */
function memoryHere(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(totalmem(), limit) : totalmem();
}

/**
 * @param engineBytes what the engine takes for one patch, about
 * @throws ContourNodeError MODEL_NOT_SUPPORTED where that is more than this machine has
 */
export function checkPatchMemory(
  { patch }: { readonly patch: readonly number[] },
  engineBytes: number,
  available = memoryHere(),
): void {
  if (engineBytes < available) return;
  const gigabytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  throw new ContourNodeError(
    'MODEL_NOT_SUPPORTED',
    `a patch of ${patch.join(' x ')} voxels takes about ${gigabytes(engineBytes)} GB in this network, there are ${gigabytes(available)} GB here`,
    { remedy: 'use a machine with more memory, or a configuration with a smaller patch' },
  );
}
