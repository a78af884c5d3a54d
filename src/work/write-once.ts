import { randomUUID } from 'node:crypto';
import { closeSync, fsync, openSync } from 'node:fs';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { ContourNodeError } from '../errors.ts';

const flush = promisify(fsync);

/** Flushes a folder, so that a name made in it outlives a power failure. */
export async function syncFolder(path: string): Promise<void> {
  const folder = openSync(path, 'r');
  try {
    await flush(folder);
  } finally {
    closeSync(folder);
  }
}

/**
 * Writes a file that is never rewritten: flushed under another name, then linked to its own. The same content again is
 * no error, so that a step may be repeated after a crash.
 *
 * @param options.shown how errors name the file, default its path
 * @throws ContourNodeError RESULT_CONFLICT the file is there with other content; DISK_FULL
 */
export async function writeOnce(
  path: string,
  content: string | Uint8Array,
  options: { mode?: number; shown?: string } = {},
): Promise<void> {
  const { mode, shown = path } = options;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC') throw new ContourNodeError('DISK_FULL', `no space for ${shown}`, { cause: error });
    if (code !== 'EEXIST') throw error;
    if (!Buffer.from(content).equals(await readFile(path))) {
      throw new ContourNodeError('RESULT_CONFLICT', `${shown} is there with other content`, { cause: error });
    }
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
}
