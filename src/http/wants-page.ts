import type { FastifyRequest } from 'fastify';

/** A browser that opens an address, not a program that asks the API. */
export function wantsPage({ method, headers, url }: FastifyRequest): boolean {
  return method === 'GET' && !url.startsWith('/api/') && headers.accept?.includes('text/html') === true;
}
