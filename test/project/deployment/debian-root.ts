import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from '../../support/cleanup.ts';
import { runProgram } from '../../support/run-program.ts';

/** What is downloaded once for all checkouts of this machine. */
export const cacheFolder = process.env['CONTOUR_NODE_CACHE'] ?? join(homedir(), '.cache', 'contour-node');
const cache = join(cacheFolder, 'debian-bookworm');

/** Why this machine can make no Debian of its own; undefined where it can. */
export async function noDebianHere(): Promise<string | undefined> {
  if (userInfo().uid !== 0) return 'only root can make and enter another root file system';
  const { code } = await runProgram('sh', ['-c', 'command -v debootstrap unshare']);
  return code === 0 ? undefined : 'debootstrap is not installed (./setup --dev)';
}

/**
 * A root file system with nothing but Debian 12's required packages, as `debian:bookworm-slim` is one; made once by
 * debootstrap, then copied.
 *
 * @param from another root file system to copy instead
 * @returns its path
 */
export async function debianRoot(t: Cleanup, from = cache): Promise<string> {
  if (from === cache && !existsSync(cache)) {
    const partial = `${cache}.partial`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    const made = await runProgram('debootstrap', ['--variant=minbase', 'bookworm', partial]);
    if (made.code !== 0) throw new Error(`debootstrap: ${made.stdout.slice(-2000)}${made.stderr}`);
    await rename(partial, cache);
  }
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-debian-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const root = join(folder, 'root');
  await copyTree(from, root);
  return root;
}

/** A copy with owners, modes and links, which `cp` of node:fs does not keep. */
function copyTree(from: string, to: string): Promise<void> {
  return copyWith(['-a', '--reflink=auto'], from, to);
}

/** The same files under another name: a gigabyte of packages in no time, for what nobody changes afterwards. */
export function linkTree(from: string, to: string): Promise<void> {
  return copyWith(['-al'], from, to);
}

async function copyWith(options: readonly string[], from: string, to: string): Promise<void> {
  const copied = await runProgram('cp', [...options, from, to]);
  if (copied.code !== 0) throw new Error(copied.stderr);
}
