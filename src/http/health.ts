import type { FastifyInstance } from 'fastify';
import type { NodeStatus } from './node-status.ts';
import { healthPage } from './pages/health-page.ts';
import { readerOf } from './pages/reader.ts';
import { sendHtml } from './pages/send-html.ts';
import { textsFor } from './texts/choose-language.ts';
import { wantsPage } from './wants-page.ts';
import { version } from '../version.ts';

/**
 * `/health/live`: the process answers. `/health/ready`: 200 while nothing is wrong, else 503 with what is. CTs are
 * received and kept in both cases: without Redis the jobs wait on disk. A browser gets the same as a page.
 */
export function addHealth(server: FastifyInstance, status: Pick<NodeStatus, 'ask'>): void {
  server.get('/health/live', { config: { role: 'anyone' } }, async () => ({ live: true, version }));
  server.get('/health/ready', { config: { role: 'monitor' } }, async (request, reply) => {
    const { problems, notices } = await status.ask();
    const ready = problems.length === 0;
    reply.status(ready ? 200 : 503);
    if (wantsPage(request))
      return sendHtml(reply, healthPage(textsFor(request), problems, notices, readerOf(request, reply)));
    return reply.send({ ready, problems, notices });
  });
}
