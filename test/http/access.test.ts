import { test } from 'node:test';
import assert from 'node:assert/strict';
import Fastify from 'fastify';
import { httpSchema } from '../../src/config/http-schema.ts';
import { addAccess } from '../../src/http/access/access.ts';
import { apiTokenHash, newApiToken } from '../../src/http/access/api-token.ts';
import { hashPassword } from '../../src/http/access/password-hash.ts';
import { Sessions } from '../../src/http/access/sessions.ts';
import { nodeApi } from '../../src/http/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { type NodeOverHttp, nodeOverHttp } from './running-http.ts';

const password = 'correct horse battery';
const hash = await hashPassword(password);
const users = [
  { name: 'mueller', role: 'operator', password: hash },
  { name: 'visitor', role: 'viewer', password: hash },
] as const;
const tokens = { monitor: newApiToken(), viewer: newApiToken(), operator: newApiToken() };
const tokenEntries = Object.entries(tokens).map(([role, token]) => ({
  name: `${role}-program`,
  role: role as keyof typeof tokens,
  hash: apiTokenHash(token),
}));

/** A node with users and tokens, and one series. */
async function guardedNode(t: Parameters<typeof nodeOverHttp>[0]): Promise<NodeOverHttp & { key: string }> {
  const http = await nodeOverHttp(t, {
    users: [...users],
    tokens: tokenEntries,
    loginTriesPerMinute: 100,
    monitoring: 'login',
  });
  await http.send(1);
  const key = await eventually('the series is there', 30, () => http.node.series.list({ limit: 1 })[0]?.key);
  return { ...http, key };
}

function login(http: NodeOverHttp, name: string, secret = password, to = '/'): Promise<Response> {
  return http.post('/login', { body: new URLSearchParams({ name, password: secret, to }), redirect: 'manual' });
}

/** The cookies that a browser would send, and the token that its pages hold. */
async function loggedIn(http: NodeOverHttp, name: string): Promise<{ cookie: string; csrf: string }> {
  const session = cookiesOf(await login(http, name));
  const page = await http.get('/', { cookie: session });
  const csrf = /name="csrf-token" content="([^"]+)"/.exec(await page.text())?.[1] ?? '';
  return { cookie: `${session}; ${cookiesOf(page)}`, csrf };
}

function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
}

test('without login nothing of a patient is shown, not even that there is a series', async (t) => {
  const http = await guardedNode(t);
  const paths = [
    '/',
    `/series/${http.key}`,
    '/api/series',
    `/api/series/${http.key}`,
    '/queues',
    '/queues/api/queues',
    '/metrics',
  ];
  for (const path of [...paths, '/health/ready', '/events']) {
    for (const headers of [{}, { authorization: 'Bearer contour_wrong' }, { cookie: 'contour-node-session=guessed' }]) {
      const answer = await http.get(path, headers);
      assert.equal(answer.status, 401, path);
      const body = await answer.text();
      assert.match(body, /LOGIN_NEEDED/, path);
      assert.ok(!body.includes(http.key), path);
    }
  }
  const change = await http.post(`/api/series/${http.key}/retry`);
  assert.equal(change.status, 401);
  const page = await fetch(`${http.node.httpUrl}/?x=1`, { headers: { accept: 'text/html' }, redirect: 'manual' });
  assert.deepEqual([page.status, page.headers.get('location')], [303, '/login?to=%2F%3Fx%3D1']);
  for (const path of ['/health/live', '/login', '/assets/page.css'])
    assert.equal((await http.get(path)).status, 200, path);
});

test('a login opens the pages, its cookie is kept from scripts and other sites, and logging out ends it', async (t) => {
  const http = await guardedNode(t);
  assert.equal((await login(http, 'mueller', 'wrong password')).status, 401);
  assert.equal((await login(http, 'nobody')).status, 401);
  const answer = await login(http, 'mueller', password, '/api/series');
  assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/api/series']);
  const [cookie = ''] = answer.headers.getSetCookie();
  assert.match(cookie, /^contour-node-session=[\w-]{43}; .*HttpOnly/);
  assert.match(cookie, /SameSite=Strict/);
  for (const elsewhere of ['//evil.example/', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)']) {
    assert.equal((await login(http, 'mueller', password, elsewhere)).headers.get('location'), '/', elsewhere);
  }

  const browser = await loggedIn(http, 'mueller');
  assert.ok((await (await http.get('/', { cookie: browser.cookie })).text()).includes(http.key));
  const logout = { headers: { cookie: browser.cookie, 'x-csrf-token': browser.csrf }, redirect: 'manual' } as const;
  assert.equal((await http.post('/logout', logout)).status, 303);
  assert.equal((await http.get('/api/series', { cookie: browser.cookie })).status, 401);
});

test('with the viewer role everything is seen and nothing is changed', async (t) => {
  const http = await guardedNode(t);
  const browser = await loggedIn(http, 'visitor');
  const seen = await http.get(`/api/series/${http.key}`, { cookie: browser.cookie });
  assert.equal(seen.status, 200);
  const headers = { cookie: browser.cookie, 'x-csrf-token': browser.csrf };
  for (const action of ['retry', 'resend', 'release']) {
    const refused = await http.post(`/api/series/${http.key}/${action}`, { headers });
    assert.deepEqual([refused.status, await refused.text().then((text) => /NOT_ALLOWED/.test(text))], [403, true]);
  }
  const page = await http.get('/queues', { cookie: browser.cookie, accept: 'text/html' });
  assert.deepEqual([page.status, page.headers.get('content-type')], [403, 'text/html; charset=utf-8']);
  assert.match(await page.text(), /visitor may not do this: it takes the role operator[\s\S]*href="\/"/);
  const program = await http.get('/queues/api/queues', { cookie: browser.cookie, accept: 'application/json' });
  assert.deepEqual(
    [program.status, ((await program.json()) as { error: { code: string } }).error.code],
    [403, 'NOT_ALLOWED'],
  );
  assert.deepEqual((await http.get(`/api/series/${http.key}`, { cookie: browser.cookie })).status, 200);
  await assert.rejects(nodeApi(http.node.httpUrl, tokens.viewer).act(http.key, 'retry'), { code: 'NOT_ALLOWED' });
  const history = http.node.series.show(http.key)?.history.map(({ kind }) => kind) ?? [];
  assert.ok(!history.includes('retry'));
});

test('what changes something needs the token of a page of the same login', async (t) => {
  const http = await guardedNode(t);
  const browser = await loggedIn(http, 'mueller');
  const other = await loggedIn(http, 'visitor');
  const retry = (headers: Record<string, string>): Promise<number> =>
    http.post(`/api/series/${http.key}/retry`, { headers }).then(({ status }) => status);
  assert.equal(await retry({ cookie: browser.cookie }), 403);
  assert.equal(await retry({ cookie: browser.cookie, 'x-csrf-token': other.csrf }), 403);
  assert.equal(
    await retry({ cookie: browser.cookie, 'x-csrf-token': browser.csrf, origin: 'http://evil.example' }),
    400,
  );
  const crossSite = { 'sec-fetch-site': 'cross-site' };
  assert.equal(await retry({ cookie: browser.cookie, 'x-csrf-token': browser.csrf, ...crossSite }), 400);
  assert.equal(await retry({ cookie: browser.cookie, 'x-csrf-token': browser.csrf }), 200);
});

test('passwords cannot be guessed at speed', async (t) => {
  const http = await nodeOverHttp(t, { users: [...users], loginTriesPerMinute: 3 });
  for (const wrong of ['one', 'two', 'three']) assert.equal((await login(http, 'mueller', wrong)).status, 401);
  const refused = await login(http, 'mueller');
  assert.equal(refused.status, 429);
  assert.match(await refused.text(), /TOO_MANY_TRIES/);
});

test('a program uses a token, as far as its role goes', async (t) => {
  const http = await guardedNode(t);
  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
  assert.equal((await http.get('/metrics', bearer(tokens.monitor))).status, 200);
  const health = (await (await http.get('/health/ready', bearer(tokens.monitor))).json()) as { ready?: boolean };
  assert.equal(typeof health.ready, 'boolean');
  assert.equal((await http.get('/api/series', bearer(tokens.monitor))).status, 403);
  assert.equal((await nodeApi(http.node.httpUrl, tokens.viewer).show(http.key)).key, http.key);
  assert.equal((await nodeApi(http.node.httpUrl, tokens.operator).act(http.key, 'retry')).action, 'retry');
  await assert.rejects(nodeApi(http.node.httpUrl).list({ states: [], limit: '1' }), { code: 'LOGIN_NEEDED' });
});

test('a user who is taken out of the configuration, or gets another password, is out at once', async (t) => {
  const http = await guardedNode(t);
  const mueller = await loggedIn(http, 'mueller');
  const visitor = await loggedIn(http, 'visitor');
  const changed = [{ ...users[0], password: await hashPassword('another password') }];
  const config = { ...http.config, http: { ...http.config.http, users: changed, tokens: [] } };
  assert.ok((await http.node.reload(async () => ({ config, digest: '1'.repeat(64), source: 'test' }))).taken);
  for (const { cookie } of [mueller, visitor]) assert.equal((await http.get('/api/series', { cookie })).status, 401);
  assert.equal((await http.get('/api/series', { authorization: `Bearer ${tokens.viewer}` })).status, 401);
  const nobody = { ...config, http: { ...config.http, users: [] } };
  assert.ok((await http.node.reload(async () => ({ config: nobody, digest: '2'.repeat(64), source: 'test' }))).taken);
  assert.equal((await http.get('/api/series')).status, 401, 'a node that had users never opens to everybody');
});

test("a proxy's header names the user only when it comes from the proxy", async (t) => {
  const noPassword = [{ name: 'mueller', role: 'operator' } as const];
  const proxy = { userHeader: 'x-remote-user' } as const;
  const trusted = await nodeOverHttp(t, { users: noPassword, proxy: { ...proxy, addresses: ['127.0.0.0/8'] } });
  assert.equal((await trusted.get('/api/series', { 'x-remote-user': 'mueller' })).status, 200);
  assert.equal((await trusted.get('/api/series', { 'x-remote-user': 'stranger' })).status, 403);
  assert.equal((await trusted.get('/api/series')).status, 401);
  const forged = await trusted.post('/api/series/0011223344556677/retry', { headers: { 'x-remote-user': 'mueller' } });
  assert.equal(forged.status, 403, 'the browser sends its proxy login with every page: the token is needed');

  const elsewhere = await nodeOverHttp(t, { users: [...users], proxy: { ...proxy, addresses: ['10.0.0.1'] } });
  assert.equal((await elsewhere.get('/api/series', { 'x-remote-user': 'mueller' })).status, 401);
});

test('a proxy that nobody configured opens nothing', async (t) => {
  const http = await nodeOverHttp(t);
  assert.equal((await http.get('/api/series')).status, 200);
  assert.equal((await http.get('/api/series', { 'x-forwarded-for': '10.9.8.7' })).status, 400);
  const withUsers = await nodeOverHttp(t, { users: [...users] });
  assert.equal((await withUsers.get('/metrics')).status, 200, 'monitoring from this machine');
  assert.equal((await withUsers.get('/metrics', { 'x-forwarded-for': '10.9.8.7' })).status, 401);
});

test('every answer forbids what is not from this node', async (t) => {
  const http = await nodeOverHttp(t);
  for (const path of ['/', '/login', '/api/series', '/nowhere']) {
    const { headers } = await http.get(path);
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/, path);
    assert.match(policy, /script-src 'self'(;|$)/, path);
    assert.match(policy, /frame-ancestors 'none'/, path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
    assert.equal(headers.get('cache-control'), 'no-store', path);
  }
});

test('a route that declares no role keeps the server from starting', async () => {
  const server = Fastify();
  await addAccess(server, { config: () => httpSchema.parse({}), onLogin: () => {}, onLogout: () => {} });
  server.get('/forgotten', async () => 'patient');
  await assert.rejects(async () => server.ready(), { code: 'INTERNAL', message: /\/forgotten/ });
});

test('a session ends when it is not used, and after half a day', () => {
  let now = 0;
  const sessions = new Sessions(
    () => 60,
    () => now,
  );
  const idle = sessions.open('mueller', hash);
  now += 59 * 60_000;
  assert.equal(sessions.find(idle)?.user, 'mueller');
  now += 61 * 60_000;
  assert.equal(sessions.find(idle), undefined);
  const long = sessions.open('mueller', hash);
  for (let minutes = 0; minutes < 12 * 60; minutes += 30) {
    now += 30 * 60_000;
    assert.ok(sessions.find(long));
  }
  now += 60_000;
  assert.equal(sessions.find(long), undefined);
});
