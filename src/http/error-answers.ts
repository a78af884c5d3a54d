import type { FastifyError, FastifyInstance } from 'fastify';
import { ZodError } from 'zod';
import { asContourNodeError, ContourNodeError, type ErrorCode } from '../errors.ts';
import type { Log } from '../observe/log.ts';

const httpStatus: Partial<Record<ErrorCode, number>> = {
  USAGE: 400,
  NOT_FOUND: 404,
  STATE_CONFLICT: 409,
  REDIS_UNAVAILABLE: 503,
  DISK_FULL: 507,
};

/** Every error leaves as `{ error: { code, message, remedy } }`, with the codes of src/errors.ts. */
export function answerErrors(server: FastifyInstance, log: Log): void {
  server.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const known = explain(error);
    const status = httpStatus[known.code] ?? 500;
    if (status === 500) log.error({ err: error, route: request.routeOptions.url }, 'request failed');
    const { code, message, remedy } = known;
    return reply.status(status).send({ error: { code, message, remedy } });
  });
  server.setNotFoundHandler((request, reply) =>
    reply.status(404).send({
      error: {
        code: 'NOT_FOUND',
        message: `no ${request.method} here`,
        remedy: 'see docs/operations.md for the API',
      },
    }),
  );
}

function explain(error: FastifyError | Error): ContourNodeError {
  if (error instanceof ZodError) {
    const [issue] = error.issues;
    return new ContourNodeError('USAGE', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`, {
      remedy: 'see docs/operations.md for the API',
    });
  }
  if ('statusCode' in error && error.statusCode !== undefined && error.statusCode < 500) {
    return new ContourNodeError('USAGE', error.message, { remedy: 'see docs/operations.md for the API' });
  }
  return asContourNodeError(error);
}
