import type { Redis } from 'ioredis';
import { ContourNodeError } from '../errors.ts';

/**
 * Whether Redis keeps the jobs: it has an append-only file, and evicts nothing when memory runs short. Read from INFO, which
 * also a Redis that forbids CONFIG answers.
 *
 * @param label where Redis is, for the message
 * @returns its version
 * @throws ContourNodeError REDIS_UNSAFE; what the connection throws
 */
export async function checkRedisSafety(redis: Redis, label: string): Promise<string> {
  const info = (await Promise.all(['server', 'persistence', 'memory'].map((section) => redis.info(section)))).join(
    '\n',
  );
  const value = (name: string): string => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? 'unknown';
  if (value('aof_enabled') !== '1') throw new ContourNodeError('REDIS_UNSAFE', `${label}: appendonly is no`);
  const policy = value('maxmemory_policy');
  if (policy !== 'noeviction') throw new ContourNodeError('REDIS_UNSAFE', `${label}: maxmemory-policy is ${policy}`);
  return value('redis_version');
}
