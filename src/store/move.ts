import { linkSync, unlinkSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../work/write-once.ts';

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
