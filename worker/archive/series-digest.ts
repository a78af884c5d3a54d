import { createHash } from 'node:crypto';

/**
 * A short digest of a Series Instance UID that a bundle keeps of the series it was trained on, so that `evaluate` can tell
 * them from others. It is salted with the bundle's name and cut: it names nobody, and only who has the series recognises it.
 */
export function seriesDigest(bundle: string, seriesInstanceUid: string): string {
  return createHash('sha256').update(`${bundle} ${seriesInstanceUid}`).digest('hex').slice(0, 10);
}
