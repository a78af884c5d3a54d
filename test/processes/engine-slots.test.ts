import { existsSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { workResultSchema } from '../../src/work/work-result.ts';
import type { ProgressReport } from '../../src/work/progress.ts';
import { EngineSlots, type SlotOptions } from '../../worker/processes/engine-slots.ts';
import { silentLog } from '../jobs/running-redis.ts';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { lives } from '../support/lives.ts';
import { type Prepared, prepared } from './prepared.ts';

function slots(t: TestContext, { settings }: Prepared, changes: Partial<SlotOptions> = {}): EngineSlots {
  const engines = new EngineSlots(
    { slots: 1, settings, timeoutMinutes: 5, recycleMegabytes: 4000, ...changes },
    silentLog,
  );
  afterwards(t, () => engines.stop());
  return engines;
}

/** A pid, once there is one that is not `old`. */
function replaced(engines: EngineSlots, old: number | undefined): Promise<number> {
  return eventually('another engine process', 60, () => engines.pids.find((pid) => pid !== old));
}

test('an order is drawn by the engine process, with progress, and the process stays for the next', async (t) => {
  const { order, ...rest } = await prepared(t);
  const engines = slots(t, { order, ...rest });
  await engines.start();
  const [pid] = engines.pids;
  assert.ok(pid !== undefined && pid !== process.pid);
  const progress: ProgressReport[] = [];
  const summary = await engines.contour(order.payload, (now) => progress.push(now));
  assert.equal(summary.status, 'contoured');
  const result = workResultSchema.parse(JSON.parse(await readFile(join(order.folder, 'result.json'), 'utf8')));
  assert.deepEqual(result.timings, summary.timings);
  assert.equal(result.structureSets.length, 1);
  assert.ok(progress.some(({ stage }) => stage === 'inference'));
  assert.ok(
    progress.every(({ fraction }, i) => fraction >= (progress[i - 1]?.fraction ?? 0)),
    'progress never goes back',
  );
  assert.deepEqual(engines.pids, [pid]);
});

test('an engine process that dies fails only its try; the next one is drawn by a new process', async (t) => {
  const { order, ...rest } = await prepared(t);
  const engines = slots(t, { order, ...rest });
  await engines.start();
  const [pid] = engines.pids;
  process.kill(pid!, 'SIGSTOP');
  const failing = engines.contour(order.payload, () => undefined);
  process.kill(pid!, 'SIGKILL');
  await assert.rejects(failing, { code: 'ENGINE_FAILED', message: /SIGKILL/ });
  assert.equal(existsSync(join(order.folder, 'result.json')), false);
  assert.equal((await engines.contour({ ...order.payload, try: 2 }, () => undefined)).status, 'contoured');
  assert.notEqual(engines.pids[0], pid);
});

test('an engine process that hangs is killed when its time is over', async (t) => {
  const { order, ...rest } = await prepared(t);
  const engines = slots(t, { order, ...rest });
  await engines.start();
  const [pid] = engines.pids;
  await engines.reconfigure({ slots: 1, settings: rest.settings, timeoutMinutes: 0.005, recycleMegabytes: 4000 });
  process.kill(pid!, 'SIGSTOP');
  await assert.rejects(
    engines.contour(order.payload, () => undefined),
    { code: 'ENGINE_TIMEOUT' },
  );
  await eventually('the hanging process is gone', 20, () => (lives(pid!) ? undefined : true));
});

test('an engine process that has grown too large is replaced after its job', async (t) => {
  const { order, ...rest } = await prepared(t);
  const engines = slots(t, { order, ...rest }, { recycleMegabytes: 10 });
  await engines.start();
  const [pid] = engines.pids;
  assert.equal((await engines.contour(order.payload, () => undefined)).status, 'contoured');
  await replaced(engines, pid);
  await eventually('the large one is gone', 20, () => (lives(pid!) ? undefined : true));
});

test('an idle engine process that dies is replaced, and a job meanwhile waits for the new one', async (t) => {
  const { order, ...rest } = await prepared(t);
  const engines = slots(t, { order, ...rest });
  await engines.start();
  const [pid] = engines.pids;
  process.kill(pid!, 'SIGKILL');
  await eventually('it is gone', 20, () => (engines.pids.includes(pid!) ? undefined : true));
  assert.equal((await engines.contour(order.payload, () => undefined)).status, 'contoured');
});

test('it is ready only once a bundle has run: a models folder that comes later is found', async (t) => {
  const { order, modelsDirectory, settings, bundle, ...rest } = await prepared(t);
  const later = join(rest.dataDirectory, 'models');
  const engines = slots(t, {
    order,
    modelsDirectory,
    bundle,
    ...rest,
    settings: { ...settings, modelsDirectory: later },
  });
  let ready = false;
  const started = engines.start().then(() => (ready = true));
  await eventually('a first process has come and gone', 60, () => (engines.pids.length > 0 ? true : undefined));
  await eventually('it was refused', 60, () => (engines.pids.length === 0 ? true : undefined));
  assert.equal(ready, false);
  await cp(bundle.directory, join(later, 'threshold'), { recursive: true });
  await started;
  assert.equal((await engines.contour(order.payload, () => undefined)).status, 'contoured');
});

test('an order that cannot be drawn fails with its own code, and the process goes on', async (t) => {
  const { order, ...rest } = await prepared(t);
  const engines = slots(t, { order, ...rest });
  await engines.start();
  await assert.rejects(
    engines.contour({ ...order.payload, revision: 9 }, () => undefined),
    { code: 'DATA_DIRECTORY' },
  );
  assert.equal((await engines.contour(order.payload, () => undefined)).status, 'contoured');
});

test('a bundle whose folder got another name is found by its digest', async (t) => {
  const { order, ...rest } = await prepared(t);
  await cp(rest.bundle.directory, join(rest.modelsDirectory, 'threshold-1.0.0'), { recursive: true });
  await rm(rest.bundle.directory, { recursive: true });
  const engines = slots(t, { order, ...rest, settings: { ...rest.settings, warmUp: [] } });
  await engines.start();
  assert.equal((await engines.contour(order.payload, () => undefined)).status, 'contoured');
});

test('a damaged bundle is named, and used once it is repaired', async (t) => {
  const { bundle, ...rest } = await prepared(t);
  const whole = `${bundle.directory}.whole`;
  await cp(bundle.directory, whole, { recursive: true });
  const file = join(bundle.directory, bundle.manifest.files.model.path);
  await writeFile(file, 'damaged');
  const engines = slots(t, { bundle, ...rest });
  const started = engines.start();
  const named = await eventually('it is named', 60, () => engines.problems[0]);
  assert.equal(named.code, 'BUNDLE_DIGEST');
  assert.match(named.message, new RegExp(`of the model ${bundle.manifest.name} is not the file`));
  await cp(whole, bundle.directory, { recursive: true, force: true });
  await started;
  assert.deepEqual(engines.problems, []);
});
