import { type Job, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { RedisAddress } from '../../src/jobs/redis-connection.ts';
import type { Cleanup } from '../support/cleanup.ts';

/** Works on a queue as the worker's parent does; what it returns or writes is up to the test. */
export function workOn(t: Cleanup, address: RedisAddress, queue: string, run: (job: Job) => Promise<void>): Worker {
  const connection = new Redis({ ...address.options, maxRetriesPerRequest: null });
  connection.on('error', () => undefined);
  const worker = new Worker(queue, run, { connection, prefix: 'test', runRetryDelay: 500 });
  worker.on('error', () => undefined);
  t.after(async () => {
    await worker.close(true);
    connection.disconnect();
  });
  return worker;
}
