import type { Redis } from 'ioredis';
import { z } from 'zod';
import { problemSchema } from '../problem.ts';
import { queueKinds } from './queue-names.ts';

/**
 * Through Redis a worker shows that it runs, which jobs it takes and how much memory it has. A heartbeat that is not renewed
 * expires by Redis' own clock, so that the clocks of node and worker do not matter.
 */

export const heartbeatSchema = z.strictObject({
  /** `HOST-PID`, the name that the worker has at the queue too. */
  name: z.string(),
  version: z.string(),
  /** What it takes now: `contour` once an engine has run a warm-up inference. */
  queues: z.array(z.enum(queueKinds)),
  slots: z.int(),
  /** Resident memory of the worker itself, and of its engine processes after their last job. */
  workerBytes: z.number(),
  engineBytes: z.number(),
  /** Why it cannot contour with a model of the routes, or not at all. */
  problems: z.array(problemSchema).default([]),
  /** It works on another machine, over the HTTP port of the node, and reads its own configuration. */
  remote: z.literal(true).optional(),
});
export type WorkerHeartbeat = z.output<typeof heartbeatSchema>;

const renewalSeconds = 10;
/** Two renewals may be missed, on a machine that is busy. */
const lifetimeSeconds = 35;

const registryKey = (prefix: string): string => `${prefix}:workers`;
const heartbeatKey = (prefix: string, name: string): string => `${prefix}:workers:${name}`;

export interface Heartbeat {
  /** Renews now, besides the regular times. */
  beat(): void;
  /** The worker takes nothing more. */
  stop(): Promise<void>;
}

/**
 * One beat, which lives for 35 s.
 *
 * @throws what Redis throws
 */
export async function writeHeartbeat(redis: Redis, prefix: string, now: WorkerHeartbeat): Promise<void> {
  await redis
    .multi()
    .sadd(registryKey(prefix), now.name)
    .set(heartbeatKey(prefix, now.name), JSON.stringify(now), 'EX', lifetimeSeconds)
    .exec();
}

/** @param report asked at every beat */
export function startHeartbeat(redis: Redis, prefix: string, report: () => WorkerHeartbeat): Heartbeat {
  const beat = (): void => {
    // A patient connection would keep every beat until Redis answers again.
    if (redis.status !== 'ready') return;
    // The connection logs that Redis does not answer.
    writeHeartbeat(redis, prefix, report()).catch(() => undefined);
  };
  const timer = setInterval(beat, renewalSeconds * 1000);
  timer.unref();
  redis.on('ready', beat);
  beat();
  return {
    beat,
    async stop() {
      clearInterval(timer);
      redis.off('ready', beat);
      if (redis.status === 'ready') await redis.del(heartbeatKey(prefix, report().name)).catch(() => undefined);
    },
  };
}

/**
 * The workers whose heartbeat has not run out. What another version wrote and cannot be read counts as no worker.
 *
 * @throws what Redis throws
 */
export async function readHeartbeats(redis: Redis, prefix: string): Promise<WorkerHeartbeat[]> {
  const names = await redis.smembers(registryKey(prefix));
  if (names.length === 0) return [];
  const values = await redis.mget(names.map((name) => heartbeatKey(prefix, name)));
  const gone = names.filter((_, index) => values[index] === null);
  if (gone.length > 0) await redis.srem(registryKey(prefix), ...gone);
  return values.flatMap((value) => {
    const parsed = value === null ? undefined : heartbeatSchema.safeParse(JSON.parse(value));
    return parsed?.success === true ? [parsed.data] : [];
  });
}

/** Orders that these workers contour at once. */
export function contourSlots(workers: readonly WorkerHeartbeat[]): number {
  return workers.filter(({ queues }) => queues.includes('contour')).reduce((sum, { slots }) => sum + slots, 0);
}
