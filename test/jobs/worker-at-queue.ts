import { connectRedis, type RedisAddress } from '../../src/jobs/redis-connection.ts';
import { type Heartbeat, startHeartbeat, type WorkerHeartbeat } from '../../src/jobs/worker-heartbeat.ts';
import { afterwards } from '../support/afterwards.ts';
import type { Cleanup } from '../support/cleanup.ts';

/** The heartbeat of a worker that takes jobs of these queues; it runs none. */
export function workerAtQueue(
  t: Cleanup,
  address: RedisAddress,
  queues: WorkerHeartbeat['queues'] = ['contour', 'compare', 'deliver'],
  problems: WorkerHeartbeat['problems'] = [],
): Heartbeat {
  const redis = connectRedis(address, true, () => undefined);
  const heartbeat = startHeartbeat(redis, 'test', () => ({
    name: `test-${queues.join('-')}`,
    version: '0.1.0',
    queues,
    slots: 1,
    workerBytes: 100e6,
    engineBytes: 500e6,
    problems,
  }));
  afterwards(t, async () => {
    await heartbeat.stop();
    redis.disconnect();
  });
  return heartbeat;
}
