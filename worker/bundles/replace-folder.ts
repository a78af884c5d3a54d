import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ifThere } from '../../src/if-there.ts';

/**
 * Fills a new folder and puts it at `target`, in place of what is there: it appears as a whole or not at all. Who could read the
 * earlier one can read it.
 */
export async function replaceFolder(target: string, fill: (draft: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const draft = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  try {
    await fill(draft);
    // A temporary folder is for its maker alone, a bundle also for the account that the node runs as.
    await chmod(draft, (await ifThere(stat(target)))?.mode ?? 0o777 & ~process.umask());
    // The earlier one is missing for a moment, but never incomplete.
    const before = `${draft}-before`;
    if (existsSync(target)) await rename(target, before);
    await rename(draft, target);
    await rm(before, { recursive: true, force: true });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
