import { test } from 'node:test';
import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import { nodeOverHttp } from './running-http.ts';

test('a page hears of a series that arrives, and the worklist finds it by sender, state and words', async (t) => {
  const http = await nodeOverHttp(t);
  const ending = new AbortController();
  const events = await fetch(`${http.node.httpUrl}/events`, { signal: ending.signal });
  assert.equal(events.headers.get('content-type'), 'text/event-stream');
  let heard = '';
  const listening = (async () => {
    for await (const chunk of events.body!) heard += Buffer.from(chunk).toString();
  })().catch(() => undefined);
  await http.send(1);
  const key = await eventually('the key of the series', 20, () => /data: \["([0-9a-f]{16})"\]/.exec(heard)?.[1]);
  ending.abort();
  await listening;
  await eventually('it is unrouted', 20, () => (http.node.series.show(key)?.state === 'unrouted' ? true : undefined));

  const rows = async (query: string) => (await (await http.get(`/${query}`)).text()).includes(`id="series-${key}"`);
  for (const query of ['', '?state=unrouted', '?sender=SCANNER', '?search=scann', '?group=attention', '?days=1'])
    assert.equal(await rows(query), true, query);
  for (const query of ['?state=failed', '?sender=OTHER', '?search=100%25', '?bundle=x', '?group=done', '?page=2'])
    assert.equal(await rows(query), false, query);
  assert.equal(await rows('?state=nonsense&days=-1&page=x'), true, 'what makes no sense is passed over');
});

test('pages take nothing from elsewhere and nothing inline; an unchanged file is not sent twice', async (t) => {
  const http = await nodeOverHttp(t);
  const page = await http.get('/', { accept: 'text/html' });
  const policy = page.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe|http/);
  const text = await page.text();
  const files = [...text.matchAll(/(?:src|href)="([^"#?]*)"/g)].map((match) => match[1]!);
  assert.ok(files.some((file) => file.endsWith('.css')) && files.some((file) => file.endsWith('.js')));
  for (const file of files) assert.match(file, /^\//, file);
  assert.doesNotMatch(text, /<style|\sstyle=|\son\w+=|<script(?![^>]*(src=|application\/json))/);
  const first = await http.get('/assets/page.css');
  const again = await http.get('/assets/page.css', { 'if-none-match': first.headers.get('etag') ?? '' });
  assert.equal(again.status, 304);
  const missing = await http.get('/nothing', { accept: 'text/html' });
  assert.equal(missing.status, 404);
  assert.match(await missing.text(), /NOT_FOUND/);
});
