import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Path of `../shared/data/SUB` beside the checkout, or undefined where it is absent: then the test skips and says so.
 */
export function sharedData(sub: string): string | undefined {
  const path = fileURLToPath(new URL(`../../../shared/data/${sub}`, import.meta.url));
  return existsSync(path) ? path : undefined;
}
