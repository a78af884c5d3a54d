import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { startNodeWithTps } from '../support/node-with-tps.ts';
import { contourNode } from '../support/run-program.ts';

test('a CT that ends inside the parotids is held from the TPS, over a kill too, until somebody has looked; the whole CT is not', async (t) => {
  const { files } = await phantomCt(t, 1, { slices: 60, matrix: 256 });
  const { node, tps, send } = await startNodeWithTps(t, undefined, { route: { hold: 'check' } });
  // From the feet to the head: the upper half.
  await send(files.slice(files.length / 2));
  const [series] = await node.settled(1, ['held'], 90);
  const key = series!.key;
  assert.ok(
    series!.warnings.some(
      ({ severity, text }) => severity === 'check' && text.startsWith('Parotid_R: the scan ends inside it'),
    ),
    JSON.stringify(series!.warnings),
  );
  await node.stop('SIGKILL');
  await node.start();
  await node.settled(1, ['held'], 60);
  await sleep(2000);
  assert.deepEqual(tps.received, []);
  const url = `http://127.0.0.1:${node.httpPort}`;
  assert.match(await (await fetch(`${url}/metrics`)).text(), /contour_node_series\{state="held"\} 1/);
  const list = await contourNode('jobs', 'list', '--state', 'held', '--url', url);
  assert.match(list.stdout, new RegExp(`^${key} +held .* check: Parotid_R: the scan ends inside it`, 'm'));

  const acknowledged = await contourNode('jobs', 'acknowledge', key, '--url', url);
  assert.deepEqual([acknowledged.code, acknowledged.stderr], [0, '']);
  await node.settled(1, ['delivered'], 60);
  assert.equal(tps.imported.length, 1);
  const { path } = tps.imported[0]!;
  const descriptions = parseDicom(await readFile(path))
    .items('30060020')
    .map((roi) => roi.string('30060028') ?? '');
  assert.ok(descriptions.some((text) => text.includes('CHECK: the scan ends inside it at the feet end, so it is cut')));
  const again = await contourNode('jobs', 'acknowledge', key, '--url', url);
  assert.match(again.stderr, /STATE_CONFLICT/);

  // The rest comes: a new revision, of the whole CT, which nothing holds.
  await send(files.slice(0, files.length / 2));
  await eventually('the TPS has the second one', 90, () => (tps.imported.length === 2 ? true : undefined));
  const [whole] = await node.settled(1, ['delivered'], 30);
  assert.deepEqual(
    [whole?.revision, whole?.state, whole?.warnings.filter(({ severity }) => severity === 'check')],
    [2, 'delivered', []],
  );
});
