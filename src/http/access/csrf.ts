import { randomBytes } from 'node:crypto';
import csrfProtection from '@fastify/csrf-protection';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** How callers are known whose browser sends the proof by itself, also for a request that a foreign page made. */
const ambient: readonly string[] = ['session', 'proxy'];

/**
 * What changes something needs a token besides the login: as `_csrf` of a form or in the header `x-csrf-token`. It is
 * bound to the user, and to a cookie that other sites cannot read. API tokens are proof enough.
 */
export async function protectFromForgery(server: FastifyInstance): Promise<void> {
  await server.register(csrfProtection, {
    cookieKey: 'contour-node-csrf',
    cookieOpts: { path: '/', httpOnly: true, sameSite: 'strict', signed: true },
    csrfOpts: { hmacKey: randomBytes(32).toString('hex'), userInfo: true },
    getUserInfo: ({ user }: FastifyRequest) => user.name,
  });
  server.addHook('preHandler', (request, reply, done) => {
    const changes = request.method !== 'GET' && request.method !== 'HEAD';
    if (changes && ambient.includes(request.user.via)) server.csrfProtection(request, reply, done);
    else done();
  });
}

/** The token for the forms and scripts of a page that is sent with `reply`. */
export function csrfToken({ user, protocol }: FastifyRequest, reply: FastifyReply): string {
  return reply.generateCsrf({ userInfo: user.name, secure: protocol === 'https' });
}
