import { ContourNodeError } from '../src/errors.ts';

/**
 * Runs `work`, which writes to the disk, and turns ENOSPC and EDQUOT into DISK_FULL.
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
