import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { backUpDataDirectory } from '../src/store/backup/backup.ts';
import { commandConfig, configHelp } from './shared/config-option.ts';
import { progressBar } from './shared/progress.ts';

export const summary = 'copy the data directory, also while the node runs';

export const help = `usage: contour-node backup DIR [--config FILE] [--json]

Copies the data directory into the new folder DIR: instances, structure sets, state and the key of the pseudonyms; not
the queue, which the node fills again. DIR appears when it is complete. It holds patient data.

${configHelp}
  --json          print what was copied

Examples:
  contour-node backup /backup/contour-node-2026-11-24 --config /etc/contour-node/contour-node.yaml`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const [target, ...more] = positionals;
  if (target === undefined || more.length > 0) throw new ContourNodeError('USAGE', 'backup needs one folder');
  const { config } = await commandConfig(values.config);
  const bar = progressBar('copying', 1, { quiet: values.json });
  const { files, program, tables, createdAt } = await backUpDataDirectory(config.dataDirectory, target, (done, total) =>
    bar.update(done / total),
  ).finally(() => bar.end());
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (values.json) console.log(JSON.stringify({ target, program, tables, createdAt, files: files.length, bytes }));
  else console.log(`${target}: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
}
