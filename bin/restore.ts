import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { restoreDataDirectory } from '../src/store/backup/restore.ts';
import { commandConfig, configHelp } from './shared/config-option.ts';
import { progressBar } from './shared/progress.ts';

export const summary = 'make a data directory from a backup';

export const help = `usage: contour-node restore DIR [--config FILE] [--json]

Copies the backup DIR into the configured data directory, which has to be empty, and checks the digest of every file
before the first gets its final name. Run it as the user of the node. Never run the restored node and the original one at
the same time.

${configHelp}
  --json          print what was restored

Examples:
  contour-node restore /backup/contour-node-2026-11-24 --config /etc/contour-node/contour-node.yaml`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const [backup, ...more] = positionals;
  if (backup === undefined || more.length > 0) throw new ContourNodeError('USAGE', 'restore needs one backup');
  const { config } = await commandConfig(values.config);
  const bar = progressBar('copying', 1, { quiet: values.json });
  const { files, program, createdAt } = await restoreDataDirectory(backup, config.dataDirectory, (done, total) =>
    bar.update(done / total),
  ).finally(() => bar.end());
  const { dataDirectory } = config;
  if (values.json) console.log(JSON.stringify({ dataDirectory, program, createdAt, files: files.length }));
  else console.log(`${dataDirectory}: ${files.length} files of ${createdAt}, written by contour-node ${program}`);
}
