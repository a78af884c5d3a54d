import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IntakeHarness, range } from '../intake-harness.ts';

const sagittal = [0, 1, 0, 0, 0, -1];

test('a scout and a dose report that come as series of their own end quietly; an axial image that joins them does not', async (t) => {
  const [scout, report] = ['1.2.826.8.1', '1.2.826.8.2'];
  const bench = await IntakeHarness.open(t);
  const localiser = { imageType: 'ORIGINAL\\PRIMARY\\LOCALIZER', orientation: sagittal };
  await bench.sendAll(scout, range(1, 2), 'released', localiser);
  await bench.sendAll(report, [1], 'released', { imageType: 'DERIVED\\SECONDARY\\DOSE_INFO' });
  await bench.pass(21);
  const [first, second] = [bench.show(scout), bench.show(report)];
  assert.deepEqual([first.state, first.problem?.message], ['nothing to contour', 'nothing to contour: localiser']);
  assert.deepEqual([second.state, second.problem?.code], ['nothing to contour', 'SERIES_REPORT']);
  assert.equal(first.history.at(-1)?.text, 'nothing to contour: localiser');
  assert.deepEqual(bench.store.counts()['nothing to contour'], 2);

  await bench.sendAll(scout, range(3, 14));
  await bench.pass(21);
  assert.deepEqual([bench.show(scout).state, bench.show(scout).revision], ['unrouted', 1]);
});
