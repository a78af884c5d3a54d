import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { configurationPage } from '../../docs/generate/configuration.ts';

test('docs/configuration.md is what the schema says, and every key is explained', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(page, configurationPage());
  const unexplained = page.split('\n').filter((line) => /^\| `.*\|\s*\|$/.test(line));
  assert.deepEqual(unexplained, []);
});
