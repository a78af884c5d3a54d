import { test } from 'node:test';
import assert from 'node:assert/strict';
import { AssociationRejected } from '../../src/dimse/scu/association-rejected.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { languages, textsFor, textsIn } from '../../src/http/texts/choose-language.ts';
import { nodeOverHttp } from './running-http.ts';

type Tree = string | ((...args: never[]) => string) | { readonly [key: string]: Tree };

/** Every path of a text to what stands there; functions are called with numbers, which every text takes. */
function flatten(tree: Tree, path = ''): [string, string][] {
  if (typeof tree === 'string') return [[path, tree]];
  if (typeof tree === 'function') return [[path, (tree as (...args: unknown[]) => string)(3, 4, 5)]];
  return Object.entries(tree).flatMap(([key, value]) => flatten(value, `${path}.${key}`));
}

test('no text is missing in any language, and the Chinese pages are in Chinese', () => {
  const { remedy: _, ...english } = textsIn('en');
  const { remedy: __, ...chinese } = textsIn('zh-CN');
  const [en, zh] = [new Map(flatten(english as unknown as Tree)), new Map(flatten(chinese as unknown as Tree))];
  assert.deepEqual([...zh.keys()].toSorted(), [...en.keys()].toSorted());
  // Names, units and keys stay; every sentence is another one.
  const same = [...en].filter(([path, text]) => zh.get(path) === text && text.length > 4).map(([path]) => path);
  assert.deepEqual(same, ['.product', '.utc']);
  for (const [path, text] of zh) if ((en.get(path) ?? '') !== '') assert.notEqual(text, '', path);
  const sentences = [...zh.values()].filter((text) => text.length > 12);
  assert.ok(sentences.length > 30);
  for (const text of sentences) assert.match(text, /\p{Script=Han}/u);
});

test('the usual remedy of an error is told in Chinese; one that says more stays as it is', () => {
  const { remedy } = textsIn('zh-CN');
  assert.match(remedy(new ContourNodeError('DISK_FULL', 'full')), /磁盘/);
  assert.equal(remedy(new ContourNodeError('DISK_FULL', 'full', { remedy: 'ask Ann' })), 'ask Ann');
  assert.equal(remedy({ code: 'OF_A_NEWER_NODE', remedy: 'read on' }), 'read on');
  const peer = { aeTitle: 'TPS', host: 'tps', port: 104 };
  const rejected = new AssociationRejected(peer, { result: 1, source: 1, reason: 7 });
  assert.match(remedy(rejected), /更正 peers\[\]\.aeTitle/);
});

test('the browser says which language, the switch overrules it', () => {
  const language = (accepted: string, cookie?: string): string =>
    textsFor({
      headers: { 'accept-language': accepted },
      cookies: cookie === undefined ? {} : { language: cookie },
    }).language;
  assert.equal(language('zh-CN,zh;q=0.9,en;q=0.8'), 'zh-CN');
  assert.equal(language('de-DE, en;q=0.4, zh-TW;q=0.7'), 'zh-CN');
  assert.equal(language('fr, en-GB;q=0.9, zh;q=0'), 'en');
  assert.equal(language(''), 'en');
  assert.equal(language('zh-CN', 'en'), 'en');
  assert.equal(language('en', 'zh-CN'), 'zh-CN');
  assert.equal(language('en', '__proto__'), 'en');
});

test('the switch leads back to the page that was open, and never to another site', async (t) => {
  const { node } = await nodeOverHttp(t);
  const url = node.httpUrl;
  const follow = (code: string, referer?: string) =>
    fetch(`${url}/language/${code}`, { redirect: 'manual', ...(referer && { headers: { referer } }) });
  const chosen = await follow('zh-CN', `${url}/quality?metric=hd95`);
  assert.equal(chosen.status, 303);
  assert.equal(chosen.headers.get('location'), '/quality?metric=hd95');
  const cookie = /language=zh-CN/.exec(chosen.headers.get('set-cookie') ?? '');
  assert.ok(cookie !== null);
  assert.equal((await follow('zh-CN', 'http://elsewhere.example/x')).headers.get('location'), '/');
  const unknown = await follow('xx');
  assert.equal(unknown.headers.get('set-cookie'), null);
  const page = await (await fetch(`${url}/`, { headers: { accept: 'text/html', cookie: cookie[0] } })).text();
  assert.match(page, /<html lang="zh-CN">/);
  assert.match(page, /工作列表/);
  for (const [code, name] of Object.entries(languages))
    assert.equal(page.includes(`href="/language/${code}"`), code !== 'zh-CN', name);
});
