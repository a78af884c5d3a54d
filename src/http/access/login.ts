import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { HttpConfig } from '../../config/http-schema.ts';
import { ContourNodeError } from '../../errors.ts';
import { sessionCookie } from './identify.ts';
import { loginPage } from '../pages/login-page.ts';
import { sendHtml } from '../pages/send-html.ts';
import { type Texts } from '../texts/texts.ts';
import { textsFor } from '../texts/choose-language.ts';
import { hashPassword, verifyPassword } from './password-hash.ts';
import type { Sessions } from './sessions.ts';

export interface LoginOptions {
  readonly config: () => HttpConfig;
  readonly sessions: Sessions;
  /** A login was tried; `user` is what was typed. */
  readonly onLogin: (login: { user: string; address: string; succeeded: boolean }) => void;
  readonly onLogout: (logout: { user: string; address: string }) => void;
}

const form = z.object({
  name: z.string().max(64),
  password: z.string().max(1024),
  to: z.string().max(2048).default('/'),
});

/** Passwords that may wait to be checked: each takes 32 MiB and a fifth of a second of one core. */
const maximumWaiting = 8;

/** `/login` and `/logout`. */
export async function addLogin(server: FastifyInstance, options: LoginOptions): Promise<void> {
  const { config, sessions } = options;
  const verify = await passwordCheck(config);
  await server.register(rateLimit, { global: false });

  const page = (texts: Texts, reply: FastifyReply, status: number, to: string, problem?: string): FastifyReply =>
    sendHtml(reply.status(status), loginPage(texts, local(to), problem));

  server.get<{ Querystring: { to?: string } }>('/login', { config: { role: 'anyone' } }, async (request, reply) =>
    page(textsFor(request), reply, 200, request.query.to ?? '/'),
  );
  server.post(
    '/login',
    {
      config: {
        role: 'anyone',
        rateLimit: {
          max: () => config().loginTriesPerMinute,
          timeWindow: 60_000,
          errorResponseBuilder: () =>
            new ContourNodeError('TOO_MANY_TRIES', 'too many logins were tried from this address'),
        },
      },
    },
    async (request, reply) => {
      const texts = textsFor(request);
      const typed = form.safeParse(request.body);
      if (!typed.success) return page(texts, reply, 400, '/', texts.login.missing);
      const { name, password, to } = typed.data;
      const hash = await verify(name, password);
      options.onLogin({ user: name, address: request.ip, succeeded: hash !== undefined });
      if (hash === undefined) return page(texts, reply, 401, to, texts.login.wrong);
      reply.setCookie(sessionCookie, sessions.open(name, hash), {
        path: '/',
        httpOnly: true,
        sameSite: 'strict',
        secure: request.protocol === 'https',
      });
      return reply.redirect(local(to), 303);
    },
  );
  server.post('/logout', { config: { role: 'anyone' } }, async (request, reply) => {
    const cookie = request.cookies[sessionCookie];
    if (cookie !== undefined) sessions.end(cookie);
    if (request.user.via === 'session') options.onLogout({ user: request.user.name, address: request.ip });
    return reply.clearCookie(sessionCookie, { path: '/' }).redirect('/login', 303);
  });
}

/**
 * One password after the other, so that logins take neither the memory nor the threads that the disk needs.
 *
 * @returns the check: it gives the password's hash where name and password belong together, and takes the same time
 *   where there is no such user; it throws ContourNodeError TOO_MANY_TRIES while too many wait
 */
async function passwordCheck(
  config: () => HttpConfig,
): Promise<(name: string, password: string) => Promise<string | undefined>> {
  const ofNoUser = await hashPassword('');
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return async (name, password) => {
    if (waiting >= maximumWaiting) throw new ContourNodeError('TOO_MANY_TRIES', 'too many logins are tried at once');
    waiting += 1;
    const hash = config().users.find((user) => user.name === name)?.password;
    const check = last.then(() => verifyPassword(password, hash ?? ofNoUser));
    last = check.catch(() => undefined);
    try {
      return (await check) ? hash : undefined;
    } finally {
      waiting -= 1;
    }
  };
}

/** A path of this node, never another site's address. */
function local(to: string): string {
  const base = 'http://node.invalid';
  const url = URL.canParse(to, base) ? new URL(to, base) : undefined;
  return to.startsWith('/') && url?.origin === base ? `${url.pathname}${url.search}` : '/';
}
