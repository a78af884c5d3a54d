import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockWatch } from '../../../src/intake/upkeep/clock-watch.ts';
import { isToWait } from '../../../src/retries.ts';
import { createLog } from '../../../src/log.ts';
import { ManualClock } from '../intake-harness.ts';

test('a clock that is set back is noticed once, and stands in the log', (t) => {
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = createLog({ logging: { level: 'info' } }, 'test', { write: (line: string) => void lines.push(line) });
  let times = 0;
  const watch = new ClockWatch({ clock, log, onSetBack: () => times++ });
  t.after(() => watch.close());
  clock.pass(60);
  assert.deepEqual(lines, []);
  clock.setBack(3600);
  clock.pass(60);
  assert.equal(times, 1);
  assert.match(lines.join(''), /"seconds":-3600,"message":"the clock of this machine was set back"/);
  clock.setBack(-7200);
  clock.pass(60);
  assert.equal(times, 1, 'a clock that is set forward leaves nothing to wait for');
  assert.match(lines.join(''), /set forward/);
});

test('a try waits no longer than its delay, whatever the clock says', () => {
  const at = '2026-11-24T12:00:00.000Z';
  const now = (time: string): number => Date.parse(`2026-11-24T${time}Z`);
  assert.equal(isToWait(undefined, now('11:00:00'), 60_000), false);
  assert.equal(isToWait(at, now('11:59:00'), 60_000), true);
  assert.equal(isToWait(at, now('12:00:00'), 60_000), false);
  assert.equal(isToWait(at, now('11:58:59'), 60_000), false);
});
