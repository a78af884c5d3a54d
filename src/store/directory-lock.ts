import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ContourNodeError } from '../errors.ts';
import { lockFile } from '../work/paths.ts';

/** A database that nobody refers to is closed when the garbage is collected, and its lock with it. */
const held = new Set<DatabaseSync>();

/**
 * Keeps a second node off the data directory for as long as this process lives. SQLite's exclusive lock is one of the
 * operating system's: the kernel lets go of it when the process ends, however it ended, so that none is ever stale.
 *
 * @returns the function that gives it back
 * @throws ContourNodeError DATA_DIRECTORY_LOCKED another node has it; DATA_DIRECTORY it cannot be written
 */
export function lockDataDirectory(dataDirectory: string): () => void {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    database = new DatabaseSync(join(dataDirectory, lockFile));
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; PRAGMA user_version = 1; COMMIT');
  } catch (cause) {
    database?.close();
    const busy = (cause as { errcode?: number }).errcode === 5;
    throw busy
      ? new ContourNodeError('DATA_DIRECTORY_LOCKED', `${dataDirectory} belongs to a node that runs`, { cause })
      : new ContourNodeError('DATA_DIRECTORY', `${dataDirectory} cannot be written: ${(cause as Error).message}`, {
          cause,
        });
  }
  const locked = database;
  held.add(locked);
  return () => {
    held.delete(locked);
    locked.close();
  };
}
