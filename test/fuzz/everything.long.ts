import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './fuzz.ts';

/** More than 100,000 inputs in all. FUZZ_SEED takes other ones; docs/reliability.md tells which were tried. */
const counts: Record<string, number> = {
  'ct-image': 30_000,
  'structure-set': 30_000,
  'commitment-request': 8_000,
  configuration: 6_000,
  bundle: 10_000,
  checkpoint: 50_000,
  'onnx-graph': 5_000,
  'association-pdus': 8_000,
  'dimse-commands': 6_000,
  commitments: 3_000,
  'commitment-answers': 2_000,
  'delivery-answers': 2_000,
  'count-answers': 2_000,
  'http-requests': 5_000,
  'http-logins': 3_000,
};
const seed = Number(process.env['FUZZ_SEED'] ?? 1);

for (const [target, count] of Object.entries(counts)) {
  test(`${target}: ${count} damaged inputs of seed ${seed}`, async () => {
    assert.deepEqual(await fuzz(target, { seed, count }), []);
  });
}
