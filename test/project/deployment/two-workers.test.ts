import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import type { SeriesSummary } from '../../../src/store/series.ts';
import { afterwards } from '../../support/afterwards.ts';
import { eventually } from '../../support/eventually.ts';
import { checkout, runProgram } from '../../support/run-program.ts';
import { cylinderWithEllipsoids, grid, writeCtFolder } from '../../support/synthetic-ct.ts';
import { temporaryFolder, thresholdBundle } from '../../support/threshold-bundle.ts';
import { type Host, hostsOnOneNetwork, noNamespacesHere } from './network-namespaces.ts';

interface Program {
  readonly child: ChildProcess;
  readonly output: () => string;
}

function start(t: TestContext, { enter }: Host, ...command: string[]): Program {
  const [program = '', ...args] = [...enter, ...command];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()));
  afterwards(t, async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  return { child, output: () => output };
}

test('two workers on two machines with one Redis and one data directory share the work; one that is killed leaves nothing undone', async (t) => {
  const reason = await noNamespacesHere();
  if (reason !== undefined) return t.skip(reason);
  const [hub, first, second] = (await hostsOnOneNetwork({ after: (undo) => afterwards(t, undo) }, 3)) as [
    Host,
    Host,
    Host,
  ];
  const folder = await temporaryFolder(t);
  const { directory } = await thresholdBundle(t);
  const [redisFolder, received] = [join(folder, 'redis'), join(folder, 'received')];
  for (const path of [redisFolder, received]) await mkdir(path);
  const password = 'b0a7'.repeat(8);
  await writeFile(join(folder, 'password'), password, { mode: 0o600 });
  await writeFile(
    join(folder, 'redis.conf'),
    `bind ${hub.address}\nport 6379\ndir ${redisFolder}\nappendonly yes\nmaxmemory-policy noeviction\nrequirepass ${password}\n`,
  );
  const config = join(folder, 'config.yaml');
  await writeFile(
    config,
    stringify({
      dataDirectory: join(folder, 'data'),
      dicom: { host: hub.address },
      redis: { url: `redis://${hub.address}:6379/0`, passwordFile: join(folder, 'password') },
      intake: { quietPeriodSeconds: 1 },
      models: { directory: dirname(directory) },
      engine: { threads: 1 },
      // The sender calls from the hub itself, by its address.
      peers: [
        { name: 'scanner', aeTitle: 'STORESCU', addresses: [hub.address] },
        { name: 'tps', aeTitle: 'TPS', host: hub.address, port: 10_104 },
      ],
      destinations: [{ name: 'tps', peer: 'tps', allow: ['demonstration', 'research', 'clinical'] }],
      routes: [{ name: 'all', models: ['threshold'], destinations: ['tps'] }],
    }),
  );
  const contourNode = join(checkout, 'contour-node');
  const onHub = (...command: string[]) => runProgram(hub.enter[0]!, [...hub.enter.slice(1), ...command]);
  const list = async (): Promise<readonly SeriesSummary[]> => {
    const { stdout } = await onHub(contourNode, 'jobs', 'list', '--json');
    return (JSON.parse(stdout) as { series: SeriesSummary[] }).series;
  };
  const send = async (number: number): Promise<void> => {
    const volume = cylinderWithEllipsoids(grid([64, 64, 12], [4, 4, 3]), { centre: [0, 0], radii: [90, 70] }, [
      { centre: [10, 5, 16], radii: [30, 25, 14] },
    ]);
    const ct = await writeCtFolder(join(folder, `ct-${number}`), volume, { seriesUid: `2.25.7700.${number}` });
    const files = (await readdir(ct)).map((name) => join(ct, name));
    const sent = await onHub('storescu', '-aec', 'CONTOUR', hub.address, '11112', ...files);
    assert.equal(sent.code, 0, sent.stderr);
  };

  start(t, hub, 'redis-server', join(folder, 'redis.conf'));
  start(t, hub, 'storescp', '--output-directory', received, '-aet', 'TPS', '10104');
  const node = start(t, hub, contourNode, 'node', '--config', config);
  const workers = [first, second].map((host) => start(t, host, contourNode, 'worker', '--config', config));
  const ready = async (program: Program, words: string): Promise<void> => {
    await eventually(words, 90, () => (program.output().includes(words) ? true : undefined)).catch((cause: unknown) => {
      throw new Error(program.output().slice(-3000), { cause });
    });
  };
  await ready(node, 'the node runs');
  for (const worker of workers) await ready(worker, 'worker ready');

  // Each contours at least one, however the two share the first ones.
  const contoured = (worker: Program): boolean => /"queue":"contour".*try completed/.test(worker.output());
  let sent = 0;
  const settled = (count: number) =>
    eventually(`${count} series delivered`, 120, async () => {
      const all = await list();
      return all.length === count && all.every(({ state }) => state === 'delivered') ? all : undefined;
    });
  while (sent < 24 && !workers.every(contoured)) {
    for (let i = 0; i < 4; i += 1) await send((sent += 1));
    await settled(sent);
  }
  assert.ok(workers.every(contoured), 'both drew');
  assert.match(workers.map(({ output }) => output()).join(), /"queue":"deliver-tps".*try completed/);

  // One machine is gone, with whatever it was at.
  workers[0]?.child.kill('SIGKILL');
  for (let i = 0; i < 3; i += 1) await send((sent += 1));
  await settled(sent);
  assert.equal((await readdir(received)).length, sent, 'one structure set for each CT');
});
