import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { addressLiesIn, isLoopback } from '../../config/address-range.ts';
import type { HttpConfig } from '../../config/http-schema.ts';
import { isListed, shownCertificate } from '../../dimse/peer-certificate.ts';
import { apiTokenHash } from './api-token.ts';
import type { Sessions } from './sessions.ts';
import { stranger, type User } from './user.ts';

export const sessionCookie = 'contour-node-session';

/** A caller on this machine, while no user, token or proxy is configured. */
export const localOperator: User = { name: 'local', role: 'operator', via: 'local' };

/** No user, token or proxy is configured. */
export function hasNoUsers({ users, tokens, certificates, proxy }: HttpConfig): boolean {
  return users.length === 0 && tokens.length === 0 && certificates.length === 0 && proxy.addresses.length === 0;
}

/** Who sends a request: by API token, certificate, a trusted proxy's header, or login. */
export function identify(request: FastifyRequest, config: HttpConfig, sessions: Sessions): User {
  const { authorization } = request.headers;
  if (authorization !== undefined) return byToken(authorization, config);
  return (
    byCertificate(request, config) ??
    byProxy(request, config) ??
    bySession(request, config, sessions) ??
    byPlace(request, config)
  );
}

/** A wrong token is no reason to look for another way in. */
function byToken(authorization: string, { tokens }: HttpConfig): User {
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) return stranger;
  const hash = apiTokenHash(token);
  const known = tokens.find((candidate) => candidate.hash === hash);
  if (known === undefined || isOver(known.until)) return stranger;
  return { name: known.name, role: known.role, via: 'token' };
}

function isOver(lastDay: string | undefined): boolean {
  return lastDay !== undefined && new Date().toISOString().slice(0, 10) > lastDay;
}

/** The handshake has proven that the caller has the key; behind a proxy it is the proxy's. */
function byCertificate({ socket, headers }: FastifyRequest, { certificates, proxy }: HttpConfig): User | undefined {
  if (certificates.length === 0 || !(socket instanceof TLSSocket)) return undefined;
  if (headers[proxy.userHeader] !== undefined) return undefined;
  const shown = shownCertificate(socket);
  const known = certificates.find(
    ({ certificate }) => shown !== undefined && isListed(shown, { certificates: [certificate] }),
  );
  return known === undefined ? undefined : { name: known.name, role: known.role, via: 'certificate' };
}

function byProxy(request: FastifyRequest, { proxy, users }: HttpConfig): User | undefined {
  const name = request.headers[proxy.userHeader];
  if (typeof name !== 'string' || name === '') return undefined;
  const from = request.socket.remoteAddress ?? '';
  if (!proxy.addresses.some((entry) => addressLiesIn(from, entry))) return undefined;
  const role = users.find((user) => user.name === name)?.role ?? proxy.role;
  return { name: name.slice(0, 64), role: role ?? 'anyone', via: 'proxy' };
}

function bySession({ cookies }: FastifyRequest, { users }: HttpConfig, sessions: Sessions): User | undefined {
  const cookie = cookies[sessionCookie];
  const session = cookie === undefined ? undefined : sessions.find(cookie);
  if (session === undefined) return undefined;
  // Asked anew each time: who was taken out of the configuration, or got another password, is out.
  const user = users.find(({ name, password }) => name === session.user && password === session.password);
  return user === undefined ? undefined : { name: user.name, role: user.role, via: 'session' };
}

/** @returns the monitoring of this machine, where it needs no login; never a caller behind a proxy */
function byPlace({ socket, headers }: FastifyRequest, { monitoring }: HttpConfig): User {
  const here = isLoopback(socket.remoteAddress ?? '');
  const forwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
  return monitoring === 'loopback' && here && !forwarded ? { name: 'local', role: 'monitor', via: 'local' } : stranger;
}
