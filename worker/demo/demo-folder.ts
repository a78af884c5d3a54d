import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ContourNodeError } from '../../src/errors.ts';

/**
 * The folder of a demonstration: the given one, or a new temporary one.
 * @throws ContourNodeError PATH_NOT_FOUND
 */
export async function makeDemoFolder(given: string | undefined): Promise<string> {
  if (given === undefined) return mkdtemp(join(tmpdir(), 'contour-node-demo-'));
  const folder = resolve(given);
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new ContourNodeError('PATH_NOT_FOUND', `cannot make the folder ${given}`, { cause });
  });
  return folder;
}

/** Removes what nobody needs after the demonstration; the log, the structure set and the picture stay. */
export async function cleanDemoFolder(folder: string): Promise<void> {
  for (const name of ['data', 'phantom', 'config.yaml']) await rm(join(folder, name), { recursive: true, force: true });
}
