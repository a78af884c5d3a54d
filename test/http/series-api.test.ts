import { request } from 'node:http';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { httpSchema } from '../../src/config/http-schema.ts';
import { nodeApi } from '../../src/http/api-client.ts';
import { startHttpServer } from '../../src/http/server.ts';
import type { SeriesDetail, SeriesSummary } from '../../src/store/series.ts';
import { writeBundleManifest } from '../intake/intake-harness.ts';
import { silentLog } from '../jobs/running-redis.ts';
import { workerAtQueue } from '../jobs/worker-at-queue.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';
import { nodeOverHttp } from './running-http.ts';

interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string };
}

async function errorOf(response: Response): Promise<[number, string]> {
  return [response.status, ((await response.json()) as ErrorAnswer).error.code];
}

test('series are listed page by page, filtered by state, shown one by one, and acted on', async (t) => {
  const http = await nodeOverHttp(t);
  for (const seed of [1, 2, 3]) await http.send(seed);
  const api = nodeApi(http.node.httpUrl);
  const list = (query: string) =>
    http
      .get(`/api/series${query}`)
      .then((response) => response.json() as Promise<{ series: SeriesSummary[]; next?: string }>);
  await eventually('all three are unrouted', 30, async () =>
    (await list('?state=unrouted')).series.length === 3 ? true : undefined,
  );

  assert.match(await (await http.get('/metrics')).text(), /contour_node_series\{state="unrouted"\} 3/);

  const keys: string[] = [];
  for (let query = '?limit=2'; ;) {
    const page = await list(query);
    keys.push(...page.series.map(({ key }) => key));
    if (page.next === undefined) break;
    query = `?limit=2&before=${page.next}`;
  }
  assert.equal(new Set(keys).size, 3);
  assert.equal(keys.length, 3);
  assert.deepEqual((await list('?state=failed&state=delivery-failed')).series, []);

  const [key = ''] = keys;
  const detail = (await (await http.get(`/api/series/${key}`)).json()) as SeriesDetail;
  assert.equal(detail.images, 24);
  assert.equal(detail.callingAe, 'SCANNER');
  assert.ok(detail.history.length >= 2);
  assert.deepEqual(await api.show(key), detail);

  assert.deepEqual(await errorOf(await http.post(`/api/series/${key}/release`)), [409, 'STATE_CONFLICT']);
  const toPinnacle = { headers: { 'content-type': 'application/json' }, body: '{"destination":"pinnacle"}' };
  assert.deepEqual(await errorOf(await http.post(`/api/series/${key}/resend`, toPinnacle)), [409, 'STATE_CONFLICT']);
  await assert.rejects(api.act(key, 'release'), { code: 'STATE_CONFLICT' });
  assert.equal((await api.act(key, 'retry')).action, 'retry');

  const page = await (await http.get('/')).text();
  for (const one of keys) assert.ok(page.includes(one));
  for (const text of [page, JSON.stringify(await list('')), await (await http.get('/metrics')).text()]) {
    assert.doesNotMatch(text, /Phantom|2\.25\.\d{10}/i, 'no patient data, no UIDs');
  }
});

test('wrong calls get a code, never a stack', async (t) => {
  const http = await nodeOverHttp(t);
  assert.deepEqual(await errorOf(await http.get('/api/series/0011223344556677')), [404, 'NOT_FOUND']);
  assert.deepEqual(await errorOf(await http.get('/api/series/..%2f..%2fetc')), [404, 'NOT_FOUND']);
  assert.deepEqual(await errorOf(await http.post('/api/series/0011223344556677/retry')), [404, 'NOT_FOUND']);
  assert.deepEqual(await errorOf(await http.post('/api/series/0011223344556677/delete')), [404, 'NOT_FOUND']);
  for (const query of ['limit=0', 'limit=x', 'state=lost', 'before=yesterday', 'page=2']) {
    assert.deepEqual(await errorOf(await http.get(`/api/series?${query}`)), [400, 'USAGE'], query);
  }
  assert.deepEqual(
    await errorOf(
      await http.post('/api/series/0011223344556677/resend', {
        headers: { 'content-type': 'application/json' },
        body: '{',
      }),
    ),
    [400, 'USAGE'],
  );
});

test('an order that cannot be carried out is refused with its reason, not as a failure of the node', async (t) => {
  const models = await temporaryFolder(t);
  await writeBundleManifest(models, 'thin-slices');
  await writeBundleManifest(models, 'demo', {
    intendedUse: 'demonstration',
    applicability: { sliceSpacingMm: [1, 20] },
  });
  const http = await nodeOverHttp(
    t,
    {},
    {
      config: {
        models: { directory: models },
        peers: [{ name: 'tps', aeTitle: 'TPS', host: '127.0.0.1', port: 104 }],
        destinations: [{ name: 'tps', peer: 'tps' }],
      },
    },
  );
  await http.send(1);
  const key = await eventually(
    'the series is unrouted',
    30,
    () => http.node.series.list().find(({ state }) => state === 'unrouted')?.key,
  );
  const order = (bundle: string, destinations: string[] = [], by = 'bundle'): Promise<[number, string]> =>
    http
      .post(`/api/series/${key}/order`, {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ [by]: bundle, destinations }),
      })
      .then(errorOf);
  assert.deepEqual(await order('nobody'), [404, 'MODEL_NOT_FOUND']);
  assert.deepEqual(await order('nothing', [], 'recipe'), [404, 'NOT_FOUND']);
  // The phantom has a slice every 9.4 mm.
  assert.deepEqual(await order('thin-slices'), [422, 'SERIES_SPACING']);
  assert.deepEqual(await order('demo', ['tps']), [409, 'DESTINATION_NOT_ALLOWED']);
});

test('a page of another site can neither act nor read through a name of its own', async (t) => {
  const http = await nodeOverHttp(t);
  const foreign = await http.post('/api/series/0011223344556677/retry', { headers: { origin: 'http://evil.example' } });
  assert.deepEqual(await errorOf(foreign), [400, 'USAGE']);
  const own = await http.post('/api/series/0011223344556677/retry', { headers: { origin: http.node.httpUrl } });
  assert.deepEqual(await errorOf(own), [404, 'NOT_FOUND']);
  // Bull Board answers errors in its own way, which once was 500 (found by test/fuzz).
  for (const path of ['/api/series', '/queues/', '/queues/api/queues']) {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(http.node.httpUrl + path, { headers: { host: 'evil.example' } }, (response) =>
        resolve(response.resume().statusCode),
      )
        .on('error', reject)
        .end();
    });
    assert.equal(status, 400, path);
  }
});

test('the queues can be looked at, not changed', async (t) => {
  const http = await nodeOverHttp(t);
  assert.match(await (await http.get('/queues')).text(), /<title>/);
  const { queues } = (await (await http.get('/queues/api/queues')).json()) as {
    queues: { name: string; readOnlyMode: boolean }[];
  };
  assert.deepEqual(
    queues.map(({ name, readOnlyMode }) => [name, readOnlyMode]),
    [
      ['contour', true],
      ['compare', true],
      ['deliver-pinnacle', true],
    ],
  );
  const paused = await fetch(`${http.node.httpUrl}/queues/api/queues/contour/pause`, { method: 'PUT' });
  assert.equal(paused.status, 405);
});

test('health says that Redis is away, and that it is back', async (t) => {
  const http = await nodeOverHttp(t);
  workerAtQueue(t, http.redis.address);
  assert.equal((await http.get('/health/live')).status, 200);
  await eventually('it is ready', 20, async () => ((await http.get('/health/ready')).ok ? true : undefined));
  process.kill(http.redis.server.pid, 'SIGKILL');
  const answer = await eventually('it is seen', 20, async () => {
    const response = await http.get('/health/ready');
    return response.status === 503
      ? ((await response.json()) as { problems: { code: string; remedy: string }[] })
      : undefined;
  });
  assert.deepEqual(
    answer.problems.map(({ code }) => code),
    ['REDIS_UNAVAILABLE'],
  );
  const page = await http.get('/health/ready', { accept: 'text/html' });
  assert.equal(page.status, 503);
  assert.match(await page.text(), /REDIS_UNAVAILABLE[\s\S]*What to do/);
  assert.equal((await http.get('/health/live')).status, 200);
  assert.equal((await http.get('/')).status, 200);
  await eventually('it is ready again', 30, async () => ((await http.get('/health/ready')).ok ? true : undefined));
});

test('without users it listens to this machine only, and says when its port is taken', async (t) => {
  const { node, config } = await nodeOverHttp(t);
  const options = {
    series: node.series,
    dataDirectory: '/nonexistent',
    patient: () => undefined,
    targets: async () => ({ bundles: [], recipes: [], destinations: [] }),
    wholeConfig: () => config,
    actions: node.actions,
    queues: { onEvent: () => {} } as never,
    quality: () => [],
    progress: { of: () => undefined, onChange: () => () => {} },
    unmatched: { list: () => [], remove: async () => undefined },
    unmatchedDays: () => 30,
    metrics: { contentType: 'text/plain', text: async () => '' },
    audit: undefined as never,
    problems: async () => [],
    notices: async () => [],
    node: { aeTitle: 'CONTOUR', dicomPort: 11112 },
    log: silentLog,
  };
  for (const host of ['0.0.0.0', '::', '10.0.0.5', 'node.clinic.example']) {
    await assert.rejects(
      startHttpServer({ ...options, config: () => httpSchema.parse({ host, port: 0 }) }),
      { code: 'CONFIG_INVALID' },
      host,
    );
  }
  const port = Number(new URL(node.httpUrl).port);
  const queues = { bullQueues: () => [], onEvent: () => {} } as never;
  await assert.rejects(startHttpServer({ ...options, queues, config: () => httpSchema.parse({ port }) }), {
    code: 'PORT_IN_USE',
  });
});
