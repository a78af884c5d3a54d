import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Config } from '../../../src/config/schema.ts';
import { asContourNodeError, ContourNodeError } from '../../../src/errors.ts';
import { askRedis } from '../../../src/jobs/ask-redis.ts';
import { redisAddress } from '../../../src/jobs/redis-connection.ts';
import { checkRedisSafety } from '../../../src/jobs/redis-safety.ts';
import type { Check } from './check.ts';

/** Whether Redis answers and keeps its data, or redis-server is installed for an embedded one. */
export function redisCheck(config: Pick<Config, 'redis' | 'dataDirectory'>): Check {
  return { name: 'redis', run: () => examine(config) };
}

async function examine(config: Pick<Config, 'redis' | 'dataDirectory'>): Promise<string> {
  const address = await redisAddress(config);
  const { path } = address.options;
  if (path !== undefined && !existsSync(path)) return `${await installedRedis()}, started with the node`;
  try {
    const version = await askRedis(address, (redis) => checkRedisSafety(redis, address.label));
    return `${address.label}, Redis ${version}, append-only file, no eviction`;
  } catch (error) {
    // A killed embedded Redis leaves its socket, which the node replaces.
    if (path !== undefined && asContourNodeError(error).code === 'REDIS_UNAVAILABLE')
      return `${await installedRedis()}, started with the node`;
    throw error;
  }
}

async function installedRedis(): Promise<string> {
  const { stdout } = await promisify(execFile)('redis-server', ['--version']).catch((cause: unknown) => {
    throw new ContourNodeError('DEPENDENCY_MISSING', 'redis-server is not installed', { cause });
  });
  return `embedded, redis-server ${/v=(\S+)/.exec(stdout)?.[1] ?? ''}`;
}
