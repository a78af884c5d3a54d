import { test } from 'node:test';
import assert from 'node:assert/strict';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';
import { sharedData } from '../support/shared-data.ts';

const data = sharedData('ct-geometry');

test(
  'series that make no volume are taken with 0x0000, kept, and rejected with the reason in words',
  { skip: data === undefined && '../shared/data is not there' },
  async (t) => {
    const node = await startRunningNode(t, { intake: { minimumSlices: 3 } });
    for (const folder of ['ge-tilt-two-spacings', 'ge-duplicate-positions']) {
      const sent = await runProgram('storescu', [
        '-v',
        '-aec',
        'CONTOUR',
        '+sd',
        '127.0.0.1',
        String(node.dicomPort),
        `${data}/${folder}`,
      ]);
      assert.equal(sent.code, 0, sent.stderr);
      const responses = [...`${sent.stdout}${sent.stderr}`.matchAll(/Received Store Response \((.*)\)/g)].map(
        (match) => match[1],
      );
      assert.ok(responses.length >= 11 && responses.every((status) => status === 'Success'), responses.join());
    }
    const series = await node.settled(2, ['rejected'], 60);
    const messages = series.map((one) => one.problem?.message ?? '').sort();
    assert.equal(messages.filter((message) => /tilt|shear/i.test(message)).length, 1, messages.join('; '));
    assert.equal(messages.filter((message) => /position|gap/i.test(message)).length >= 1, true, messages.join('; '));
    assert.ok(series.every((one) => (one.problem?.remedy ?? '') !== ''));
  },
);
