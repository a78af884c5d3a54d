import { problem, problemFrom } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { queueKind } from '../jobs/queue-names.ts';
import type { ContourQueues } from '../jobs/queues.ts';

/** Why jobs are not done: Redis away or unsafe, no worker that takes them. Empty while all is well. */
export async function queueProblems(queues: ContourQueues): Promise<Problem[]> {
  const away = await queues.problem();
  if (away !== undefined) return [problemFrom(away)];
  const [unsafe, workers] = await Promise.all([queues.unsafe(), queues.workers()]);
  const kinds = new Set(queues.bullQueues().map(({ name }) => queueKind(name)));
  const missing = [...kinds].filter((kind) => !workers.some((worker) => worker.queues.includes(kind)));
  return [
    ...(unsafe === undefined ? [] : [problemFrom(unsafe)]),
    ...(missing.length === 0 ? [] : [problem('WORKER_MISSING', `no worker takes jobs of: ${missing.join(', ')}`)]),
  ];
}
