import { test } from 'node:test';
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssociationRejected } from '../../src/dimse/scu/association-rejected.ts';
import { ContourNodeError, type ErrorCode, errorCodes } from '../../src/errors.ts';
import { problemFrom } from '../../src/problem.ts';
import type { JournalEvent } from '../../src/store/events.ts';
import type { Texts } from '../../src/http/texts/texts.ts';
import { checkout } from '../support/run-program.ts';
import { languages, textsFor, textsIn } from '../../src/http/texts/choose-language.ts';
import { phrasesInEnglish } from '../../src/http/texts/phrases-zh-cn.ts';
import { nodeOverHttp } from './running-http.ts';

type Tree = string | ((...args: never[]) => string) | { readonly [key: string]: Tree };

/** Every path of a text to what stands there; functions are called with numbers, which every text takes. */
function flatten(tree: Tree, path = ''): [string, string][] {
  if (typeof tree === 'string') return [[path, tree]];
  if (typeof tree === 'function') return [[path, (tree as (...args: unknown[]) => string)(3, 4, 5)]];
  return Object.entries(tree).flatMap(([key, value]) => flatten(value, `${path}.${key}`));
}

/** What errors, warnings and events say has tests of its own. */
function withoutTold(texts: Texts): object {
  const told: readonly (keyof Texts)[] = [
    'patientName',
    'remedy',
    'problem',
    'imageReason',
    'warning',
    'historySentence',
  ];
  return Object.fromEntries(Object.entries(texts).filter(([name]) => !told.includes(name as keyof Texts)));
}

test('no text is missing in any language, and the Chinese pages are in Chinese', () => {
  const english = withoutTold(textsIn('en'));
  const chinese = withoutTold(textsIn('zh-CN'));
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

test('what places word themselves is told in Chinese, as they word it', () => {
  const { remedy, problem, imageReason } = textsIn('zh-CN');
  const said = problem({
    code: 'SENDER_REFUSED',
    message: 'a sender (10.0.0.7) was refused 3 times in 24 hours: no peer calls from this address',
  });
  assert.equal(said, '发送方（10.0.0.7）在 24 小时内被拒绝 3 次：没有登记使用该地址的对方');
  assert.equal(imageReason('up to 12.5 mm beside the others'), '与其余图像最多相距 12.5 mm');
  assert.equal(imageReason('something new'), 'something new');
  const { warning } = textsIn('zh-CN');
  const volume = { code: 'VOLUME', text: 'Mandible: 37.1 cm3, in the training data at most 34.6 cm3' };
  assert.equal(warning(volume), '体积超出训练数据的范围（Mandible：37.1 cm3，训练数据中至多 34.6 cm3）');
  const cut = { code: 'CUT_SCAN', text: 'GTVp: the scan ends inside it at the head end, so it is cut' };
  assert.match(warning(cut), /（GTVp：扫描在头端于该结构内结束，结构被截断）$/);

  const source = programText(['src/**/*.ts', 'worker/**/*.ts'], ['src/http/texts/**']).replaceAll("\\'", "'");
  // The longest clause without a value: shorter ones may be put together where they are said.
  const clauses = phrasesInEnglish.map((phrase) =>
    phrase
      .split(/\{\d\}|[,;:()]/)
      .reduce((longest, one) => (one.length > longest.length ? one : longest))
      .trim(),
  );
  const unsaid = clauses.filter((clause) => clause.length > 21 && !source.includes(clause));
  assert.deepEqual(unsaid, [], 'no place says this any more');

  // Of commands that are typed: they speak English.
  const commands = ['reload-socket', 'read-ct-folder', 'read-rtstruct', 'peer-address', 'find-instances', 'server'];
  const rooms = ['intake', 'dicom', 'dimse', 'http'].map((room) => `src/${room}/**/*.ts`);
  const shown = programText(rooms, [
    'src/http/texts/**',
    'src/dimse/scp/*',
    ...commands.map((name) => `src/**/${name}.ts`),
  ]);
  const remedies = [...shown.matchAll(/\bremedy(?::| =)\s*(['"`])(.+?)\1/g)].map(([, , text]) => text!);
  assert.ok(remedies.length > 20);
  const english = remedies.filter((text) => {
    const filled = text.replaceAll(/\$\{[^}]*\}/g, 'X');
    return !/\p{Script=Han}/u.test(remedy({ code: 'OF_A_PLACE', remedy: filled }));
  });
  assert.deepEqual(english, []);
});

test('every error and every warning is told in Chinese, with the values of its own line', () => {
  const { problem, warning } = textsIn('zh-CN');
  for (const code of errorCodes) assert.match(problem({ code, message: '10 mm' }), /\p{Script=Han}.*（10 mm）$/u, code);
  assert.equal(problem({ code: 'OF_A_NEWER_NODE', message: 'as it is' }), 'as it is');
  assert.equal(warning({ code: 'constructor', text: 'as it is' }), 'as it is');
  const codes = warningCodes();
  assert.ok(codes.size > 30 && codes.has('COUNT_NOT_CONFIRMED') && codes.has('CT_TISSUE'), [...codes].join(' '));
  for (const code of codes) assert.match(warning({ code, text: '10 mm' }), /\p{Script=Han}.*（10 mm）$/u, code);
});

test('a Chinese page has the Chinese writing of a name first', () => {
  const { patientName } = textsIn('zh-CN');
  assert.equal(patientName('Wang XiaoDong = 王 小东'), '王 小东 = Wang XiaoDong');
  assert.equal(patientName('Müller Anna'), 'Müller Anna');
  assert.equal(textsIn('en').patientName('Wang XiaoDong = 王 小东'), 'Wang XiaoDong = 王 小东');
});

test('the history of a series is told in Chinese', () => {
  const at = '2026-11-03T08:00:00.000Z';
  const say = textsIn('zh-CN').historySentence;
  const problemOf = (code: ErrorCode, message: string) => problemFrom(new ContourNodeError(code, message));
  const events: JournalEvent[] = [
    { kind: 'association', at, association: 'a', callingAe: 'CT99', calledAe: 'CONTOUR', address: '10.0.0.5' },
    { kind: 'rejected', at, files: [], problem: problemOf('SERIES_MISSING_SLICE', 'gap of 10.0 mm') },
    { kind: 'revision', at, revision: 2, files: ['a', 'b'], warnings: [{ code: 'LOSSY', text: '2 of 2 slices' }] },
    { kind: 'contour try', at, order: '0123456789abcdef', try: 3 },
    { kind: 'notified', at, channel: 'mail', notice: 'failed-1' },
    { kind: 'confirmed', at, structureSet: '0123456789abcdef', confirmed: true, by: 'ann' },
  ];
  assert.deepEqual(events.map(say), [
    'CT99（10.0.0.5）开始发送图像，被叫 AE 标题 CONTOUR',
    '已拒绝：缺少层面（gap of 10.0 mm）',
    '修订 2：2 幅图像；部分层面经过有损压缩（2 of 2 slices）',
    '勾画第 3 次尝试：排队中',
    '已通知 mail：failed',
    'ann 确认一个结构集：计入统计',
  ]);
});

test('a program gets an error in English unless it asks for Chinese', async (t) => {
  const node = await nodeOverHttp(t);
  const answer = async (language: string) =>
    ((await (await node.get('/api/series/0123456789abcdef', { 'accept-language': language })).json()) as ErrorAnswer)
      .error;
  assert.match((await answer('*')).message, /^no such series$/);
  const { code, message, remedy } = await answer('zh-CN');
  assert.equal(code, 'NOT_FOUND');
  assert.equal(message, '不存在（no such series）');
  assert.match(remedy, /^见 /);
});

interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string };
}

/** Codes of warnings as the program's text has them: `{ code: 'LOSSY', text`, `warn('CT_TISSUE',`. */
function warningCodes(): Set<string> {
  const text = programText(['src/**/*.ts', 'worker/**/*.ts']);
  return new Set(
    [...text.matchAll(/\bcode: '([A-Z_]+)',\s*text\b|\bwarn\(\s*'([A-Z_]+)'/g)].map(
      ([, one, other]) => (one ?? other)!,
    ),
  );
}

function programText(patterns: string[], exclude: string[] = []): string {
  const files = globSync(patterns, { cwd: checkout, exclude });
  return files.map((file) => readFileSync(join(checkout, file), 'utf8')).join('\n');
}

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
