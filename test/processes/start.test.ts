import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { parse, stringify } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { lives } from '../support/lives.ts';
import { contourNode } from '../support/run-program.ts';
import { startRunningNode } from '../support/running-node.ts';
import { thresholdBundle } from '../support/threshold-bundle.ts';

const programs = ['contour-node.ts node', 'contour-node.ts worker', 'engine-child.ts', 'redis-server'];

test('whatever of node, worker, engine and Redis is killed comes back, and all end with start itself', async (t) => {
  const { directory } = await thresholdBundle(t);
  const node = await startRunningNode(t, {
    models: { directory: join(directory, '..') },
    routes: [{ name: 'all', models: ['threshold'] }],
  });
  const pidOf = (program: string) => eventually(program, 60, () => node.processes(program)[0]);
  for (const program of programs) {
    const pid = await pidOf(program);
    process.kill(pid, 'SIGKILL');
    await eventually(`another ${program}`, 60, () => node.processes(program).find((other) => other !== pid));
  }
  await eventually('it is ready', 60, async () =>
    (await fetch(`http://127.0.0.1:${node.httpPort}/health/ready`)).ok ? true : undefined,
  );
  await Promise.all(programs.map(pidOf));
  const pids = programs.flatMap((program) => node.processes(program));
  await node.stop('SIGKILL');
  await eventually('all are gone', 30, () => (pids.some(lives) ? undefined : true));
  await node.start();
});

test('SIGHUP takes over changed destinations in node and worker; a wrong file changes nothing and is shown', async (t) => {
  const node = await startRunningNode(t, {});
  const [pid] = node.processes('contour-node.ts node');
  const parent = Number((await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[1]);
  const queues = async (): Promise<string[]> => {
    const response = await fetch(`http://127.0.0.1:${node.httpPort}/queues/api/queues`);
    return ((await response.json()) as { queues: { name: string }[] }).queues.map(({ name }) => name);
  };
  assert.deepEqual(await queues(), ['contour', 'compare']);
  const config = parse(await readFile(node.configFile, 'utf8')) as Record<string, unknown>;
  const changed = {
    ...config,
    peers: [{ name: 'tps', aeTitle: 'TPS', host: '127.0.0.1', port: await freePort() }],
    destinations: [{ name: 'tps', peer: 'tps' }],
  };
  await writeFile(node.configFile, stringify(changed));
  process.kill(parent, 'SIGHUP');
  await eventually('the new queue is there', 30, async () =>
    (await queues()).includes('deliver-tps') ? true : undefined,
  );

  await writeFile(node.configFile, stringify({ ...changed, destinations: [], colour: 'red' }));
  process.kill(parent, 'SIGHUP');
  const problems = await eventually('the node tells', 30, async () => {
    const response = await fetch(`http://127.0.0.1:${node.httpPort}/health/ready`);
    return response.status === 503
      ? ((await response.json()) as { problems: { code: string; message: string }[] }).problems
      : undefined;
  });
  assert.equal(problems[0]?.code, 'CONFIG_INVALID');
  assert.match(problems[0].message, /line \d+.*colour/);
  assert.deepEqual(await queues(), ['contour', 'compare', 'deliver-tps']);
  await eventually('the worker tells', 30, () =>
    /"part":"worker".*the old one stays in force/.test(node.log()) ? true : undefined,
  );
});

test('start ends with one line and exit code 1 when a port is taken', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-start-'));
  t.after(() => rm(folder, { recursive: true }));
  const taken = { host: '127.0.0.1', port: address.port };
  const free = { host: '127.0.0.1', port: await freePort() };
  for (const sections of [
    { http: taken, dicom: free },
    { http: free, dicom: taken },
  ]) {
    const path = join(folder, 'config.yaml');
    await writeFile(path, stringify({ dataDirectory: join(folder, 'data'), ...sections }));
    const { code, stderr } = await contourNode('start', '--config', path);
    assert.equal(code, 1);
    assert.match(stderr, /^error PORT_IN_USE: .*\n$/);
  }
});

test('a second start on the same data directory is refused, the first goes on until SIGTERM ends all of it', async (t) => {
  const node = await startRunningNode(t, {});
  const { code, stderr } = await contourNode('start', '--config', node.configFile);
  assert.equal(code, 1);
  assert.match(stderr, /^error DATA_DIRECTORY_LOCKED: .*\n$/);
  assert.ok((await fetch(`http://127.0.0.1:${node.httpPort}/health/ready`)).ok);
  const pids = programs.flatMap((program) => node.processes(program));
  assert.ok(pids.length >= 3);
  await node.stop();
  await eventually('all are gone', 30, () => (pids.some(lives) ? undefined : true));
  assert.match(node.log(), /"part":"node".*"stopped"/);
  assert.match(node.log(), /"part":"worker".*"stopped"/);
});
