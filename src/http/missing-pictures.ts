import type { FastifyReply } from 'fastify';
import type { JobQueues } from '../jobs/job-queues.ts';
import { contourJobId, contourQueue } from '../jobs/queue-names.ts';
import type { OrderView } from '../store/series.ts';

/** Seconds after which somebody who asks for missing pictures may ask again. */
const askAgainSeconds = 2;

/**
 * The pictures of an order come after its result: a worker is still at them, or died before they were there, and then
 * they are made now. The answer is 202 with Retry-After.
 * @throws ContourNodeError REDIS_UNAVAILABLE
 */
export async function answerLater(
  reply: FastifyReply,
  queues: Pick<JobQueues, 'statusOf' | 'addPictures'>,
  series: string,
  { order, revision, tries }: OrderView,
): Promise<FastifyReply> {
  const payload = { series, revision, order, try: tries };
  const { state } = await queues.statusOf(contourQueue, contourJobId(payload));
  if (state !== 'active') await queues.addPictures(payload);
  return reply.status(202).header('retry-after', askAgainSeconds).send({ pictures: 'are being made' });
}
