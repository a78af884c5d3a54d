import { problem, problemFrom } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { queueKind } from '../jobs/queue-names.ts';
import type { ContourQueues } from '../jobs/queues.ts';

/** @param message that Redis is away */
export function redisAway(message: string): Problem {
  return problem('REDIS_UNAVAILABLE', `${message}; CTs are kept, and contoured once it does`);
}

/** Why jobs are not done: Redis away or unsafe, a model that cannot be used, no worker that takes them. Empty while all is well. */
export async function queueProblems(queues: ContourQueues): Promise<Problem[]> {
  const away = await queues.problem();
  if (away !== undefined) return [redisAway(away.message)];
  const [unsafe, workers] = await Promise.all([queues.unsafe(), queues.workers()]);
  const kinds = new Set(queues.bullQueues().map(({ name }) => queueKind(name)));
  const ofModels = new Map(workers.flatMap(({ problems }) => problems).map((one) => [one.message, one]));
  // A worker without a model that it can use takes no CT: another worker would not help.
  const waits = (kind: string): boolean => kind === 'contour' && ofModels.size > 0;
  const missing = [...kinds].filter((kind) => !waits(kind) && !workers.some((worker) => worker.queues.includes(kind)));
  return [
    ...(unsafe === undefined ? [] : [problemFrom(unsafe)]),
    ...ofModels.values(),
    ...(missing.length === 0 ? [] : [problem('WORKER_MISSING', `no worker takes jobs of: ${missing.join(', ')}`)]),
  ];
}
