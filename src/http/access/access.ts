import { randomBytes } from 'node:crypto';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import type { FastifyInstance } from 'fastify';
import { protectFromForgery } from './csrf.ts';
import { refuseForeignRequests } from './foreign-requests.ts';
import { hasNoUsers, identify, localOperator } from './identify.ts';
import { addLogin, type LoginOptions } from './login.ts';
import { guardRoutes } from './route-guard.ts';
import { setSecurityHeaders } from './security-headers.ts';
import { Sessions } from './sessions.ts';

/**
 * Who may do what over HTTP. To be called before any route is added: each declares the role that it needs, and finds its
 * caller in `request.user`.
 */
export async function addAccess(
  server: FastifyInstance,
  options: Pick<LoginOptions, 'config' | 'onLogin' | 'onLogout'>,
): Promise<void> {
  const { config } = options;
  // A node that listens to others must not open because its users are taken out of the configuration.
  const startedOpen = hasNoUsers(config());
  const open = (): boolean => startedOpen && hasNoUsers(config());
  const sessions = new Sessions(() => config().sessionMinutes);
  await setSecurityHeaders(server);
  refuseForeignRequests(server, open);
  await server.register(cookie, { secret: randomBytes(32).toString('hex') });
  await server.register(formbody);
  guardRoutes(server, (request) => (open() ? localOperator : identify(request, config(), sessions)));
  await protectFromForgery(server);
  await addLogin(server, { ...options, sessions });
}
