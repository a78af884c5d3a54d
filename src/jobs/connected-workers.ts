import { Queue } from 'bullmq';
import type { Config } from '../config/schema.ts';
import { askRedis } from './ask-redis.ts';
import { contourQueue, deliverQueue } from './queue-names.ts';
import { redisAddress } from './redis-connection.ts';

/**
 * Names (`HOST-PID`) of the workers that are connected to any queue of the configuration, as Redis knows them.
 *
 * @throws ContourNodeError REDIS_UNAVAILABLE, CONFIG_INVALID
 */
export async function connectedWorkers(
  config: Pick<Config, 'redis' | 'dataDirectory' | 'destinations'>,
): Promise<string[]> {
  const names = [contourQueue, ...config.destinations.map(({ name }) => deliverQueue(name))];
  const clients = await askRedis(await redisAddress(config), (connection) =>
    Promise.all(
      names.map(async (name) => {
        const queue = new Queue(name, { connection, prefix: config.redis.queuePrefix });
        try {
          return await queue.getWorkers();
        } finally {
          await queue.close();
        }
      }),
    ),
  );
  const workers = clients.flat().map(({ rawname }) => rawname?.split(':w:')[1]);
  return [...new Set(workers.filter((name) => name !== undefined))].toSorted();
}
