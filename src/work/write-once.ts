import { closeSync, fsync, openSync } from 'node:fs';
import { link, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { orDiskFull } from '../disk-full.ts';
import { ContourNodeError } from '../errors.ts';
import { writeAside } from './write-whole.ts';

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
  try {
    await orDiskFull(`no space for ${shown}`, undefined, () =>
      writeAside(path, content, { mode }, (draft) => link(draft, path)),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!Buffer.from(content).equals(await readFile(path))) {
      throw new ContourNodeError('RESULT_CONFLICT', `${shown} is there with other content`, { cause: error });
    }
  }
  await syncFolder(dirname(path));
}
