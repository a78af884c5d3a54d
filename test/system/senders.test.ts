import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { runProgram, type Outcome } from '../support/run-program.ts';
import { startRunningNode, type RunningNode } from '../support/running-node.ts';

/** No TPS: what is looked at here is how a series comes together. */
const route = { routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: [] }] };

function storescu(node: RunningNode, files: readonly string[], ...options: string[]): Promise<Outcome> {
  return runProgram('storescu', [...options, '-aec', 'CONTOUR', '127.0.0.1', String(node.dicomPort), ...files]);
}

async function send(node: RunningNode, files: readonly string[], ...options: string[]): Promise<void> {
  const sent = await storescu(node, files, ...options);
  assert.equal(sent.code, 0, sent.stderr);
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-senders-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

test('two CTs from two senders at once, one of them split over three associations, become two series', async (t) => {
  const node = await startRunningNode(t, route);
  const [a, b] = [await phantomCt(t, 101), await phantomCt(t, 102)];
  const split = async (): Promise<void> => {
    await send(node, a.files.slice(20), '-aet', 'CT1');
    await send(node, a.files.slice(0, 5), '-aet', 'CT1');
    await send(node, a.files.slice(5, 20).toReversed(), '-aet', 'CT1');
  };
  await Promise.all([split(), send(node, b.files, '-aet', 'CT2')]);
  const series = await node.settled(2, ['contoured', 'nothing found']);
  assert.deepEqual(series.map((one) => `${one.callingAe}: ${one.images}`).sort(), ['CT1: 60', 'CT2: 60']);
});

test('a series whose sender aborts half-way waits as incomplete until the sender repeats it', async (t) => {
  const node = await startRunningNode(t, route);
  const { files } = await phantomCt(t, 103);
  await storescu(node, files.slice(0, 15), '--abort');
  const [held] = await node.settled(1, ['incomplete']);
  assert.equal(held?.problem?.code, 'SERIES_INCOMPLETE');
  await send(node, files);
  const [whole] = await node.settled(1, ['contoured', 'nothing found']);
  assert.equal(whole?.images, 60);
});

test('two patients under one Series Instance UID are rejected in words', async (t) => {
  const node = await startRunningNode(t, route);
  const { files } = await phantomCt(t, 104);
  const folder = await temporaryFolder(t);
  const copies = await Promise.all(
    files.map(async (file, i) => {
      const copy = join(folder, basename(file));
      await copyFile(file, copy);
      if (i >= 20) {
        const changed = await runProgram('dcmodify', ['-nb', '-m', 'PatientID=SOMEBODY^ELSE', copy]);
        assert.equal(changed.code, 0, changed.stderr);
      }
      return copy;
    }),
  );
  await send(node, copies);
  const [series] = await node.settled(1, ['rejected']);
  assert.equal(series?.problem?.code, 'SERIES_MIXED_IDENTITY');
  assert.match(series.problem.message, /two patients/);
  assert.doesNotMatch(node.log(), /SOMEBODY|PHANTOM[-^]1/i);
});

test('a late image starts a second revision; the same images again start none', async (t) => {
  const node = await startRunningNode(t, route);
  const { files } = await phantomCt(t, 105);
  await send(node, files.slice(0, 58));
  const [first] = await node.settled(1, ['contoured', 'nothing found']);
  assert.equal(first?.revision, 1);
  await send(node, files.slice(58));
  await eventually('revision 2', 30, async () => (await node.list()).find((series) => series.revision === 2));
  const [second] = await node.settled(1, ['contoured', 'nothing found']);
  assert.deepEqual([second?.revision, second?.images], [2, 60]);
  await send(node, files);
  const [again] = await node.settled(1, ['contoured', 'nothing found']);
  assert.deepEqual([again?.revision, again?.images], [2, 60]);
});
