import { test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPickyTps } from '../../worker/demo/picky-tps.ts';
import { startUnsafeRedis } from '../processes/unsafe-redis.ts';
import { eventually } from '../support/eventually.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { runProgram } from '../support/run-program.ts';
import { startRunningNode, type RunningNode } from '../support/running-node.ts';

async function metricsOf(node: RunningNode): Promise<string> {
  return (await fetch(`http://127.0.0.1:${node.httpPort}/metrics`)).text();
}

async function problemsOf(node: RunningNode): Promise<string[]> {
  const response = await fetch(`http://127.0.0.1:${node.httpPort}/health/ready`);
  return ((await response.json()) as { problems: { code: string }[] }).problems.map(({ code }) => code);
}

test('a CT on its way is measured stage by stage up to its delivery, and names nobody', async (t) => {
  const { ct, files } = await phantomCt(t, 231);
  const directory = await mkdtemp(join(tmpdir(), 'contour-node-tps-'));
  t.after(() => rm(directory, { recursive: true }));
  const tps = await startPickyTps({ directory, ct, script: [{ does: 'answer', status: 0xa700 }] });
  t.after(() => tps.close());
  const node = await startRunningNode(t, {
    peers: [{ name: 'tps', aeTitle: tps.aeTitle, host: '127.0.0.1', port: tps.port }],
    destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration'], retrySeconds: 1 }],
    routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['tps'] }],
  });
  const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '127.0.0.1', String(node.dicomPort), ...files]);
  assert.equal(sent.code, 0, sent.stderr);
  const [series] = await node.settled(1, ['delivered'], 90);

  const metrics = await metricsOf(node);
  const value = (line: RegExp): number => Number(new RegExp(`^${line.source} (\\S+)$`, 'm').exec(metrics)?.[1]);
  assert.equal(value(/contour_node_instances_total\{peer="not configured",status="0x0000"\}/), files.length);
  for (const stage of ['volume', 'inference', 'contours', 'structure set'])
    assert.equal(value(new RegExp(`contour_node_stage_seconds_count\\{stage="${stage}"\\}`)), 1, stage);
  // A bundle may have every batch seen twice, once mirrored.
  assert.ok(value(/contour_node_engine_batch_seconds_count/) >= files.length / 8);
  assert.ok(value(/contour_node_engine_batch_seconds_sum/) > 0);
  assert.equal(value(/contour_node_engine_peak_resident_bytes_count/), 1);
  assert.equal(value(/contour_node_results_total\{status="contoured"\}/), 1);
  assert.equal(value(/contour_node_delivery_tries_total\{destination="tps",outcome="to be retried"\}/), 1);
  assert.equal(value(/contour_node_delivery_tries_total\{destination="tps",outcome="delivered"\}/), 1);
  assert.equal(value(/contour_node_deliveries\{destination="tps",state="delivered"\}/), 1);
  assert.equal(value(/contour_node_image_to_delivery_seconds_count\{destination="tps"\}/), 1);
  assert.equal(value(/contour_node_queue_depth\{queue="contour"\}/), 0);
  assert.ok(value(/contour_node_worker_resident_bytes\{process="worker"\}/) > 1e7);
  assert.ok(!metrics.includes(series!.key), 'the key of a series');
  assert.doesNotMatch(metrics, /\b[0-2](\.\d+){5,}/, 'a UID');

  // A worker that hangs is told by the heartbeat that it does not renew.
  const [worker] = node.processes('contour-node.ts worker');
  process.kill(worker!, 'SIGSTOP');
  await eventually('it is missed', 60, async () =>
    (await problemsOf(node)).includes('WORKER_MISSING') ? true : undefined,
  );
  assert.match(await metricsOf(node), /contour_node_workers\{queue="contour"\} 0/);
  process.kill(worker!, 'SIGCONT');
  await eventually('it is back', 60, async () => ((await problemsOf(node)).length === 0 ? true : undefined));
});

test('a Redis that may lose jobs is told', async (t) => {
  const port = await startUnsafeRedis(t);
  const node = await startRunningNode(t, { redis: { url: `redis://127.0.0.1:${port}` } }, ['REDIS_UNSAFE']);
  assert.deepEqual(await problemsOf(node), ['REDIS_UNSAFE']);
  await node.stop();
});
