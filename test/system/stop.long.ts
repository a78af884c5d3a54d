import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import { startPickyTps } from '../../worker/demo/picky-tps.ts';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

test('SIGTERM while a CT is drawn that does not come to an end: the job goes back to the queue, the next start takes it up', async (t) => {
  const { ct, files } = await phantomCt(t, 551);
  const tps = await startPickyTps({ directory: join(await temporaryFolder(t), 'tps'), ct });
  t.after(() => tps.close());
  const node = await startRunningNode(t, {
    peers: [{ name: 'tps', aeTitle: tps.aeTitle, host: '127.0.0.1', port: tps.port }],
    destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration'], retrySeconds: 1 }],
    routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['tps'] }],
  });
  // An engine that stands still is one that takes too long.
  for (const pid of node.processes('engine-child')) process.kill(pid, 'SIGSTOP');
  const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '127.0.0.1', String(node.dicomPort), ...files]);
  assert.equal(sent.code, 0, sent.stderr);
  await node.settled(1, ['contouring']);

  const begin = performance.now();
  assert.equal(await node.stop('SIGTERM'), 0);
  const seconds = (performance.now() - begin) / 1000;
  t.diagnostic(`ended after ${seconds.toFixed(1)} s`);
  assert.ok(seconds < 45, `${seconds.toFixed(1)} s: a supervisor would have killed it`);
  assert.match(node.log(), /running jobs go back to the queue/);

  await node.start();
  const [series] = await node.settled(1, ['delivered'], 120);
  const { orders } = await node.show(series!.key);
  assert.equal(orders[0]?.tries, 1, 'no try was lost');
  assert.equal(tps.imported.length, 1);
  await eventually(
    'every process of before is gone',
    20,
    () => node.processes('engine-child').length === 1 || undefined,
  );
});
