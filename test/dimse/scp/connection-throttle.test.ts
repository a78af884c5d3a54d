import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionThrottle } from '../../../src/dimse/scp/connection-throttle.ts';

function logged(): { refusals: ConnectionThrottle; lines: string[] } {
  const lines: string[] = [];
  const warn = (_fields: object, message: string): void => void lines.push(message);
  return { refusals: new ConnectionThrottle({ debug: warn, info: warn, warn }), lines };
}

test('a peer that finds no room again and again is not made to wait when there is some', () => {
  const { refusals } = logged();
  for (let i = 0; i < 100; i++) refusals.add({ address: '10.0.0.5', words: 'no room', transient: true });
  assert.equal(refusals.makesWait('10.0.0.5'), false);
  for (let i = 0; i < 11; i++) refusals.add({ address: '10.0.0.5', words: 'no DICOM' });
  assert.equal(refusals.makesWait('10.0.0.5'), true);
  assert.equal(refusals.makesWait('10.0.0.6'), false);
});

test('refusals from a hundred thousand addresses neither fill the memory nor the log', () => {
  const { refusals, lines } = logged();
  for (let i = 0; i < 100_000; i++)
    refusals.add({ address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, words: 'no peer' });
  assert.ok(lines.length < 1100, `${lines.length} lines`);
  refusals.close();
  assert.equal(lines.at(-1), 'connections refused or aborted within a minute');
});
