import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { ZodError } from 'zod';
import { asContourNodeError, ContourNodeError, errorRow } from '../errors.ts';
import { problemFrom } from '../problem.ts';
import { issueLine } from '../schema-words.ts';
import type { Log } from '../log.ts';
import { errorPage } from './pages/error-page.ts';
import { sendHtml } from './pages/send-html.ts';
import { textsFor } from './texts/choose-language.ts';
import { wantsPage } from './wants-page.ts';

const apiRemedy = 'see docs/http-api.md for the API';

/** Every error of a route, and what has none, is answered by {@link answerError}. */
export function answerErrors(server: FastifyInstance, log: Log): void {
  server.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const known = explain(error);
    if (errorRow(known.code).http === 500) log.error({ err: error, route: request.routeOptions.url }, 'request failed');
    return answerError(reply, known);
  });
  server.setNotFoundHandler((request) => {
    throw new ContourNodeError('NOT_FOUND', `no ${request.method} here`, { remedy: apiRemedy });
  });
}

/** As `{ error: { code, message, remedy } }`, with the codes of src/errors.ts, in the language that the request asks for; to a browser that opens a page as a page. */
export function answerError(reply: FastifyReply, error: ContourNodeError): FastifyReply {
  const problem = problemFrom(error);
  reply.status(errorRow(error.code).http);
  const texts = textsFor(reply.request);
  if (wantsPage(reply.request)) return sendHtml(reply, errorPage(texts, problem));
  return reply.send({ error: { ...problem, message: texts.problem(problem), remedy: texts.remedy(problem) } });
}

function explain(error: FastifyError | Error): ContourNodeError {
  if (error instanceof ZodError) {
    const [issue] = error.issues;
    return new ContourNodeError('USAGE', issue === undefined ? 'wrong' : issueLine(issue, 'the request'), {
      remedy: apiRemedy,
    });
  }
  if ('code' in error && error.code.startsWith('FST_CSRF_')) {
    return new ContourNodeError('NOT_ALLOWED', 'the request does not come from a page of this login', {
      remedy: 'load the page again; programs use an API token',
    });
  }
  if ('statusCode' in error && error.statusCode !== undefined && error.statusCode < 500) {
    return new ContourNodeError('USAGE', error.message, { remedy: apiRemedy });
  }
  return asContourNodeError(error);
}
