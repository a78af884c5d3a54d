import { z } from 'zod';
import { heartbeatSchema } from '../../jobs/worker-heartbeat.ts';

/** What a worker says of itself whenever it asks for work. */
export const askBody = z.strictObject({
  worker: heartbeatSchema.omit({ remote: true }),
  /** How long the answer may wait for an order, seconds. */
  waitSeconds: z.number().min(0).max(25).default(0),
});

/** Who takes an order. */
export const takeBody = z.strictObject({ worker: z.string(), version: z.string() });
