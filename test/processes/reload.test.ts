import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { parse, stringify } from 'yaml';
import type { ReloadAnswer } from '../../src/http/reload-socket.ts';
import { freePort } from '../support/free-port.ts';
import { contourNode } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

test('contour-node reload: node and workers take a changed configuration over, a wrong one is refused with its reason', async (t) => {
  const node = await startRunningNode(t, {});
  const reload = (...more: string[]) => contourNode('reload', '--config', node.configFile, ...more);
  const queues = async (): Promise<string[]> => {
    const response = await fetch(`http://127.0.0.1:${node.httpPort}/queues/api/queues`);
    return ((await response.json()) as { queues: { name: string }[] }).queues.map(({ name }) => name);
  };
  const config = parse(await readFile(node.configFile, 'utf8')) as Record<string, object>;
  const changed = {
    ...config,
    intake: { quietPeriodSeconds: 2 },
    peers: [{ name: 'tps', aeTitle: 'TPS', host: '127.0.0.1', port: await freePort() }],
    destinations: [{ name: 'tps', peer: 'tps' }],
  };
  await writeFile(node.configFile, stringify(changed));
  const taken = await reload();
  assert.equal(taken.code, 0, taken.stderr);
  assert.equal(
    taken.stdout,
    `${node.configFile}: taken over by the node and 1 of 1 workers\nintake: changed; the change takes effect after a restart\n`,
  );
  assert.deepEqual(await queues(), ['contour', 'compare', 'deliver-tps']);
  assert.match(node.log(), /"part":"worker".*configuration taken over/);

  await writeFile(node.configFile, stringify({ ...changed, destinations: [{ name: 'tps', peer: 'tsp' }] }));
  const wrong = await reload();
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /^error CONFIG_INVALID: .* no peer 'tsp'; peers: tps; the node was not asked/);

  // What only the node can see: the files that it would have to read.
  const tls = { certificateFile: 'absent.pem', keyFile: 'absent.key' };
  await writeFile(
    node.configFile,
    stringify({ ...changed, notifications: { webhooks: [] }, http: { ...config['http'], tls } }),
  );
  const later = JSON.parse((await reload('--json')).stdout) as ReloadAnswer;
  assert.deepEqual([later.taken, later.needRestart], [true, ['http', 'intake']]);
  assert.equal((await stat(join(node.dataDirectory, 'socket', 'reload.sock'))).mode & 0o777, 0o600);

  await node.stop();
  const gone = await reload();
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /^error API_UNREACHABLE: no node runs on the data directory /);
});

test('a data directory whose path is too long for a socket is reloaded all the same', async (t) => {
  const folder = await temporaryFolder(t);
  const dataDirectory = join(folder, 'd'.repeat(120));
  const node = await startRunningNode(t, { dataDirectory });
  const { code, stdout, stderr } = await contourNode('reload', '--config', node.configFile);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /taken over by the node and 1 of 1 workers/);
});
