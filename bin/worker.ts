import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config/load.ts';
import { ContourNodeError } from '../src/errors.ts';
import { redisAddress } from '../src/jobs/redis-connection.ts';
import { createLog } from '../src/observe/log.ts';
import { runService } from '../worker/processes/service.ts';
import { type QueueKind, startWorker } from '../worker/processes/worker.ts';

export const summary = 'contours and delivers what the node has queued';

export const help = `usage: contour-node worker [--config FILE] [--queues contour,deliver]

Takes jobs from Redis (redis.url, or the embedded server of a node on this machine), draws and delivers. Several workers
may run, on this or other machines that see the node's data directory under the configured path.

  --config FILE   configuration (default: every key has its default)
  --queues LIST   contour, deliver or both (default: both)

Signals: SIGHUP reads the configuration again, SIGTERM ends after the running job or gives it back after 30 s.

Examples:
  contour-node worker --config /etc/contour-node.yaml
  contour-node worker --queues deliver`;

const patienceSeconds = 30;
const kinds: readonly QueueKind[] = ['contour', 'deliver'];

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { config: { type: 'string' }, queues: { type: 'string', default: kinds.join() } },
  });
  const queues = values.queues.split(',').map(queueKind);
  const { config } = await loadConfig(values.config);
  const log = createLog(config, 'worker');
  const worker = startWorker(config, { queues, address: await redisAddress(config), log });
  await runService({
    log,
    reload: () => worker.reload(() => loadConfig(values.config)),
    stop: () => worker.close(patienceSeconds),
  });
}

function queueKind(text: string): QueueKind {
  const found = kinds.find((kind) => kind === text.trim());
  if (found === undefined) throw new ContourNodeError('USAGE', `--queues: '${text}' is neither contour nor deliver`);
  return found;
}
