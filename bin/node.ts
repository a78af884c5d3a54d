import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config/load.ts';
import { openReloadSocket } from '../src/http/reload-socket.ts';
import { startEmbeddedRedis } from '../src/jobs/embedded-redis.ts';
import { connectQueues } from '../src/jobs/queues.ts';
import { redisAddress } from '../src/jobs/redis-connection.ts';
import { ContourLeases } from '../src/jobs/contour-leases.ts';
import { startNode } from '../src/node.ts';
import { createLog } from '../src/log.ts';
import { ordersForRemoteWorkers } from '../worker/remote/remote-orders.ts';
import { runService } from '../worker/processes/service.ts';
import { configFile, configHelp } from './shared/config-option.ts';

export const summary = 'receive CTs, queue and show the work; without a worker';

export const help = `usage: contour-node node [--config FILE] [--no-redis]

Receives CTs by C-STORE, assembles the series, queues contouring and delivery, and serves worklist, API, health, metrics
and the dashboard of the queues over HTTP. Without redis.url it runs a redis-server for the queues.

${configHelp}
  --no-redis      another process (start) runs the embedded redis-server

Signals: SIGHUP, as 'contour-node reload', takes over a changed configuration; SIGTERM ends it.

Examples:
  contour-node node --config /etc/contour-node.yaml`;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { config: { type: 'string' }, 'no-redis': { type: 'boolean', default: false } },
  });
  const file = configFile(values.config);
  const loaded = await loadConfig(file);
  const { config } = loaded;
  const log = createLog(config, 'node');
  const embedded = config.redis.url === undefined && !values['no-redis'];
  const redis = embedded ? await startEmbeddedRedis(config.dataDirectory, log) : undefined;
  const atRedis = { address: await redisAddress(config), prefix: config.redis.queuePrefix, log };
  const queues = connectQueues({ ...atRedis, destinations: config.destinations.map(({ name }) => name) });
  const leases = new ContourLeases(atRedis);
  const close = async (): Promise<void> => {
    await leases.close();
    await queues.close();
    await redis?.stop();
  };
  const node = await startNode(loaded, {
    log,
    queues,
    remote: { leases, orders: ordersForRemoteWorkers(config) },
  }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const reload = () => node.reload(() => loadConfig(file));
  const socket = await openReloadSocket(config.dataDirectory, async () => {
    const outcome = await reload();
    return { ...outcome, source: loaded.source, workers: outcome.taken ? await queues.reloadWorkers() : [] };
  });
  await runService({
    log,
    reload,
    stop: async () => {
      await socket.close();
      await node.close();
      await close();
    },
  });
}
