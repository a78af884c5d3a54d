import { createHash } from 'node:crypto';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { ContourNodeError } from '../errors.ts';

/** sun_path of a unix socket has 108 bytes with its terminating zero, on some systems 104. */
const longestPath = 100;

/**
 * A socket of a data directory, the same for every process of this machine: in the directory, or, where that path is too
 * long for a unix socket, in a private folder of the system's temporary one.
 *
 * @param file relative to the data directory
 */
export function socketPath(dataDirectory: string, file: string): string {
  const absolute = resolve(dataDirectory);
  const near = join(absolute, file);
  if (Buffer.byteLength(near) <= longestPath) return near;
  const name = createHash('sha256').update(absolute).digest('hex').slice(0, 16);
  return join(tmpdir(), `contour-node-${userInfo().uid}`, `${name}-${basename(file)}`);
}

/** @throws ContourNodeError DATA_DIRECTORY the folder of the socket belongs to another user */
export async function makeSocketFolder(path: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid } = await stat(folder);
  if (uid !== userInfo().uid) throw new ContourNodeError('DATA_DIRECTORY', `${folder} belongs to another user`);
  await chmod(folder, 0o700);
}
