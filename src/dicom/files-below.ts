import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ContourNodeError } from '../errors.ts';

export interface FilesBelow {
  /** Paths as they were given or found, in the order of their names: the same folder is read in the same order everywhere. */
  readonly files: readonly string[];
  /** Symbolic links that lead nowhere. */
  readonly brokenLinks: number;
  /** Neither file nor folder: sockets, pipes, devices. */
  readonly special: number;
}

/**
 * The files at these paths, folders with everything below them. Symbolic links are followed; a folder is read once, so
 * that a link to a folder above ends nothing and repeats nothing.
 * @throws PATH_NOT_FOUND a path that is not there, or a folder that may not be read
 */
export async function filesBelow(paths: readonly string[]): Promise<FilesBelow> {
  const found = { files: [] as string[], brokenLinks: 0, special: 0 };
  const folders = new Set<string>();
  const visit = async (path: string, given: boolean): Promise<void> => {
    const info = await stat(path).catch((cause: unknown) => {
      if (given) throw new ContourNodeError('PATH_NOT_FOUND', `no such file or folder: ${path}`, { cause });
    });
    if (info === undefined) found.brokenLinks++;
    else if (info.isFile()) found.files.push(path);
    else if (!info.isDirectory()) found.special++;
    else {
      const real = await realpath(path);
      if (folders.has(real)) return;
      folders.add(real);
      const names = await readdir(path).catch((cause: unknown) => {
        throw new ContourNodeError('PATH_NOT_FOUND', `the folder ${path} cannot be read`, { cause });
      });
      for (const name of names.toSorted()) await visit(join(path, name), false);
    }
  };
  for (const path of paths) await visit(path, true);
  return found;
}
