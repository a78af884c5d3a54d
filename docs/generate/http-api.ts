/** `node docs/generate/http-api.ts` writes docs/http-api.md from what the HTTP server says of its own routes. */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { httpSchema } from '../../src/config/http-schema.ts';
import { type HttpServerOptions, startHttpServer } from '../../src/http/server.ts';
import { table } from './markdown-table.ts';

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly description?: string;
}

interface Operation {
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly { name: string; in: string; schema: JsonSchema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }>
  >;
}

export interface ApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const introduction = `# HTTP API

Written by \`node docs/generate/http-api.ts\` from the routes; a test compares both. The node serves the whole description, with
every field of every answer, in OpenAPI 3.1 at \`/api/openapi.json\` (role viewer): \`curl -H "authorization: Bearer $TOKEN"
http://127.0.0.1:8080/api/openapi.json\`. \`contour-node jobs\` does the same in a terminal.

**Who.** Without users every program on this machine is an operator. With users a program sends an API token
(\`contour-node token\` makes one) as \`Authorization: Bearer TOKEN\`; its role has to be the one in the table, or a higher one:
monitor, viewer, operator. The role worker is apart: it may do what the table says, nothing else, and nobody else may.

**Errors** are JSON, \`{ "error": { "code", "message", "remedy" } }\`, with the codes and the HTTP statuses of [operations.md](operations.md).
\`message\` and \`remedy\` are in English, in Chinese for \`Accept-Language: zh-CN\`; \`code\` is always the same.

**Names.** A series is named by its key, a pseudonym. No answer but that of \`identity\` holds patient data; the audit trail keeps who
asked for it. Fields may be added to answers in later versions; what is there keeps its name and meaning.

`;

/** The whole text of docs/http-api.md. */
export function httpApiPage({ paths }: ApiDocument): string {
  const operations = Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ call: `${method.toUpperCase()} ${path}`, operation })),
    )
    .toSorted((a, b) => order(a.call) - order(b.call));
  const routes = operations.map(({ call, operation }) => [
    `\`${call}\``,
    operation.description.replace(/^Role: |\.$/g, ''),
    operation.summary,
    inputOf(operation),
  ]);
  return `${introduction}${table(['call', 'role', 'what it does', 'query or body'], routes)}${answersOf(operations)}`;
}

/** The API first, then what monitoring reads. */
function order(call: string): number {
  return call.includes('/api/series') ? 0 : call.includes('/api/') ? 1 : 2;
}

function inputOf({ parameters = [], requestBody }: Operation): string {
  const query = parameters
    .filter((one) => one.in === 'query')
    .map(({ name, schema }) => `\`${name}\`: ${typeOf(schema)}`);
  const body = requestBody?.content['application/json']?.schema;
  const object = body?.anyOf?.find(({ properties }) => properties !== undefined) ?? body;
  const fields = Object.entries(object?.properties ?? {}).map(
    ([name, schema]) =>
      `\`${name}\`: ${typeOf(schema)}${object?.required?.includes(name) === true ? '' : ', may be absent'}`,
  );
  return [...query, ...fields].join('; ');
}

function answersOf(operations: readonly { call: string; operation: Operation }[]): string {
  const shown = ['GET /api/series', 'GET /api/series/{key}'];
  return operations
    .filter(({ call }) => shown.includes(call))
    .map(({ call, operation }) => {
      const schema = operation.responses['200']?.content['application/json']?.schema;
      return `\n## Answer of \`${call}\`\n\n${table(['field', 'type', ''], schema === undefined ? [] : fieldsOf('', schema))}`;
    })
    .join('');
}

/** A row for each field, those of objects and lists below it. */
function fieldsOf(prefix: string, schema: JsonSchema): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const required = schema.required?.includes(name) === true;
    const path = `${prefix}${name}`;
    const row = [`\`${path}\``, `${typeOf(property)}${required ? '' : ', may be absent'}`, property.description ?? ''];
    const inner = property.items?.properties === undefined ? property : property.items;
    return [row, ...fieldsOf(inner === property ? `${path}.` : `${path}[].`, inner)];
  });
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'values' : typeOf(schema.items)}`;
  return schema.type ?? 'any';
}

/** Of a server without a node behind it: nothing is asked of it but its description. */
async function document(): Promise<ApiDocument> {
  const nothing = {
    keys: () => [],
    list: () => [],
    onChange: () => () => {},
    onEvent: () => {},
    bullQueues: () => [],
  };
  const dataDirectory = await mkdtemp(join(tmpdir(), 'contour-node-api-'));
  const server = await startHttpServer({
    dataDirectory,
    remote: {},
    config: () => httpSchema.parse({ port: 0 }),
    series: nothing,
    queues: nothing,
    progress: nothing,
    problems: async () => [],
    notices: () => [],
    metrics: { contentType: 'text/plain', text: async () => '' },
  } as unknown as HttpServerOptions);
  try {
    return (await (await fetch(`${server.url}/api/openapi.json`)).json()) as ApiDocument;
  } finally {
    await server.close();
    await rm(dataDirectory, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../http-api.md', import.meta.url), httpApiPage(await document()));
}
