import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { apiTokenHash, newApiToken } from '../src/http/access/api-token.ts';
import { httpEntry } from './shared/http-entry.ts';
import { wholeNumber } from './shared/number-option.ts';

export const summary = 'make an API token for a program, and its entry for the configuration';

export const help = `usage: contour-node token NAME [--role monitor|viewer|operator|worker] [--days N]

Prints a new token on stderr, once, and on stdout the entry for http.tokens, which holds only its hash. A program sends it
as 'Authorization: Bearer TOKEN'; 'contour-node jobs' takes it from CONTOUR_NODE_TOKEN or --token-file.

  --role ROLE   monitor (default): metrics and health; viewer; operator; worker: a pool that contours for this node
  --days N      valid for N days (default: until it is taken out of the configuration)

Examples:
  contour-node token prometheus
  contour-node token night-shift --role operator 2> token.txt
  contour-node token gpu-pool --role worker --days 365 2> gpu-pool.token`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { role: { type: 'string', default: 'monitor' }, days: { type: 'string' } },
  });
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) throw new ContourNodeError('USAGE', 'give one name');
  const token = newApiToken();
  const days = values.days === undefined ? undefined : wholeNumber('days', values.days, 1, 36_500);
  const until = days === undefined ? {} : { until: dayIn(days) };
  const entry = httpEntry({ tokens: [{ name, role: values.role as 'monitor', hash: apiTokenHash(token), ...until }] });
  console.error(token);
  console.log(entry);
}

/** `2027-01-31`, UTC. */
function dayIn(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}
