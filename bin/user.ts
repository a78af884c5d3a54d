import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { hashPassword } from '../src/http/access/password-hash.ts';
import { httpEntry } from './shared/http-entry.ts';
import { readSecret } from './shared/read-secret.ts';

export const summary = 'make the configuration entry of a user, with the hash of the password';

export const help = `usage: contour-node user NAME [--role viewer|operator]

Asks for a password (or reads a line from stdin, where that is no terminal) and prints the entry for http.users. The node
reads it after 'contour-node reload'. A viewer sees everything; an operator retries, resends, releases and deletes.

  --role ROLE   viewer (default) or operator

Examples:
  contour-node user mueller --role operator
  pass show contour-node | contour-node user mueller`;

const shortestPassword = 10;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { role: { type: 'string', default: 'viewer' } },
  });
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) throw new ContourNodeError('USAGE', 'give one name');
  const user = { name, role: values.role as 'viewer' };
  httpEntry({ users: [user] });
  const password = await readSecret(`Password for ${name}: `, true);
  if (password.length < shortestPassword)
    throw new ContourNodeError('USAGE', `a password has at least ${shortestPassword} characters`);
  console.log(httpEntry({ users: [{ ...user, password: await hashPassword(password) }] }));
}
