import type { Config } from '../../../src/config/schema.ts';
import type { WorkerNode } from '../../../src/config/worker-node-schema.ts';
import { ContourNodeError } from '../../../src/errors.ts';
import { askRedis } from '../../../src/jobs/ask-redis.ts';
import { redisAddress } from '../../../src/jobs/redis-connection.ts';
import { readHeartbeats, type WorkerHeartbeat } from '../../../src/jobs/worker-heartbeat.ts';
import { version } from '../../../src/version.ts';
import { NodeConnection } from '../../remote/node-connection.ts';
import type { Check } from './check.ts';

/** The way between a node and workers on other machines, from whichever side this is. */
export function poolChecks(config: Config): Check[] {
  const { tokens, certificates } = config.http;
  const expected = [...tokens, ...certificates].filter(({ role }) => role === 'worker').map(({ name }) => name);
  return [
    ...config.worker.nodes.map((node) => ({ name: `node ${new URL(node.url).host}`, run: () => wayTo(node) })),
    ...(expected.length > 0 ? [{ name: 'remote workers', run: () => remoteWorkers(config, expected) }] : []),
  ];
}

/**
 * Asks as a worker does, without showing itself as one that takes anything.
 * @throws ContourNodeError TLS_FILES, API_UNREACHABLE, LOGIN_NEEDED, NOT_ALLOWED, REMOTE_VERSION, REDIS_UNAVAILABLE of the node
 */
async function wayTo(node: WorkerNode): Promise<string> {
  const connection = await NodeConnection.open(node);
  try {
    const started = performance.now();
    const answer = await connection.waiting(silentHeartbeat, 0, AbortSignal.timeout(15_000));
    const milliseconds = Math.round(performance.now() - started);
    if (answer.version !== version)
      throw new ContourNodeError('REMOTE_VERSION', `the node has version ${answer.version}, this worker ${version}`);
    const { urgent, normal, low } = answer.waiting;
    return `takes this worker, version ${answer.version}, answers in ${milliseconds} ms; ${urgent + normal + low} orders wait`;
  } finally {
    connection.close();
  }
}

/** It shows for half a minute that somebody asked. */
const silentHeartbeat: WorkerHeartbeat = {
  name: 'doctor',
  version,
  queues: [],
  slots: 0,
  workerBytes: 0,
  engineBytes: 0,
  problems: [],
};

/** @throws ContourNodeError WORKER_MISSING, REDIS_UNAVAILABLE */
async function remoteWorkers(config: Config, expected: readonly string[]): Promise<string> {
  const all = await askRedis(await redisAddress(config), (redis) =>
    readHeartbeats(redis, config.redis.queuePrefix),
  ).catch(() => undefined);
  if (all === undefined) return 'the node does not run: nothing to ask';
  const seen = all.filter(({ remote, queues }) => remote === true && queues.includes('contour'));
  const isSeen = (name: string) => seen.some((worker) => worker.name.startsWith(`${name}/`));
  const absent = expected.filter((name) => !isSeen(name));
  if (absent.length === 0) return seen.map(({ name, slots }) => `${name} (${slots} at once)`).join(', ');
  throw new ContourNodeError('WORKER_MISSING', `no worker of ${absent.join(', ')} has asked for orders within 35 s`, {
    remedy: 'look at its log, and run doctor there: it must reach http.port of this node',
  });
}
