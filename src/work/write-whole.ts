import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';

/** Text, bytes, or pieces one after the other. */
export type Content = string | Uint8Array | Iterable<Uint8Array>;

interface WriteOptions {
  readonly mode?: number | undefined;
  /**
   * Where it is written first; default beside it, under a name that no other process uses. A fixed one is used again
   * by the next call: of a large file a kill leaves one draft only.
   */
  readonly draft?: string;
}

/**
 * Writes a file that replaces the one that is there: flushed under another name, then renamed. After a kill, or on a full
 * disk, it is there as a whole or as it was before.
 */
export async function writeWhole(path: string, content: Content, options: WriteOptions = {}): Promise<void> {
  await writeAside(path, content, options, (draft) => rename(draft, path));
}

/** Writes and flushes a file under another name, which `take` renames or links; whatever is left of it is removed. */
export async function writeAside(
  path: string,
  content: Content,
  { mode = 0o666, draft = `${path}.${randomUUID()}.tmp` }: WriteOptions,
  take: (draft: string) => Promise<void>,
): Promise<void> {
  try {
    await writeFile(draft, content, { mode, flush: true });
    await take(draft);
  } finally {
    await rm(draft, { force: true });
  }
}
