import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance } from 'fastify';
import type { ContourQueues } from '../jobs/queues.ts';
import { declareRole } from './access/route-guard.ts';
import { en } from './texts/en.ts';

const path = '/queues';

/** The board has styles in its page, and would take its fonts from elsewhere: it does without. */
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'";

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
    options: {
      uiConfig: {
        boardTitle: en.product,
        boardLogo: { path: '/assets/icon.svg' },
        miscLinks: [{ text: en.backToWorklist, url: '/' }],
        hideDocsLink: true,
        hideRedisDetails: true,
      },
    },
  });
  server.register(
    async (scope) => {
      declareRole(scope, 'operator');
      scope.addHook('onSend', async (_request, reply) => void reply.header('content-security-policy', policy));
      await scope.register(serverAdapter.registerPlugin());
    },
    { prefix: path },
  );
  return { refresh: () => board.replaceQueues(adapters()) };
}
