import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { textsIn } from '../../../src/http/texts/choose-language.ts';
import { warningsPage } from '../../../docs/generate/warnings.ts';
import { warningSeverities } from '../../../src/warning.ts';

const page = (path: string): string => readFileSync(new URL(`../../../docs/${path}`, import.meta.url), 'utf8');

test('the daily page has the keys of the viewer, as the viewer itself shows them', () => {
  for (const [language, path] of [
    ['en', 'daily.md'],
    ['zh-CN', 'zh-CN/daily.md'],
  ] as const) {
    const text = page(path);
    for (const [keys, what] of textsIn(language).viewer.helpRows)
      assert.ok(text.includes(`| ${keys} | ${what} |`), `${path}: ${keys}`);
  }
});

test('the page of warnings explains each one, in both languages: else run `node docs/generate/warnings.ts`', () => {
  const [english, chinese] = [page('warnings.md'), page('zh-CN/warnings.md')];
  assert.equal(english, warningsPage('en'));
  assert.equal(chinese, warningsPage('zh-CN'));
  const codes = (text: string): string[] => [...text.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code!);
  assert.deepEqual(codes(english).toSorted(), Object.keys(warningSeverities).toSorted());
  assert.deepEqual(codes(chinese), codes(english));
});

test('every page for the physicist is there in Chinese, with the same sections', () => {
  const headings = (text: string): number => [...text.matchAll(/^## /gm)].length;
  for (const name of ['daily', 'warnings', 'connect-a-scanner', 'connect-a-tps', 'operations'])
    assert.equal(headings(page(`zh-CN/${name}.md`)), headings(page(`${name}.md`)), name);
});
