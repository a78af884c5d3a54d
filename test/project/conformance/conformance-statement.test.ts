import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { conformanceStatement } from '../../../docs/generate/conformance-statement.ts';
import { backingTests } from '../../../docs/generate/conformance-tests.ts';

const page = readFileSync(new URL('../../../docs/conformance-statement.md', import.meta.url), 'utf8');

/** Sections that promise how the node acts on the network or what it writes. */
const promising = /^(4\.2\.1|4\.2\.2\.\d|4\.2\.3\.\d|4\.2\.4(\.\d)?|6|8\.1\.\d)$/;

test('docs/conformance-statement.md is what the code does (node docs/generate/conformance-statement.ts)', () => {
  assert.equal(page, conformanceStatement());
});

test('every section that promises something is backed by a test, and every test names a section that is there', () => {
  const sections = [...page.matchAll(/^#+ (\d[\d.]*) /gm)].map((match) => match[1] ?? '');
  const backed = new Set(backingTests().map(({ section }) => section));
  assert.deepEqual(
    sections.filter((section) => promising.test(section) && !backed.has(section)),
    [],
  );
  assert.deepEqual(
    [...backed].filter((section) => !sections.includes(section)),
    [],
  );
});
