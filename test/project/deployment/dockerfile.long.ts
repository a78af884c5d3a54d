import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { parse, stringify } from 'yaml';
import { startPickyTps } from '../../../worker/demo/picky-tps.ts';
import { afterwards } from '../../support/afterwards.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { phantomCt } from '../../support/phantom-ct.ts';
import { checkout, contourNode } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/threshold-bundle.ts';
import { killContained, startContained } from './container.ts';
import { noDebianHere } from './debian-root.ts';
import { buildStages, type Image } from './dockerfile-build.ts';

/** A Redis with a password, as docker-compose.yml starts one. @returns its port */
async function startRedis(t: TestContext, directory: string, password: string): Promise<number> {
  const port = await freePort();
  const server = spawn('redis-server', ['-'], { stdio: ['pipe', 'ignore', 'ignore'] });
  server.stdin.end(
    `bind 127.0.0.1\nport ${port}\ndir ${directory}\nappendonly yes\nmaxmemory-policy noeviction\nrequirepass ${password}\n`,
  );
  afterwards(t, async () => {
    server.kill();
    await once(server, 'exit');
  });
  return port;
}

test('the images of the Dockerfile build in a Debian of their own, and take a phantom to a TPS as an unprivileged user on a read-only root', async (t) => {
  const reason = await noDebianHere();
  if (reason !== undefined) return t.skip(reason);
  const cleanup = { after: (undo: () => Promise<void>) => afterwards(t, undo) };
  const stages = await buildStages(cleanup, ['node', 'worker'], (line) => t.diagnostic(line));
  const [node, worker] = [stages.get('node')!, stages.get('worker')!];
  for (const image of [node, worker]) {
    assert.equal(image.user, '10001:10001');
    assert.deepEqual((await readdir(join(image.root, 'app'))).includes('data'), false);
    assert.equal((await stat(join(image.root, 'data'))).uid, 10001);
  }

  const folder = await temporaryFolder(t);
  await chmod(folder, 0o755);
  const [data, config, secrets, redis] = ['data', 'config', 'secrets', 'redis'].map((name) => join(folder, name));
  for (const path of [data!, config!, secrets!, redis!]) await mkdir(path);
  await chown(data!, 10001, 10001);
  const password = 'a1b2'.repeat(8);
  await writeFile(join(secrets!, 'redis_password'), password);
  const redisPort = await startRedis(t, redis!, password);
  const tps = await startPickyTps({ directory: join(folder, 'tps') });
  afterwards(t, () => tps.close());
  const [dicomPort, httpPort] = [await freePort(), await freePort()];
  const shipped = parse(await readFile(join(checkout, 'deploy/compose/contour-node.yaml'), 'utf8')) as object;
  await writeFile(
    join(config!, 'contour-node.yaml'),
    stringify({
      ...shipped,
      dicom: { port: dicomPort, host: '127.0.0.1' },
      http: { port: httpPort },
      redis: { url: `redis://127.0.0.1:${redisPort}/0`, passwordFile: '/run/secrets/redis_password' },
      intake: { quietPeriodSeconds: 1 },
      peers: [{ name: 'orthanc', aeTitle: tps.aeTitle, host: tps.host, port: tps.port }],
      routes: [{ name: 'all', models: ['phantom-gtvp'], destinations: ['orthanc'] }],
    }),
  );

  const run = (image: Image, argv: readonly string[]): Promise<ChildProcess> =>
    startContained(image.root, argv, {
      user: image.user,
      cwd: image.cwd,
      env: { ...image.env, HOME: '/app' },
      readOnly: true,
      binds: { '/data': `${data!}/`, '/config': `${config!}/`, '/run/secrets': `${secrets!}/` },
    });
  let log = '';
  const start = async (image: Image): Promise<ChildProcess> => {
    const child = await run(image, [...image.entrypoint, ...image.command]);
    child.stderr?.on('data', (bytes: Buffer) => t.diagnostic(bytes.toString()));
    child.stdout?.on('data', (bytes: Buffer) => (log += bytes.toString()));
    afterwards(t, async () => {
      killContained(child);
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    return child;
  };
  const healthy = async (image: Image): Promise<number | null> => {
    const child = await run(image, image.healthcheck);
    const said = Promise.all([text(child.stdout!), text(child.stderr!)]);
    const [code] = (await once(child, 'close')) as [number | null];
    t.diagnostic((await said).join('').trim());
    return code;
  };
  assert.equal(await healthy(node), 1, 'nothing runs yet');
  await start(node);
  await eventually('the node is healthy', 60, async () => ((await healthy(node)) === 0 ? true : undefined));
  assert.equal(await healthy(worker), 1, 'no worker runs yet');
  await start(worker);
  await eventually('the worker is healthy', 120, async () => ((await healthy(worker)) === 0 ? true : undefined));

  const { ct } = await phantomCt(cleanup, 3);
  const sent = await contourNode('send', ct, '--to', `CONTOUR@127.0.0.1:${dicomPort}`);
  assert.equal(sent.code, 0, sent.stderr);
  const [imported] = await eventually('the TPS has the structure set', 300, () =>
    tps.imported.length > 0 ? tps.imported : undefined,
  ).catch((cause: unknown) => {
    throw new Error(log.slice(-6000), { cause });
  });
  assert.ok(imported);
});

test('the image for NVIDIA cards builds, and its TensorFlow loads as far as it can without a card', async (t) => {
  const reason = await noDebianHere();
  if (reason !== undefined) return t.skip(reason);
  const cleanup = { after: (undo: () => Promise<void>) => afterwards(t, undo) };
  const stages = await buildStages(cleanup, ['worker-gpu'], (line) => t.diagnostic(line));
  const { root, user, cwd, env } = stages.get('worker-gpu')!;
  const argv = ['/app/contour-node', 'models', 'verify', 'phantom-gtvp', '--engine', 'tensorflow', '--device', 'gpu'];
  const child = await startContained(root, argv, { user, cwd, env: { ...env, HOME: '/app' }, readOnly: true });
  const [said] = await Promise.all([text(child.stdout!), once(child, 'close')]);
  assert.match(said, /^ok {6}phantom-gtvp: .* tensorflow \(gpu\)|ENGINE_UNAVAILABLE: TensorFlow sees no NVIDIA card/m);
});
