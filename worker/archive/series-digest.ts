import { createHash } from 'node:crypto';

/**
 * A short digest of a Series Instance UID. A bundle keeps one for each series that it was trained on, so that `evaluate`
 * recognises them. It is salted with the bundle's name and truncated: only somebody who has the series can recompute it.
 */
export function seriesDigest(bundle: string, seriesInstanceUid: string): string {
  return createHash('sha256').update(`${bundle} ${seriesInstanceUid}`).digest('hex').slice(0, 10);
}
