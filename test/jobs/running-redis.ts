import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../src/jobs/embedded-redis.ts';
import { type ContourQueues, connectQueues } from '../../src/jobs/queues.ts';
import type { RedisAddress } from '../../src/jobs/redis-connection.ts';
import { createLog } from '../../src/log.ts';
import { afterwards } from '../support/afterwards.ts';
import type { Cleanup } from '../support/cleanup.ts';
import { eventually } from '../support/eventually.ts';

/** A log that nobody reads. */
export const silentLog = createLog({ logging: { level: 'error' } }, 'test', { write: () => undefined });

export interface RunningRedis {
  readonly directory: string;
  readonly address: RedisAddress;
  readonly server: EmbeddedRedis;
}

/** A redis-server on a data directory of its own. */
export async function runningRedis(t: Cleanup): Promise<RunningRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'contour-node-jobs-'));
  const server = await startEmbeddedRedis(directory, silentLog);
  afterwards(t, async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });
  return { directory, server, address: { label: 'test', options: { path: server.path } } };
}

/** The node's end of the queues, ready. */
export async function openQueues(t: Cleanup, address: RedisAddress, destinations: string[]): Promise<ContourQueues> {
  const queues = connectQueues({ address, prefix: 'test', destinations, log: silentLog });
  afterwards(t, () => queues.close());
  await eventually('Redis answers', 20, async () => ((await queues.problem()) === undefined ? true : undefined));
  return queues;
}
