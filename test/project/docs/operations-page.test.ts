import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { operationsPage } from '../../../docs/generate/operations.ts';
import { operationsInChinese } from '../../../docs/generate/operations-zh-cn.ts';
import { errorCodes } from '../../../src/errors.ts';

test('the Chinese page of operations is the same page', () => {
  const page = readFileSync(new URL('../../../docs/zh-CN/operations.md', import.meta.url), 'utf8');
  assert.equal(page, operationsPage(operationsInChinese), 'node docs/generate/operations.ts writes it anew');
  const headings = (text: string): number => [...text.matchAll(/^## /gm)].length;
  assert.equal(headings(page), headings(operationsPage()));
});

test('docs/operations.md has every error code with cause and cure, as the catalogue says them', () => {
  const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  assert.equal(page, operationsPage(), 'node docs/generate/operations.ts writes it anew');
  for (const code of errorCodes)
    assert.match(page, new RegExp(`^\\| \`${code}\` \\| [12] \\| .* \\| .{10,} \\| .{5,} \\|$`, 'm'));
});
