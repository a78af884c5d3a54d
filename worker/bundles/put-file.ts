import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes a file of a bundle into its folder. @returns how bundle.json names it */
export async function putFile(
  folder: string,
  path: string,
  bytes: Uint8Array,
): Promise<{ path: string; sha256: string }> {
  await writeFile(join(folder, path), bytes);
  return { path, sha256: createHash('sha256').update(bytes).digest('hex') };
}
