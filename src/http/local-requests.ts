import type { FastifyInstance } from 'fastify';
import ipaddr from 'ipaddr.js';
import { ContourNodeError } from '../errors.ts';

export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost' || bare.endsWith('.localhost')) return true;
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'loopback';
}

/**
 * A page of another site, open in a browser on this machine, can reach 127.0.0.1 as well: it may neither read (a name
 * that it lets resolve to 127.0.0.1) nor act (a form or script that posts across sites).
 */
export function refuseForeignRequests(server: FastifyInstance): void {
  server.addHook('onRequest', async (request) => {
    if (!isLoopback(hostName(request.headers.host ?? ''))) throw foreign('the Host header names no loopback address');
    const { origin } = request.headers;
    if (origin === undefined || request.method === 'GET' || request.method === 'HEAD') return;
    if (!URL.canParse(origin) || new URL(origin).host !== request.headers.host)
      throw foreign('the request comes from another site');
  });
  server.addHook('onSend', async (_request, reply) => {
    reply.headers({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' });
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
}

function foreign(message: string): ContourNodeError {
  return new ContourNodeError('USAGE', message, { remedy: 'open http://127.0.0.1 with the configured port' });
}

/** Without port. */
function hostName(header: string): string {
  return URL.canParse(`http://${header}`) ? new URL(`http://${header}`).hostname : '';
}
