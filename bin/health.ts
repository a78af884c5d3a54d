import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { ContourNodeError } from '../src/errors.ts';
import { askRedis } from '../src/jobs/ask-redis.ts';
import { redisAddress } from '../src/jobs/redis-connection.ts';
import { readHeartbeats } from '../src/jobs/worker-heartbeat.ts';
import { askWhetherLive } from '../worker/processes/checks/ask-live.ts';
import { commandConfig, configHelp } from './shared/config-option.ts';

export const summary = 'health check of the node or the worker on this machine, for containers';

export const help = `usage: contour-node health node|worker [--config FILE]

  node            its HTTP port answers. Without Redis a node is still healthy: it stores what it receives
  worker          with worker.nodes: worker.monitor answers that it takes orders; else: the heartbeat of a worker of this machine is not older than 35 s, and it takes jobs

${configHelp}

Exit code 0: healthy, 1: not.

Examples:
  contour-node health node
  contour-node health worker --config /etc/contour-node/contour-node.yaml`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: 'string' } },
  });
  const [part, ...more] = positionals;
  if ((part !== 'node' && part !== 'worker') || more.length > 0)
    throw new ContourNodeError('USAGE', 'health needs one of node, worker');
  const { config } = await commandConfig(values.config);
  if (part === 'node') {
    const { url, version } = await askWhetherLive(config.http);
    console.log(`node ${version} lives at ${url}`);
    return;
  }
  const { nodes, monitor } = config.worker;
  if (nodes.length > 0) {
    if (monitor === undefined)
      throw new ContourNodeError(
        'CHECK_FAILED',
        'a worker with worker.nodes is asked at worker.monitor, which is missing',
      );
    const { url, version } = await askWhetherLive(monitor);
    console.log(`worker ${version} takes orders, ${url}`);
    return;
  }
  const workers = await askRedis(await redisAddress(config), (redis) =>
    readHeartbeats(redis, config.redis.queuePrefix),
  );
  const ready = workers.filter(({ name, queues }) => name.startsWith(`${hostname()}-`) && queues.length > 0);
  if (ready.length === 0) throw new ContourNodeError('CHECK_FAILED', `no worker of ${hostname()} takes jobs`);
  for (const { name, queues } of ready) console.log(`${name} takes ${queues.join(' and ')}`);
}
