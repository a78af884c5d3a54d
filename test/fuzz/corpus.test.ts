import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fuzz } from './fuzz.ts';
import { mutated } from './mutate.ts';
import { harm } from './targets/harmful.ts';

/** A small fixed corpus: the first inputs of seed 1. `npm run test:long` goes on behind them (everything.long.ts). */
const corpus: Record<string, number> = {
  'ct-image': 150,
  'structure-set': 150,
  'commitment-request': 100,
  configuration: 20,
  bundle: 50,
  checkpoint: 300,
  'onnx-graph': 30,
  'association-pdus': 40,
  'dimse-commands': 20,
  commitments: 20,
  'commitment-answers': 10,
  'delivery-answers': 10,
  'count-answers': 10,
  'http-requests': 40,
};

describe('damaged input', { concurrency: 2 }, () => {
  for (const [target, count] of Object.entries(corpus)) {
    test(`${target}: neither crash nor hang, only what the catalogue, DICOM or HTTP has an answer for`, async () => {
      assert.deepEqual(await fuzz(target, { seed: 1, count }), []);
    });
  }
});

test('a wrong exception, a crash, an endless loop, memory without bounds and a print are found, with the input', async () => {
  const words = {
    exception: /thrown/,
    crash: /ended with 3/,
    loop: /no end within/,
    memory: /MB resident/,
    print: /^printed: A/,
  };
  const sample: [Buffer] = [Buffer.from('abcdefgh')];
  for (const kind of ['exception', 'crash', 'loop', 'memory', 'print'] as const) {
    let index = 0;
    while (mutated(sample, 3, index)[0] !== harm[kind]) index++;
    const [finding] = await fuzz('harmful', { seed: 3, from: index, count: 1, seconds: kind === 'loop' ? 2 : 60 });
    assert.equal(finding?.index, index, kind);
    assert.match(finding.words, words[kind]);
  }
});
