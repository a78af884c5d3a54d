import type { FastifyReply, FastifyRequest } from 'fastify';
import { csrfToken } from '../access/csrf.ts';
import type { User } from '../access/user.ts';

/** Who looks at a page, and the token that the page's forms and requests carry. */
export interface Reader extends User {
  readonly csrfToken: string;
}

export function readerOf(request: FastifyRequest, reply: FastifyReply): Reader {
  return { ...request.user, csrfToken: csrfToken(request, reply) };
}
