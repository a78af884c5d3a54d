import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { ZodError } from 'zod';
import { asContourNodeError, ContourNodeError, type ErrorCode } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import { errorPage } from './pages/error-page.ts';
import { sendHtml } from './pages/send-html.ts';

const httpStatus: Partial<Record<ErrorCode, number>> = {
  USAGE: 400,
  NOT_FOUND: 404,
  STATE_CONFLICT: 409,
  REDIS_UNAVAILABLE: 503,
  DISK_FULL: 507,
};

const apiRemedy = 'see docs/operations.md for the API';

/** Every error leaves as `{ error: { code, message, remedy } }`, with the codes of src/errors.ts; to a browser as a page. */
export function answerErrors(server: FastifyInstance, log: Log): void {
  server.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const known = explain(error);
    const status = httpStatus[known.code] ?? 500;
    if (status === 500) log.error({ err: error, route: request.routeOptions.url }, 'request failed');
    const { code, message, remedy } = known;
    if (wantsPage(request)) return sendHtml(reply.status(status), errorPage({ code, message, remedy }));
    return reply.status(status).send({ error: { code, message, remedy } });
  });
  server.setNotFoundHandler((request) => {
    throw new ContourNodeError('NOT_FOUND', `no ${request.method} here`, { remedy: apiRemedy });
  });
}

/** A browser that opens an address, not a program that asks the API. */
function wantsPage({ method, headers, url }: FastifyRequest): boolean {
  return method === 'GET' && !url.startsWith('/api/') && headers.accept?.includes('text/html') === true;
}

function explain(error: FastifyError | Error): ContourNodeError {
  if (error instanceof ZodError) {
    const [issue] = error.issues;
    return new ContourNodeError('USAGE', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`, {
      remedy: apiRemedy,
    });
  }
  if ('statusCode' in error && error.statusCode !== undefined && error.statusCode < 500) {
    return new ContourNodeError('USAGE', error.message, { remedy: apiRemedy });
  }
  return asContourNodeError(error);
}
