import { stringify } from 'yaml';
import type { z } from 'zod';
import { httpSchema } from '../../src/config/http-schema.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { inWords } from '../../src/schema-words.ts';

/**
 * The YAML of an entry of `http.users` or `http.tokens`.
 *
 * @throws ContourNodeError USAGE naming the value that the configuration does not allow
 */
export function httpEntry(entries: Pick<z.input<typeof httpSchema> & object, 'users' | 'tokens'>): string {
  const parsed = httpSchema.safeParse(entries, inWords);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ContourNodeError('USAGE', `${String(issue?.path.at(-1))}: ${issue?.message}`);
  }
  return stringify(entries.users ?? entries.tokens, { lineWidth: 0 }).trimEnd();
}
