import type { FastifyInstance } from 'fastify';
import { isLanguage, languageCookie } from './texts/choose-language.ts';

const oneYear = 365 * 86_400;

/** `/language/CODE`: the pages speak it in this browser from now on, and the page that was open is shown again. */
export function addLanguage(server: FastifyInstance): void {
  server.get<{ Params: { code: string } }>(
    '/language/:code',
    { config: { role: 'anyone' } },
    async (request, reply) => {
      const { code } = request.params;
      if (isLanguage(code)) reply.setCookie(languageCookie, code, { path: '/', maxAge: oneYear, sameSite: 'lax' });
      return reply.redirect(pageOf(request.headers.referer, request.host), 303);
    },
  );
}

/** Path of a page of this node; the first page for any other address. */
function pageOf(referer: string | undefined, host: string): string {
  const url = referer === undefined ? null : URL.parse(referer);
  return url === null || url.host !== host ? '/' : `${url.pathname}${url.search}`;
}
