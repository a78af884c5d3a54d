import type { FastifyRequest } from 'fastify';
import type { Actor } from '../store/series.ts';

export function actorOf(request: FastifyRequest): Actor {
  return { user: request.user.name, address: request.ip };
}
