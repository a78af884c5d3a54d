import { constants } from 'node:fs';
import {
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { backup as copyDatabase, DatabaseSync } from 'node:sqlite';
import { isDiskFull } from '../../disk-full.ts';
import { ContourNodeError } from '../../errors.ts';
import { ifThere, isAbsent } from '../../if-there.ts';
import { version } from '../../version.ts';
import { type BackupManifest, copyFolder, manifestFile, sha256Of } from './backup-manifest.ts';
import {
  databaseFile,
  incomingFolder,
  lockFile,
  redisFolder,
  remoteFolder,
  socketFolder,
  trashFolder,
} from '../../work/paths.ts';
import { syncFolder } from '../../work/write-once.ts';

/** What is no state: half-received images, folders on their way out, locks, and Redis, which is filled again from disk. */
const leftOut = new Set([
  incomingFolder,
  trashFolder,
  remoteFolder,
  redisFolder,
  socketFolder,
  lockFile,
  `${lockFile}-journal`,
  'restoring',
]);
const temporary = /\.(tmp|partial)$/;

/**
 * Copies a data directory, also while its node runs: the tables by SQLite's own backup, then every journal, then every
 * other file. So the copy's tables are never ahead of its journals, and a journal never ahead of its files; what
 * came in between is put in line when a node opens the copy.
 *
 * @param target a folder that does not exist yet; it appears when the backup is whole
 * @param onProgress files copied so far, and how many there are
 * @throws ContourNodeError DATA_DIRECTORY no state in it; PATH_NOT_FOUND the target exists, or cannot be made; DISK_FULL
 */
export async function backUpDataDirectory(
  dataDirectory: string,
  target: string,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<BackupManifest> {
  const source = resolve(dataDirectory);
  const whole = resolve(target);
  if (whole === source || whole.startsWith(source + sep))
    throw new ContourNodeError('PATH_NOT_FOUND', `${target} lies in the data directory`, {
      remedy: 'give another folder',
    });
  if (await exists(whole))
    throw new ContourNodeError('PATH_NOT_FOUND', `${target} is there already`, { remedy: 'give a new folder' });
  const partial = `${whole}.partial`;
  await rm(partial, { recursive: true, force: true });
  try {
    await mkdir(join(partial, copyFolder), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new ContourNodeError('PATH_NOT_FOUND', `${partial} cannot be made`, { cause });
  }
  try {
    const manifest = await copyInto(source, partial, onProgress);
    await writeFile(join(partial, manifestFile), JSON.stringify(manifest, undefined, 1), { mode: 0o600, flush: true });
    await rename(partial, whole);
    await syncFolder(dirname(whole));
    return manifest;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (isDiskFull(error))
      throw new ContourNodeError('DISK_FULL', `no room for the backup in ${dirname(whole)}`, { cause: error });
    throw error;
  }
}

async function copyInto(
  source: string,
  partial: string,
  onProgress: (done: number, total: number) => void,
): Promise<BackupManifest> {
  const createdAt = new Date().toISOString();
  const tables = await copyTables(source, join(partial, copyFolder, databaseFile));
  const files: BackupManifest['files'] = [await entry(partial, databaseFile)];
  // Journals before the files are listed: what comes in meanwhile makes a journal name files that no list has yet. A
  // journal that is new since stays behind: its images are taken as those of a lost association.
  const journals = (await filesBelow(source, source)).filter(isLog);
  for (const path of journals) if (await copyOne(source, partial, path)) files.push(await entry(partial, path));
  const paths = (await filesBelow(source, source)).filter((path) => !isLog(path));
  for (const [index, path] of paths.entries()) {
    onProgress(index, paths.length);
    if (await copyOne(source, partial, path)) files.push(await entry(partial, path));
  }
  return { format: 1, program: version, tables, createdAt, files };
}

/** @returns the version of the tables */
async function copyTables(source: string, copy: string): Promise<number> {
  if (!(await exists(join(source, databaseFile))))
    throw new ContourNodeError('DATA_DIRECTORY', `${source} is no data directory: it holds no ${databaseFile}`, {
      remedy: 'dataDirectory in the configuration says where it lies',
    });
  const database = new DatabaseSync(join(source, databaseFile), { readOnly: true, timeout: 5000 });
  try {
    // All pages in one step: a node that writes in between would make it begin again and again.
    await copyDatabase(database, copy, { rate: 2 ** 31 - 1 });
  } finally {
    database.close();
  }
  const copied = new DatabaseSync(copy);
  try {
    // One file, without a journal beside it.
    copied.exec('PRAGMA journal_mode = DELETE');
    return (copied.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
  } finally {
    copied.close();
  }
}

/** Files of a folder and of what lies deeper; paths relative to `root`. */
async function filesBelow(root: string, folder: string): Promise<string[]> {
  // It may have been removed meanwhile.
  const entries = (await ifThere(readdir(folder, { withFileTypes: true }))) ?? [];
  const kept = entries
    .filter(({ name }) => !temporary.test(name))
    .filter(({ name }) => folder !== root || !(leftOut.has(name) || name.startsWith(databaseFile)));
  const files = kept.filter((entry) => entry.isFile()).map(({ name }) => relative(root, join(folder, name)));
  const folders = kept.filter((entry) => entry.isDirectory());
  const deeper = await Promise.all(folders.map(({ name }) => filesBelow(root, join(folder, name))));
  return [...files, ...deeper.flat()];
}

/** Whether lines are appended to it for as long as the node runs. */
function isLog(path: string): boolean {
  return extname(path) === '.jsonl';
}

/** @returns whether the file was still there */
async function copyOne(source: string, partial: string, path: string): Promise<boolean> {
  const from = join(source, path);
  const to = join(partial, copyFolder, path);
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    // When an image came is known by its file alone.
    const { atime, mtime } = await stat(from);
    if (isLog(path)) await cutTornLine(to);
    await utimes(to, atime, mtime);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    await rm(to, { force: true }); // retention took it meanwhile
    return false;
  }
  const file = await open(to, 'r');
  await file.sync();
  await file.close();
  return true;
}

/** A line that was being appended. */
async function cutTornLine(path: string): Promise<void> {
  const content = await readFile(path);
  await truncate(path, content.lastIndexOf(0x0a) + 1);
}

async function entry(partial: string, path: string): Promise<BackupManifest['files'][number]> {
  const copy = join(partial, copyFolder, path);
  return { path, bytes: (await stat(copy)).size, sha256: await sha256Of(copy) };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
