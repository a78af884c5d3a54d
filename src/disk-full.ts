import { ContourNodeError } from './errors.ts';

/** The disk is full, a quota is used up, a file may not grow further. */
const systemCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];
/** SQLITE_FULL: SQLite's primary result code for a full disk. */
const sqliteFull = 13;

/** Whether something failed because there was no space for it. */
export function isDiskFull(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  return systemCodes.includes(code) || errcode === sqliteFull;
}

/**
 * Does what writes to the disk; a full one ends it in words.
 * @param remedy undefined: that of the catalogue, which speaks of the data directory
 * @throws ContourNodeError DISK_FULL; whatever else `work` throws
 */
export async function orDiskFull<T>(message: string, remedy: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isDiskFull(cause)) throw cause;
    throw new ContourNodeError('DISK_FULL', message, { cause, ...(remedy !== undefined && { remedy }) });
  }
}
