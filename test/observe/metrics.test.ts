import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { nodeOverHttp } from '../http/running-http.ts';
import { workerAtQueue } from '../jobs/worker-at-queue.ts';
import { eventually } from '../support/eventually.ts';
import { checkout, runProgram } from '../support/run-program.ts';

const monitoring = join(checkout, 'deploy/monitoring');
const ours = /\bcontour_node_[a-z_]+/g;

test('promtool accepts the alert rules, and each sounds when it should and not before', async () => {
  for (const args of [
    ['check', 'rules', 'alerts.yml'],
    ['test', 'rules', 'alerts.test.yml'],
  ]) {
    const { code, stdout, stderr } = await runProgram('promtool', args, { cwd: monitoring });
    assert.equal(code, 0, stdout + stderr);
  }
  const tested = await readFile(join(monitoring, 'alerts.test.yml'), 'utf8');
  const rules = (await readFile(join(monitoring, 'alerts.yml'), 'utf8')).matchAll(/alert: (\w+)/g);
  for (const [, name] of rules) assert.match(tested, new RegExp(`alertname: ${name}\\b[\\s\\S]*exp_alerts`), name);
});

test('the node tells what rules and dashboard ask for, in a form that promtool accepts', async (t) => {
  const http = await nodeOverHttp(t);
  workerAtQueue(t, http.redis.address);
  await http.send(1);
  const metrics = await eventually('the series is counted', 30, async () => {
    const told = await (await http.get('/metrics')).text();
    return /contour_node_series\{state="unrouted"\} 1/.test(told) ? told : undefined;
  });
  const told = new Set(metrics.matchAll(/^# TYPE (\w+)/gm).map(([, name]) => name!));
  for (const file of ['alerts.yml', 'grafana-dashboard.json']) {
    const asked = new Set((await readFile(join(monitoring, file), 'utf8')).match(ours));
    assert.ok(asked.size > 5, file);
    for (const name of asked) assert.ok(told.has(name.replace(/_bucket$/, '')), `${file} asks for ${name}`);
  }

  const child = spawn('promtool', ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(metrics.replaceAll(/^(# (HELP|TYPE) )?(nodejs|process)_.*\n/gm, ''));
  const [words] = await Promise.all([text(child.stderr), once(child, 'close')]);
  assert.equal(child.exitCode, 0, words);
});

test('senders, images, bytes and refusals are counted, under names that no sender chooses', async (t) => {
  const http = await nodeOverHttp(t);
  await http.send(1);
  const port = String(http.node.dicomPort);
  const refused = await runProgram('echoscu', ['-aec', 'SOMEBODY^ELSE', '127.0.0.1', port]);
  assert.notEqual(refused.code, 0);
  const metrics = await eventually('the association has ended', 30, async () => {
    const told = await (await http.get('/metrics')).text();
    return /associations_total\{peer="not configured",how="released"\} 1/.test(told) ? told : undefined;
  });
  assert.match(metrics, /^contour_node_associations 0$/m);
  assert.match(metrics, /contour_node_instances_total\{peer="not configured",status="0x0000"\} 24/);
  assert.ok(
    Number(/contour_node_received_bytes_total\{peer="not configured"\} (\d+)/.exec(metrics)?.[1]) > 24 * 64 * 64 * 2,
  );
  assert.match(metrics, /association_rejects_total\{reason="called AE title not recognised"\} 1/);
  assert.match(metrics, /contour_node_disk_bytes\{what="free"\} [1-9]/);
  assert.doesNotMatch(metrics, /SOMEBODY|SCANNER/);
});

test('a missing worker is told by health and metrics, and that they came', async (t) => {
  const http = await nodeOverHttp(t);
  const health = async (): Promise<{ status: number; codes: string[]; words: string }> => {
    const response = await http.get('/health/ready');
    const { problems } = (await response.json()) as { problems: { code: string; message: string }[] };
    return {
      status: response.status,
      codes: problems.map(({ code }) => code),
      words: problems.map(({ message }) => message).join('; '),
    };
  };
  assert.deepEqual(await health(), {
    status: 503,
    codes: ['WORKER_MISSING'],
    words: 'no worker takes jobs of: contour, compare, deliver',
  });
  const worker = workerAtQueue(t, http.redis.address, ['contour', 'compare']);
  await eventually('one is there', 20, async () =>
    (await health()).words === 'no worker takes jobs of: deliver' ? true : undefined,
  );
  const metrics = await (await http.get('/metrics')).text();
  assert.match(metrics, /contour_node_workers\{queue="contour"\} 1/);
  assert.match(metrics, /contour_node_workers\{queue="deliver"\} 0/);
  assert.match(metrics, /contour_node_worker_resident_bytes\{process="engine"\} 500000000/);
  await worker.stop();
  assert.equal((await health()).words, 'no worker takes jobs of: contour, compare, deliver');
});
