import { test } from 'node:test';
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiDocument, httpApiPage } from '../../docs/generate/http-api.ts';
import { answers } from '../../src/http/openapi/answer-schemas.ts';
import { checkout } from '../support/run-program.ts';
import { eventually } from '../support/eventually.ts';
import { nodeOverHttp } from './running-http.ts';

test('the node describes its API in OpenAPI, as its routes are; the documentation says the same', async (t) => {
  const node = await nodeOverHttp(t);
  const document = (await (await node.get('/api/openapi.json')).json()) as ApiDocument;
  assert.equal(document.openapi, '3.1.0');
  const series = document.paths['/api/series']?.['get'];
  assert.deepEqual(series?.parameters?.map(({ name, in: where }) => `${where} ${name}`).toSorted(), [
    'query before',
    'query limit',
    'query state',
  ]);
  const order = document.paths['/api/series/{key}/order']?.['post'];
  assert.deepEqual(
    order?.requestBody?.content['application/json']?.schema.anyOf?.map(({ required }) => required),
    [
      ['bundle', 'destinations'],
      ['recipe', 'destinations'],
    ],
  );
  assert.match(order.description, /operator/);
  assert.deepEqual(
    order.parameters?.map(({ name, in: where }) => `${where} ${name}`),
    ['path key'],
  );
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  assert.ok(operations.length >= 19);
  for (const { path, method, operation } of operations)
    assert.ok(operation.summary.length > 5 && '200' in operation.responses, `${method} ${path}`);
  assert.ok(!('/' in document.paths) && !('/assets/{name}' in document.paths), 'pages are no part of the API');
  const page = readFileSync(new URL('../../docs/http-api.md', import.meta.url), 'utf8');
  assert.equal(page, httpApiPage(document), 'node docs/generate/http-api.ts writes it anew');
});

test('every route of the API is described', async (t) => {
  const node = await nodeOverHttp(t);
  const { paths } = (await (await node.get('/api/openapi.json')).json()) as ApiDocument;
  const described = Object.keys(paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'));
  const sources = globSync('src/http/**/*.ts', { cwd: checkout }).map((file) =>
    readFileSync(join(checkout, file), 'utf8'),
  );
  const written = sources.flatMap((text) =>
    [...text.matchAll(/server\.(?:get|post)(?:<[^(]*>)?\(\s*'(\/(?:api|health|metrics)[^']*)'/g)].map(
      ([, path]) => path!,
    ),
  );
  assert.ok(written.length >= 10, written.join(' '));
  assert.deepEqual(
    written.filter((path) => !described.includes(path)),
    [],
  );
});

test('what a node answers is what the description says, field by field', async (t) => {
  const { node, ...over } = await nodeOverHttp(t);
  await over.send(41);
  const key = await eventually(
    'it is unrouted',
    30,
    () => node.series.list().find(({ state }) => state === 'unrouted')?.key,
  );
  const answered = async (response: Promise<Response>): Promise<unknown> => (await response).json();
  answers.list.parse(await answered(over.get('/api/series')));
  answers.detail.parse(await answered(over.get(`/api/series/${key}`)));
  answers.choices.parse(await answered(over.get(`/api/series/${key}/choices`)));
  answers.patient.parse(await answered(over.post(`/api/series/${key}/identity`)));
  answers.action.parse(await answered(over.post(`/api/series/${key}/retry`)));
  answers.error.parse(await answered(over.get('/api/series/0123456789abcdef')));
  answers.live.parse(await answered(over.get('/health/live')));
  answers.ready.parse(await answered(over.get('/health/ready')));
});
