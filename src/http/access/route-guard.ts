import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { ContourNodeError } from '../../errors.ts';
import { answerError } from '../error-answers.ts';
import { wantsPage } from '../wants-page.ts';
import { allows, type RouteRole, stranger, type User } from './user.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Least role that the route needs; a route without one ends the start. */
    role?: RouteRole;
  }
  interface FastifyRequest {
    /** Who sends it. On a route that needs a role they have it. */
    user: User;
  }
}

/** Declares the role of every route that a plugin brings within `scope`. */
export function declareRole(scope: FastifyInstance, role: RouteRole): void {
  scope.addHook('onRoute', (route) => {
    route.config = { ...route.config, role };
  });
}

/**
 * Lets a request through to its route only with the role that the route declares (`config: { role }`), and sets
 * `request.user`. A browser that opens a page is shown the login, or in a page why it may not.
 */
export function guardRoutes(server: FastifyInstance, identify: (request: FastifyRequest) => User): void {
  const routes: RouteOptions[] = [];
  server.addHook('onRoute', (route) => void routes.push(route));
  server.addHook('onReady', async () => {
    const open = routes.filter(({ config }) => config?.role === undefined).map(({ url }) => url);
    if (open.length > 0) throw new ContourNodeError('INTERNAL', `routes that declare no role: ${open.join(', ')}`);
  });

  server.decorateRequest('user');
  server.addHook('onRequest', async (request, reply) => {
    request.user = identify(request);
    const needed = request.routeOptions.config.role ?? 'operator';
    if (request.is404 || allows(request.user.role, needed)) return;
    await refuse(request, reply, needed);
  });
}

function refuse(request: FastifyRequest, reply: FastifyReply, needed: RouteRole): FastifyReply {
  const { user } = request;
  const known = user !== stranger && user.name !== 'local';
  if (!known && wantsPage(request)) {
    return reply.redirect(`/login?to=${encodeURIComponent(request.url)}`, 303);
  }
  return answerError(
    reply,
    known
      ? new ContourNodeError('NOT_ALLOWED', `${user.name} may not do this: it takes the role ${needed}`)
      : new ContourNodeError('LOGIN_NEEDED', 'this takes a login or an API token'),
  );
}
