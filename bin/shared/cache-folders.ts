import { homedir } from 'node:os';
import { join } from 'node:path';

/** $CONTOUR_NODE_CACHE, or where it lies by default. */
export function cacheFolder(): string {
  return process.env['CONTOUR_NODE_CACHE'] ?? join(homedir(), '.cache', 'contour-node');
}

/** Prepared patients of every training. */
export function casesFolder(): string {
  return join(cacheFolder(), 'cases');
}
