import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isErrorCode } from '../src/errors.ts';
import { ratedWarnings, severityOf, warningSeverities } from '../src/warning.ts';
import { checkout } from './support/run-program.ts';

test('every code that intake and workers warn with has a severity, and none has that nobody warns with', () => {
  const files = globSync('{src,worker}/**/*.ts', { cwd: checkout }).filter((file) => file !== 'src/warning.ts');
  const sources = files
    .map((file) => readFileSync(join(checkout, file), 'utf8'))
    .filter((text) => /[wW]arning/.test(text));
  // An object with `code`, or a call of a local `warn` whose first argument is the code.
  const codes = sources.flatMap((text) =>
    [...text.matchAll(/(?:\bcode: |\bwarn\(\s*)'([A-Z][A-Z_]+)'/g)].map(([, code]) => code!),
  );
  const warned = new Set(codes.filter((code) => !isErrorCode(code) || Object.hasOwn(warningSeverities, code)));
  assert.deepEqual([...warned].toSorted(), Object.keys(warningSeverities).toSorted());
});

test('the gravest stands first, each text once; a code of another version is a warning', () => {
  const warnings = [
    { code: 'REPEAT', text: 'repeats' },
    { code: 'TOUCHES_END', text: 'of an earlier version' },
    { code: 'CUT_SCAN', text: 'cut' },
    { code: 'CUT_SCAN', text: 'cut' },
    { code: 'DERIVED', text: 'derived' },
  ];
  assert.deepEqual(
    ratedWarnings(warnings).map(({ severity, text }) => `${severity} ${text}`),
    ['check cut', 'warning of an earlier version', 'warning derived', 'notice repeats'],
  );
  assert.equal(severityOf({ code: 'toString' }), 'warning');
});
