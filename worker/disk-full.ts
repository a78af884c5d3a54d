import { ContourNodeError } from '../src/errors.ts';

/**
 * Does what writes to the disk; a full one ends it in words instead of ENOSPC.
 * @throws ContourNodeError DISK_FULL; whatever else `work` throws
 */
export async function orDiskFull<T>(message: string, remedy: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw cause;
    throw new ContourNodeError('DISK_FULL', message, { cause, remedy });
  }
}
