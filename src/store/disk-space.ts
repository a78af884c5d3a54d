import { statfs } from 'node:fs/promises';

/** Bytes of the disk of a folder: those that this process may still write, and all. */
export async function diskSpace(path: string): Promise<{ free: number; size: number }> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { free: bavail * bsize, size: blocks * bsize };
}

/** Bytes that this process may still write on the disk of a folder. */
export async function freeBytes(path: string): Promise<number> {
  return (await diskSpace(path)).free;
}
