import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../support/threshold-bundle.ts';
import { IntakeHarness, range, writeBundleManifest } from '../intake-harness.ts';

const a = '1.2.826.4.1';

test('whatever an event was the last one on disk, the node goes on to the same revision and the same order', async (t) => {
  const models = await temporaryFolder(t);
  await writeBundleManifest(models, 'one');
  const config = { models: { directory: models }, routes: [{ name: 'all', models: ['one'] }] };
  const whole = await IntakeHarness.open(t, { config });
  await whole.sendAll(a, range(1, 12));
  await whole.pass(21);
  const expected = whole.show(a);
  assert.deepEqual(
    expected.history.map(({ kind }) => kind),
    ['association', 'association ended', 'revision', 'ordered'],
  );
  await whole.crash();
  const journal = join('series', whole.keyOf(a), 'journal.jsonl');
  const manifest = join('series', whole.keyOf(a), 'revision-1', 'manifest.json');
  const lines = (await readFile(join(whole.dataDirectory, journal), 'utf8')).split('\n').slice(0, -1);

  for (let kept = 1; kept <= lines.length; kept++) {
    for (const torn of ['', '{"kind":"rev']) {
      const dataDirectory = await mkdtemp(join(tmpdir(), 'contour-node-crash-'));
      await cp(whole.dataDirectory, dataDirectory, { recursive: true });
      await writeFile(join(dataDirectory, journal), `${lines.slice(0, kept).join('\n')}\n${torn}`);
      const bench = await IntakeHarness.open(t, { config, dataDirectory, clock: whole.clock });
      await bench.pass(60);
      if (kept === 1) {
        // The association was not over: its sender has to repeat it.
        assert.equal(bench.show(a).state, 'incomplete');
        await bench.sendAll(a, range(1, 12));
        await bench.pass(21);
      }
      const shown = bench.show(a);
      assert.deepEqual(
        [shown.state, shown.revision, shown.images, shown.orders.map(({ order }) => order)],
        [expected.state, 1, 12, expected.orders.map(({ order }) => order)],
        `after ${kept} events`,
      );
      assert.equal(
        await readFile(join(dataDirectory, manifest), 'utf8'),
        await readFile(join(whole.dataDirectory, manifest), 'utf8'),
      );
      await bench.crash();
    }
  }
});

test('an image that was named but not recorded is found; the sender had no answer and repeats it', async (t) => {
  const bench = await IntakeHarness.open(t);
  const association = bench.associate();
  for (const number of range(1, 5)) await bench.send(association, { series: a, number });
  const tables = ['state.sqlite', 'state.sqlite-wal'].map((name) => join(bench.dataDirectory, name));
  const earlier = await Promise.all(tables.map((path) => readFile(path)));
  await bench.send(association, { series: a, number: 6 });
  await bench.crash();
  // The tables as they were one image earlier.
  for (const [index, path] of tables.entries()) await writeFile(path, earlier[index]!);

  const again = await IntakeHarness.open(t, { dataDirectory: bench.dataDirectory, clock: bench.clock });
  assert.deepEqual([again.show(a).state, again.show(a).images], ['incomplete', 6]);
  assert.deepEqual(await again.sendAll(a, range(1, 12)), []);
  await again.pass(21);
  assert.deepEqual([again.show(a).state, again.show(a).images], ['unrouted', 12]);
});

test('every image that was answered with 0x0000 is there after kill -9, three times in a row', async (t) => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'contour-node-kill-'));
  t.after(() => rm(dataDirectory, { recursive: true, force: true }));
  const program = fileURLToPath(new URL('receiving-process.ts', import.meta.url));
  const acknowledged = new Set<number>();
  for (const after of [7, 12, 3]) {
    const child = spawn(process.execPath, [program, dataDirectory, a], { stdio: ['ignore', 'pipe', 'inherit'] });
    let count = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.add(Number(line));
      if (++count === after) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    assert.equal(child.signalCode, 'SIGKILL');
  }
  const bench = await IntakeHarness.open(t, { dataDirectory });
  const kept = new Set(bench.store.images(bench.keyOf(a)).map(({ instance }) => instance));
  for (const number of acknowledged) assert.ok(kept.has(bench.keyOf(`${a}.${number}`)), `image ${number}`);
  assert.ok(acknowledged.size >= 12);
  await bench.pass(3600);
  assert.equal(bench.show(a).state, 'incomplete');
});
