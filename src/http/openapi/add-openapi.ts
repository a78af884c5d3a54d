import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { z } from 'zod';
import { version } from '../../version.ts';
import { answers } from './answer-schemas.ts';
import { describedRoutes, type DescribedRoute } from './described-routes.ts';

/**
 * `/api/openapi.json`: the API in OpenAPI 3.1, made from the routes as they are registered after this call. A route checks
 * what it gets by the schemas of its description itself, so that Fastify has nothing to check.
 */
export async function addOpenApi(server: FastifyInstance): Promise<void> {
  server.setValidatorCompiler(() => () => true);
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  server.addHook('onRoute', (route) => {
    const described = describedRoutes[`${String(route.method)} ${route.url}`];
    const role = route.config?.role ?? 'operator';
    route.schema = described === undefined ? { hide: true } : schemaOf(described, role);
  });
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'contour-node',
        version,
        description: 'docs/http-api.md says how to log in and what errors look like.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
  });
  server.get('/api/openapi.json', { config: { role: 'viewer' } }, async () => server.swagger());
}

function schemaOf({ summary, query, body, answer, statuses = {} }: DescribedRoute, role: string): FastifySchema {
  const further = Object.entries(statuses).map(([status, other]) => [status, json(other.description, other.answer)]);
  return {
    summary,
    description: role === 'anyone' ? 'Without login.' : `Role: ${role}.`,
    ...(role !== 'anyone' && { security: [{ token: [] }] }),
    ...(query && { querystring: input(query) }),
    ...(body && { body: input(body) }),
    response: {
      200: typeof answer === 'string' ? text(answer) : json('Done', answer),
      ...Object.fromEntries(further),
      default: json('The error', answers.error),
    },
  };
}

function json(description: string, schema: z.ZodType): object {
  return { description, content: { 'application/json': { schema: output(schema) } } };
}

function text(type: string): object {
  return { description: 'Done', content: { [type]: { schema: type.startsWith('text/') ? { type: 'string' } : {} } } };
}

function input(schema: z.ZodType): object {
  return withoutDialect(z.toJSONSchema(schema, { io: 'input' }));
}

/** A later version may answer more. */
function output(schema: z.ZodType): object {
  return withoutDialect(
    z.toJSONSchema(schema, { override: ({ jsonSchema }) => void delete jsonSchema.additionalProperties }),
  );
}

/** OpenAPI 3.1 has the dialect that zod writes. */
function withoutDialect(schema: object): object {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema'));
}
