import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { isDiskFull } from '../../disk-full.ts';
import { ContourNodeError } from '../../errors.ts';
import { type BackupManifest, copyFolder, readManifest, sha256Of } from './backup-manifest.ts';
import { lockDataDirectory } from '../directory-lock.ts';
import { tablesVersion } from '../tables.ts';
import { lockFile, socketFolder } from '../../work/paths.ts';
import { syncFolder } from '../../work/write-once.ts';

/** Where the copy grows before its parts get their names; one that a crash left is removed. */
const growing = 'restoring';
/** What may lie in a data directory that counts as empty: a mount point's own, the lock, an interrupted restore. */
const nothing = new Set([socketFolder, lockFile, `${lockFile}-journal`, 'lost+found', growing]);

/**
 * Makes a data directory out of a backup (backup.ts). Every file is compared with its digest before the first gets its
 * name.
 *
 * @param dataDirectory empty, or not there yet
 * @throws ContourNodeError BACKUP_INVALID; DATA_DIRECTORY it is not empty, or the backup is a newer program's;
 * DATA_DIRECTORY_LOCKED; DISK_FULL
 */
export async function restoreDataDirectory(
  backup: string,
  dataDirectory: string,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<BackupManifest> {
  const manifest = await readManifest(backup);
  if (manifest.tables > tablesVersion) {
    throw new ContourNodeError(
      'DATA_DIRECTORY',
      `the backup was made by ${manifest.program} with tables of version ${manifest.tables}, this program knows ${tablesVersion}`,
      { remedy: 'restore it with that program or a newer one' },
    );
  }
  const target = resolve(dataDirectory);
  const unlock = lockDataDirectory(target);
  try {
    const present = (await readdir(target)).filter((name) => !nothing.has(name));
    if (present.length > 0) {
      throw new ContourNodeError('DATA_DIRECTORY', `${dataDirectory} is not empty: it holds ${present[0]}`, {
        remedy: 'move it away, or configure another data directory',
      });
    }
    await rm(join(target, growing), { recursive: true, force: true });
    await copyChecked(backup, join(target, growing), manifest, onProgress);
    for (const name of await readdir(join(target, growing)))
      await rename(join(target, growing, name), join(target, name));
    await rm(join(target, growing), { recursive: true });
    await syncFolder(target);
    return manifest;
  } catch (error) {
    await rm(join(target, growing), { recursive: true, force: true });
    if (isDiskFull(error))
      throw new ContourNodeError('DISK_FULL', `no room for the backup in ${dataDirectory}`, { cause: error });
    throw error;
  } finally {
    unlock();
  }
}

async function copyChecked(
  backup: string,
  folder: string,
  { files }: BackupManifest,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  for (const [index, { path, bytes, sha256 }] of files.entries()) {
    onProgress(index, files.length);
    if (isAbsolute(path) || normalize(path).startsWith('..'))
      throw new ContourNodeError('BACKUP_INVALID', `${path} leads out of the backup`);
    const from = join(backup, copyFolder, path);
    const to = join(folder, path);
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    const known = await stat(from).catch((cause: unknown) => {
      throw new ContourNodeError('BACKUP_INVALID', `${from} is missing`, { cause });
    });
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    if (known.size !== bytes || (await sha256Of(to)) !== sha256)
      throw new ContourNodeError('BACKUP_INVALID', `${from} is not what was backed up`);
    await utimes(to, known.atime, known.mtime);
    const file = await open(to, 'r');
    await file.sync();
    await file.close();
  }
}
