import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { checkout } from '../../support/run-program.ts';

test('docs/security.md names only tests that there are', () => {
  const page = readFileSync(`${checkout}docs/security.md`, 'utf8').replaceAll(/\s+/g, ' ');
  const tests = globSync('test/**/*.test.ts', { cwd: checkout });
  const files = [...page.matchAll(/`(?:test\/)?([\w/-]+\.test\.ts)`/g)].map(([, file]) => `test/${file}`);
  assert.ok(files.length > 15);
  for (const file of files) assert.ok(tests.includes(file), file);
  const names = [...page.matchAll(/"([a-z][^"]{12,})"/g)].map(([, name]) => name ?? '');
  assert.ok(names.length > 15);
  const all = [...new Set(files)].map((file) => readFileSync(checkout + file, 'utf8')).join('\n');
  for (const name of names) assert.ok(new RegExp(`test\\(\\s*['"\`]${escape(name)}`).test(all), name);
});

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
