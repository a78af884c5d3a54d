import { Redis } from 'ioredis';
import { ContourNodeError } from '../errors.ts';
import type { RedisAddress } from './redis-connection.ts';

/**
 * Connects once, asks and disconnects. For commands: where Redis does not answer they fail at once.
 *
 * @throws ContourNodeError REDIS_UNAVAILABLE with the connection's error; a ContourNodeError of `question`
 */
export async function askRedis<T>(address: RedisAddress, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({
    ...address.options,
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    connectTimeout: 5000,
  });
  let reason: string | undefined;
  redis.on('error', (error) => (reason = error.message));
  try {
    await redis.connect();
    return await question(redis);
  } catch (error) {
    if (error instanceof ContourNodeError) throw error;
    throw new ContourNodeError('REDIS_UNAVAILABLE', `${address.label}: ${reason ?? (error as Error).message}`, {
      cause: error,
    });
  } finally {
    redis.disconnect();
  }
}
