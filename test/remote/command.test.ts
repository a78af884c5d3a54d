import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { remoteClinic } from '../support/remote-clinic.ts';
import { checkout, contourNode } from '../support/run-program.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

test('worker --node is all that a pool runs: it contours, says how it is, and ends when asked to', async (t) => {
  const clinic = await remoteClinic(t);
  const folder = await temporaryFolder(t);
  const [config, port] = [join(folder, 'pool.yaml'), await freePort()];
  const url = `http://127.0.0.1:${clinic.httpPort}`;
  const own = { dataDirectory: folder, models: { directory: join(checkout, 'models') } };
  const routes = [{ name: 'warm', models: ['phantom-gtvp'] }];
  const nodes = [{ url, tokenFile: clinic.tokenFile }];
  await writeFile(config, stringify({ ...own, routes, worker: { nodes, monitor: { port } } }));
  const args = ['worker', '--config', config, '--node', url];
  const child = spawn(join(checkout, 'contour-node'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  afterwards(t, () => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  await clinic.send((await phantomCt(t, 341)).files);
  await clinic.delivered(1);
  const healthy = await contourNode('health', 'worker', '--config', config);
  assert.deepEqual([healthy.code, /takes orders/.test(healthy.stdout)], [0, true], healthy.stderr);
  const metrics = await eventually('the order is counted', 20, async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return text.includes('outcome="returned"} 1') ? text : undefined;
  });
  assert.ok(metrics.includes(`contour_worker_node_up{node="127.0.0.1:${clinic.httpPort}"} 1`));
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  assert.equal(code, 0, output);
  assert.match(output, /order returned/);
  assert.doesNotMatch(output, /Phantom|2\.25\./, 'no name and no UID in the log of the pool');

  const wrong = await contourNode('worker', '--node', 'http://contour.hospital-a.example:8080');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /in clear: use https/);
});
