import { randomUUID } from 'node:crypto';
import { closeSync, fsync, linkSync, openSync, unlinkSync } from 'node:fs';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
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
 * @throws ContourNodeError RESULT_CONFLICT the file is there with other content
 */
export async function writeOnce(
  path: string,
  content: string | Uint8Array,
  options: { mode?: number } = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', options.mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!Buffer.from(content).equals(await readFile(path))) {
      throw new ContourNodeError('RESULT_CONFLICT', `${path} is there with other content`, { cause: error });
    }
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
}

/**
 * Moves a flushed file to a name that must be free. The folder is not flushed yet.
 *
 * @throws EEXIST when it is not; ENOENT when the folder is not there
 */
export function moveExclusively(from: string, to: string): void {
  linkSync(from, to);
  unlinkSync(from);
}

/** Takes a folder out of the way in one step; what is in it can then be removed in peace. */
export async function moveFolder(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
  await syncFolder(dirname(from));
}
