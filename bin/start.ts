import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config/load.ts';
import { startEmbeddedRedis } from '../src/jobs/embedded-redis.ts';
import { createLog } from '../src/log.ts';
import { supervise } from '../worker/processes/supervisor.ts';
import { configFile, configHelp } from './shared/config-option.ts';

export const summary = 'run node, worker and (without redis.url) an embedded Redis';

export const help = `usage: contour-node start [--config FILE]

Runs the node and a worker as two processes and restarts each one that ends. Without redis.url it also runs a
redis-server, reachable only through a unix socket in the data directory. The log goes to stdout as one JSON object in each
line.

${configHelp}

Signals: SIGHUP takes over changed peers, destinations, routes, users and notifications; SIGTERM and SIGINT end everything.

Examples:
  contour-node start
  contour-node start --config /etc/contour-node.yaml`;

const stopSeconds = 45;
const program = fileURLToPath(new URL('contour-node.ts', import.meta.url));

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { config: { type: 'string' } } });
  // Before anything is started: an earlier signal would end this process but not its children.
  const stopped = new Promise<number>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => resolve(0));
  });
  const file = configFile(values.config);
  const { config } = await loadConfig(file);
  const log = createLog(config, 'start');
  const redis = config.redis.url === undefined ? await startEmbeddedRedis(config.dataDirectory, log) : undefined;

  const common = file === undefined ? [] : ['--config', file];
  const supervisor = supervise(
    [
      { name: 'node', command: process.execPath, args: [program, 'node', '--no-redis', ...common] },
      { name: 'worker', command: process.execPath, args: [program, 'worker', ...common] },
    ],
    log,
  );
  process.on('SIGHUP', () => supervisor.signal('SIGHUP'));
  if (process.stderr.isTTY) {
    const { dicom, http } = config;
    void supervisor.ready.then(() => {
      console.error(
        `DICOM ${dicom.aeTitle} on ${dicom.host}:${dicom.port}, worklist http://${http.host}:${http.port}, Ctrl-C to stop`,
      );
    });
  }
  const code = await Promise.race([stopped, supervisor.failed]);
  await supervisor.stop(stopSeconds);
  await redis?.stop();
  process.exit(code);
}
