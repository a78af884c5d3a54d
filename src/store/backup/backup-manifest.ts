import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ContourNodeError } from '../../errors.ts';

/** Stands in the folder of a backup, written last: a backup without it was interrupted. */
export const manifestFile = 'backup.json';
/** Folder of the backup that mirrors the data directory. */
export const copyFolder = 'data';

const manifestSchema = z.strictObject({
  format: z.literal(1),
  /** Version of the program that wrote it. */
  program: z.string(),
  /** Version of the tables in it; an older program cannot read newer ones. */
  tables: z.int().nonnegative(),
  createdAt: z.iso.datetime(),
  files: z.array(z.strictObject({ path: z.string(), bytes: z.int().nonnegative(), sha256: z.string().length(64) })),
});

export type BackupManifest = z.output<typeof manifestSchema>;

/** @throws ContourNodeError BACKUP_INVALID */
export async function readManifest(backup: string): Promise<BackupManifest> {
  let text: string;
  try {
    text = await readFile(join(backup, manifestFile), 'utf8');
  } catch (cause) {
    throw new ContourNodeError('BACKUP_INVALID', `${backup} holds no ${manifestFile}`, { cause });
  }
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ContourNodeError('BACKUP_INVALID', `${join(backup, manifestFile)} cannot be read`, { cause });
  }
}

/** SHA-256 of a file, in hexadecimal digits. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
