import type { JobsOptions } from 'bullmq';
import type { Priority } from '../config/schema.ts';

/** BullMQ takes the smallest number first, and jobs without a number before all of them. */
export const priorities = { urgent: 1, normal: 10, low: 100, last: 1000 } as const satisfies Record<
  Priority | 'last',
  number
>;

/** One job is one try: the reconciler decides from the disk whether there is another. Ended jobs stay for the board. */
export const jobOptions: JobsOptions = {
  attempts: 1,
  removeOnComplete: { age: 7 * 86_400, count: 500 },
  removeOnFail: { age: 30 * 86_400, count: 2000 },
  stackTraceLimit: 0,
};

/** Of a job that leaves nothing in the queue when it has ended. */
export const passingJobOptions: JobsOptions = { ...jobOptions, removeOnComplete: true, removeOnFail: true };
