import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.ts';

/** Why there can be no small disk, for a test's `skip`; false where there can. */
export const noSmallDisk = process.getuid?.() === 0 ? false : 'only root may mount a small disk';

/** A disk of a few megabytes (tmpfs) that can be filled to the byte. */
export interface SmallDisk {
  /** A folder on it. */
  readonly folder: string;
  /** Leaves so many bytes free, in whole pages. */
  leaveFree(bytes: number): Promise<void>;
}

const page = 4096;

export async function smallDisk(t: Cleanup, megabytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', folder]);
  t.after(async () => {
    execFileSync('umount', ['--lazy', folder]);
    await rm(folder, { recursive: true, force: true });
  });
  const filler = openSync(join(folder, 'filler'), 'w');
  t.after(async () => closeSync(filler));
  let filled = 0;
  return {
    folder,
    async leaveFree(bytes) {
      const { bavail, bsize } = await statfs(folder);
      const change = Math.floor((bavail * bsize - bytes) / page) * page;
      try {
        for (let at = filled; at < filled + change; at += page) writeSync(filler, Buffer.alloc(page, 1), 0, page, at);
      } catch (error) {
        // Somebody else has taken a page meanwhile: it is as full as it can be.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
      filled = Math.max(0, filled + change);
      ftruncateSync(filler, filled);
    },
  };
}
