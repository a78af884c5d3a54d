import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { type Problem, problem, problemSchema } from '../problem.ts';

/**
 * The node asks its workers, on whatever machine, to read their configuration again: a message through Redis, and an answer
 * of each worker that is kept for a minute.
 */

export interface WorkerReload {
  /** `HOST-PID`. */
  readonly name: string;
  /** Why it goes on as before; undefined: taken over. */
  readonly problem?: Problem;
}

const answerSchema = z.object({ problem: problemSchema.optional() });
const answersLiveSeconds = 60;
const patienceMilliseconds = 10_000;

const channel = (prefix: string): string => `${prefix}:reload`;
const answersKey = (prefix: string, id: string): string => `${prefix}:reload:${id}`;

/**
 * On the side of a worker: listens until it is closed, also across a Redis that goes away.
 *
 * @param reload why it was not taken over
 */
export function answerReloads(
  connection: Redis,
  prefix: string,
  name: string,
  reload: () => Promise<Problem | undefined>,
): { close(): void } {
  const subscriber = connection.duplicate();
  // The connection that it was made from says that Redis does not answer.
  subscriber.on('error', () => undefined);
  subscriber.on('message', (_channel, id) => {
    void reload()
      .then((why) =>
        connection
          .multi()
          .hset(answersKey(prefix, id), name, JSON.stringify(why === undefined ? {} : { problem: why }))
          .expire(answersKey(prefix, id), answersLiveSeconds)
          .exec(),
      )
      .catch(() => undefined);
  });
  subscriber.subscribe(channel(prefix)).catch(() => undefined);
  return { close: () => subscriber.disconnect() };
}

/**
 * On the side of the node.
 *
 * @param names the workers whose answers are waited for
 * @throws what Redis throws
 */
export async function reloadWorkers(redis: Redis, prefix: string, names: readonly string[]): Promise<WorkerReload[]> {
  const id = randomUUID();
  const deadline = Date.now() + patienceMilliseconds;
  await redis.publish(channel(prefix), id);
  for (;;) {
    const answers = await redis.hgetall(answersKey(prefix, id));
    const all = names.every((name) => answers[name] !== undefined);
    if (all || Date.now() > deadline)
      return [...new Set([...names, ...Object.keys(answers)])].map((name) => told(name, answers[name]));
    await sleep(50);
  }
}

function told(name: string, answer: string | undefined): WorkerReload {
  if (answer === undefined)
    return { name, problem: problem('WORKER_MISSING', `no answer within ${patienceMilliseconds / 1000} s`) };
  const why = answerSchema.parse(JSON.parse(answer)).problem;
  return why === undefined ? { name } : { name, problem: why };
}
