import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { apiTokenHash, newApiToken } from '../src/http/access/api-token.ts';
import { httpEntry } from './shared/http-entry.ts';

export const summary = 'make an API token for a program, and its entry for the configuration';

export const help = `usage: contour-node token NAME [--role monitor|viewer|operator]

Prints a new token on stderr, once, and on stdout the entry for http.tokens, which holds only its hash. A program sends it
as 'Authorization: Bearer TOKEN'; 'contour-node jobs' takes it from CONTOUR_NODE_TOKEN or --token-file.

  --role ROLE   monitor (default): metrics and health; viewer; operator

Examples:
  contour-node token prometheus
  contour-node token night-shift --role operator 2> token.txt`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { role: { type: 'string', default: 'monitor' } },
  });
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) throw new ContourNodeError('USAGE', 'give one name');
  const token = newApiToken();
  const entry = httpEntry({ tokens: [{ name, role: values.role as 'monitor', hash: apiTokenHash(token) }] });
  console.error(token);
  console.log(entry);
}
