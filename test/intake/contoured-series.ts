import type { CtSlice } from '../support/ct-slice.ts';
import { type IntakeHarness, range } from './intake-harness.ts';

/** Of every series that was recorded so. */
export const contouredOrder = 'abcdefabcdef0001';

/** A series of 12 slices that a bundle `one` has contoured; no worker had to do with it. */
export async function recordContoured(
  bench: IntakeHarness,
  series: string,
  changes: Partial<CtSlice> = {},
): Promise<void> {
  await bench.sendAll(series, range(1, 12), 'released', changes);
  await bench.pass(21);
  const key = bench.keyOf(series);
  bench.store.record(key, {
    kind: 'ordered',
    revision: 1,
    route: 'all',
    priority: 'normal',
    orders: [{ order: contouredOrder, bundle: { name: 'one', version: '1.0.0' }, deliveries: [] }],
    problems: [],
    superseded: [],
  });
  bench.store.record(key, {
    kind: 'result',
    order: contouredOrder,
    status: 'contoured',
    profiles: [],
    rois: [],
    timings: [],
    warnings: [],
  });
}
