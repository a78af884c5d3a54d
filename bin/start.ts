import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config/load.ts';
import type { Config } from '../src/config/schema.ts';
import { startEmbeddedRedis } from '../src/jobs/embedded-redis.ts';
import { createLog } from '../src/log.ts';
import { localUrl } from '../worker/processes/checks/ask-live.ts';
import { supervise } from '../worker/processes/supervisor.ts';
import { terminalLine } from '../worker/processes/terminal-log.ts';
import { configFile, configHelp } from './shared/config-option.ts';

export const summary = 'run node, worker and (without redis.url) an embedded Redis';

export const help = `usage: contour-node start [--config FILE] [--queues LIST] [--json]

Runs the node and a worker as two processes and restarts each one that ends. Without redis.url it also runs a
redis-server, reachable only through a unix socket in the data directory. On a terminal it prints the address of the page
and a line for each series and each trouble; elsewhere stdout gets the log, one JSON object in each line.

${configHelp}
  --queues LIST   what the worker takes, of contour, compare and deliver (default: all); compare,deliver where a pool contours
  --json          the log as JSON on a terminal too

'contour-node reload', or SIGHUP, takes over a changed configuration. SIGTERM and SIGINT end everything.

Examples:
  contour-node start
  contour-node start --config /etc/contour-node.yaml
  contour-node start --config /etc/contour-node.yaml --queues compare,deliver`;

const stopSeconds = 45;
const program = fileURLToPath(new URL('contour-node.ts', import.meta.url));

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { config: { type: 'string' }, queues: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  // Before anything is started: an earlier signal would end this process but not its children.
  const stopped = new Promise<number>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve(0));
  });
  const file = configFile(values.config);
  const { config } = await loadConfig(file);
  const show = (line: string): void => {
    const shown = terminalLine(line);
    if (shown !== undefined) console.log(shown);
  };
  const forPeople = process.stdout.isTTY && !values.json;
  const log = createLog(config, 'start', forPeople ? { write: show } : undefined);
  const redis = config.redis.url === undefined ? await startEmbeddedRedis(config.dataDirectory, log) : undefined;

  // The limits of memory that the launcher sets hold for both.
  const node = [...process.execArgv, program];
  const common = file === undefined ? [] : ['--config', file];
  const queues = values.queues === undefined ? [] : ['--queues', values.queues];
  const supervisor = supervise(
    [
      { name: 'node', command: process.execPath, args: [...node, 'node', '--no-redis', ...common] },
      { name: 'worker', command: process.execPath, args: [...node, 'worker', ...common, ...queues] },
    ],
    log,
    forPeople ? show : undefined,
  );
  process.on('SIGHUP', () => supervisor.signal('SIGHUP'));
  if (forPeople) void supervisor.ready.then(() => console.log(addresses(config)));
  const code = await Promise.race([stopped, supervisor.failed]);
  await supervisor.stop(stopSeconds);
  await redis?.stop();
  process.exit(code);
}

/** Where people and scanners find the node. */
function addresses({ dicom, http }: Config): string {
  return [
    `page   ${localUrl(http)}`,
    `DICOM  ${dicom.aeTitle}, port ${dicom.plain ? dicom.port : dicom.tls?.port}`,
    'Ctrl-C ends it; a line follows for each series.',
  ].join('\n');
}
