import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { operationsPage } from '../../../docs/generate/operations.ts';
import { errorCodes } from '../../../src/errors.ts';

test('docs/operations.md has every error code with cause and cure, as the catalogue says them', () => {
  const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  assert.equal(page, operationsPage(), 'node docs/generate/operations.ts writes it anew');
  for (const code of errorCodes)
    assert.match(page, new RegExp(`^\\| \`${code}\` \\| [12] \\| .* \\| .{10,} \\| .{5,} \\|$`, 'm'));
});
