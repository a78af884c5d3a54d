import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { auditFolder } from '../src/work/paths.ts';
import { verifyAudit } from '../src/observe/audit/verify-audit.ts';
import { commandConfig, configHelp } from './shared/config-option.ts';

export const summary = 'checks that no line of the audit trail was changed, removed or inserted';

export const help = `usage: contour-node audit verify [--config FILE] [--directory DIR] [--head NUMBER:HASH]

Follows the chain of hashes through audit/ of the data directory. Compared with a head from syslog ('number=N hash=H' in
every line there) it also finds a missing end. Exit code 1: the message says where the chain breaks.

${configHelp}
  --directory D   another folder with the files, e.g. a copy
  --head N:H      the chain has to contain this line

Examples:
  contour-node audit verify
  contour-node audit verify --config /etc/contour-node/contour-node.yaml`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, directory: { type: 'string' }, head: { type: 'string' } },
  });
  if (positionals.join(' ') !== 'verify') throw new ContourNodeError('USAGE', 'audit takes one action: verify');
  const known = values.head === undefined ? undefined : /^(\d+):([0-9a-f]{64})$/.exec(values.head);
  if (known === null) throw new ContourNodeError('USAGE', '--head is NUMBER:HASH');
  const directory = values.directory ?? join((await commandConfig(values.config)).config.dataDirectory, auditFolder);
  const head = await verifyAudit(directory, known && { number: Number(known[1]), hash: known[2]! });
  console.log(`${head.number} lines, none changed, removed or inserted; head ${head.number}:${head.hash}`);
}
