import type { FastifyReply, FastifyRequest } from 'fastify';
import { csrfToken } from '../access/csrf.ts';
import type { NodeStatus, Status } from '../node-status.ts';
import type { User } from '../access/user.ts';

declare module 'fastify' {
  interface FastifyInstance {
    readonly nodeStatus: NodeStatus;
  }
}

/** Who looks at a page, and the token that the page's forms and requests carry. */
export interface Reader extends User {
  readonly csrfToken: string;
  /** What is wrong with the node, for the line on every page. */
  readonly status: Status;
}

export function readerOf(request: FastifyRequest, reply: FastifyReply): Reader {
  return { ...request.user, csrfToken: csrfToken(request, reply), status: request.server.nodeStatus.current };
}
