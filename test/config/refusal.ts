import assert from 'node:assert/strict';
import { parseConfig } from '../../src/config/load.ts';
import { ContourNodeError } from '../../src/errors.ts';

/** The message with which a configuration is refused. */
export function refusal(text: string): string {
  try {
    parseConfig(text, 'clinic.yaml');
  } catch (error) {
    assert.ok(error instanceof ContourNodeError);
    assert.equal(error.code, 'CONFIG_INVALID');
    assert.equal(error.exitCode, 2);
    return error.message;
  }
  return assert.fail('taken although it is wrong');
}
