import { readdir, stat } from 'node:fs/promises';
import { ContourNodeError } from '../../src/errors.ts';
import { ifThere } from '../../src/if-there.ts';

/** In the `options` of a command that writes to a file or folder of the caller's choice. */
export const forceOption = { force: { type: 'boolean', default: false } } as const;

export const forceHelp = 'overwrite what is there';

/**
 * Before any work begins: a file that exists, and a folder with something in it, need `--force`.
 *
 * @param outputs by the name of their option
 * @throws ContourNodeError OUTPUT_EXISTS
 */
export async function checkOutputs(
  outputs: Readonly<Record<string, string | undefined>>,
  force: boolean,
): Promise<void> {
  if (force) return;
  for (const [option, path] of Object.entries(outputs)) {
    if (path === undefined || !(await isTaken(path))) continue;
    throw new ContourNodeError('OUTPUT_EXISTS', `--${option} ${path} exists`);
  }
}

async function isTaken(path: string): Promise<boolean> {
  const found = await ifThere(stat(path));
  if (found === undefined) return false;
  return !found.isDirectory() || (await readdir(path)).length > 0;
}
