import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopback } from '../../config/address-range.ts';
import { ContourNodeError } from '../../errors.ts';
import { answerError } from '../error-answers.ts';

/**
 * A page of another site, open in a browser that reaches this node, may not act here (a form or script that posts across
 * sites). While everybody on this machine is let in, it may not read either (a name that it lets resolve to 127.0.0.1), and
 * nobody from elsewhere may come through a proxy.
 */
export function refuseForeignRequests(server: FastifyInstance, isOpen: () => boolean): void {
  server.addHook('onRequest', async (request, reply) => {
    const why = isOpen() ? whyNotLocal(request) : undefined;
    const words = why ?? (isCrossSite(request) ? 'the request comes from another site' : undefined);
    if (words === undefined) return;
    await answerError(
      reply,
      new ContourNodeError('USAGE', words, { remedy: 'open the address that the node is configured with' }),
    );
  });
}

/** The browser names the host that it shows; a proxy names the caller that it speaks for. */
function whyNotLocal({ headers }: FastifyRequest): string | undefined {
  if (!isLoopback(hostName(headers.host ?? ''))) return 'the Host header names no loopback address';
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined)
    return 'the request comes through a proxy, and there are no users (http.users, http.proxy)';
  return undefined;
}

function isCrossSite(request: FastifyRequest): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return false;
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== request.host;
}

/** Without port. */
function hostName(header: string): string {
  return URL.canParse(`http://${header}`) ? new URL(`http://${header}`).hostname : '';
}
