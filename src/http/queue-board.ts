import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance } from 'fastify';
import type { ContourQueues } from '../jobs/queues.ts';
import { declareRole } from './access/route-guard.ts';
import { html } from './pages/html.ts';
import { textsFor } from './texts/choose-language.ts';
import { en } from './texts/en.ts';
import type { Texts } from './texts/texts.ts';

const path = '/queues';

/** The board has styles in its page. */
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'";

/** Its page asks another host for its fonts: the browser is not to try. */
const foreignLink = /<link\b[^>]*\bhref="https?:[^"]*"[^>]*>/g;

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
        hideDocsLink: true,
        hideRedisDetails: true,
      },
    },
  });
  server.register(
    async (scope) => {
      declareRole(scope, 'operator');
      scope.addHook('onSend', async (request, reply, payload) => {
        reply.header('content-security-policy', policy);
        const isPage = typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('text/html');
        if (!isPage) return payload;
        return payload.replaceAll(foreignLink, '').replace('</body>', `${wayBack(textsFor(request))}</body>`);
      });
      await scope.register(serverAdapter.registerPlugin());
    },
    { prefix: path },
  );
  return { refresh: () => board.replaceQueues(adapters()) };
}

/** In the board's header, left of its buttons; its own links are hidden behind one of them. */
function wayBack(texts: Texts): string {
  return html`<a
    href="/"
    style="position: fixed; top: 1.35rem; right: 12rem; z-index: 100; color: inherit; font-family: sans-serif"
    >${texts.errorPage.back}</a
  >`.text;
}
