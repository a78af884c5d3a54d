import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance } from 'fastify';
import type { ContourQueues } from '../jobs/queues.ts';

const path = '/queues';

/**
 * Bull Board at /queues, to look at only: what is due is decided from the disk, so that a job removed or repeated there
 * would come back or be ignored. Acting is the API's.
 */
export function addQueueBoard(server: FastifyInstance, queues: ContourQueues): { refresh: () => void } {
  const adapters = (): BullMQAdapter[] =>
    queues.bullQueues().map((queue) => new BullMQAdapter(queue, { readOnlyMode: true, allowRetries: false }));
  const serverAdapter = new FastifyAdapter();
  serverAdapter.setBasePath(path);
  const board = createBullBoard({
    queues: adapters(),
    serverAdapter,
    options: { uiConfig: { boardTitle: 'contour-node', hideRedisDetails: true } },
  });
  server.register(serverAdapter.registerPlugin(), { prefix: path });
  return { refresh: () => board.replaceQueues(adapters()) };
}
