import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import { embeddedRedisSocket, startEmbeddedRedis } from '../../src/jobs/embedded-redis.ts';
import { createLog } from '../../src/log.ts';
import { afterwards } from '../support/afterwards.ts';
import { lives } from '../support/lives.ts';
import { eventually } from '../support/eventually.ts';

const silent = createLog({ logging: { level: 'error' } }, 'test', { write: () => undefined });

async function dataDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'redis-'));
  afterwards(t, () => rm(directory, { recursive: true, force: true }));
  return directory;
}

function client(t: TestContext, path: string): Redis {
  const redis = new Redis({ path });
  redis.on('error', () => undefined);
  afterwards(t, () => redis.disconnect());
  return redis;
}

/** A process that owns an embedded Redis; what a kill -9 of the node does to it. */
async function startOwner(directory: string): Promise<{ owner: ChildProcess; redisPid: number }> {
  const module = new URL('../../src/jobs/embedded-redis.ts', import.meta.url).href;
  const log = new URL('../../src/log.ts', import.meta.url).href;
  const script = `
    const { startEmbeddedRedis } = await import('${module}');
    const { createLog } = await import('${log}');
    const redis = await startEmbeddedRedis(process.argv[1], createLog({ logging: { level: 'error' } }, 'owner'));
    process.stdout.write(String(redis.pid));
    setInterval(() => undefined, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pid] = (await once(owner.stdout, 'data')) as [Buffer];
  return { owner, redisPid: Number(pid.toString()) };
}

test('nobody outside reaches it, it keeps an append-only file and never evicts', async (t) => {
  const directory = await dataDirectory(t);
  const redis = await startEmbeddedRedis(directory, silent);
  afterwards(t, () => redis.stop());
  const connection = client(t, redis.path);
  const settings = async (name: string): Promise<unknown> => (await connection.config('GET', name))[1];
  assert.equal(await settings('port'), '0');
  assert.equal(await settings('appendonly'), 'yes');
  assert.equal(await settings('maxmemory-policy'), 'noeviction');
  assert.equal(await settings('unixsocketperm'), '600');
  assert.ok(existsSync(join(directory, 'redis', 'appendonlydir')));
});

test('what was queued is there after a restart', async (t) => {
  const directory = await dataDirectory(t);
  const first = await startEmbeddedRedis(directory, silent);
  await client(t, first.path).set('job', 'waits');
  await first.stop();
  const second = await startEmbeddedRedis(directory, silent);
  afterwards(t, () => second.stop());
  assert.equal(await client(t, second.path).get('job'), 'waits');
});

test('it ends with its owner after kill -9, and the next owner takes over with the jobs', async (t) => {
  const directory = await dataDirectory(t);
  const { owner, redisPid } = await startOwner(directory);
  await client(t, embeddedRedisSocket(directory)).set('job', 'waits');
  owner.kill('SIGKILL');
  const next = await startEmbeddedRedis(directory, silent);
  afterwards(t, () => next.stop());
  assert.notEqual(next.pid, redisPid);
  await eventually('the first server is gone', 10, () => (lives(redisPid) ? undefined : true));
  assert.equal(await client(t, next.path).get('job'), 'waits');
});

test('a second node on the same data directory is refused while the first lives', async (t) => {
  const directory = await dataDirectory(t);
  const redis = await startEmbeddedRedis(directory, silent);
  afterwards(t, () => redis.stop());
  await assert.rejects(startEmbeddedRedis(directory, silent), { code: 'DATA_DIRECTORY_LOCKED' });
  assert.ok(lives(redis.pid));
});

test('it is started again when it dies', async (t) => {
  const redis = await startEmbeddedRedis(await dataDirectory(t), silent);
  afterwards(t, () => redis.stop());
  const connection = client(t, redis.path);
  assert.equal(await connection.ping(), 'PONG');
  const first = redis.pid;
  process.kill(first, 'SIGKILL');
  await eventually('another server', 20, () => (redis.pid === first ? undefined : true));
  assert.equal(await connection.ping(), 'PONG');
});

test('a socket that a dead server left is taken over', async (t) => {
  const directory = await dataDirectory(t);
  const path = embeddedRedisSocket(directory);
  await mkdir(join(directory, 'redis'));
  const listener = spawn(process.execPath, [
    '-e',
    `require('node:net').createServer().listen(process.argv[1], () => console.log('up'))`,
    path,
  ]);
  await once(listener.stdout, 'data');
  listener.kill('SIGKILL');
  await once(listener, 'exit');
  assert.ok(existsSync(path), 'the socket is stale');
  const redis = await startEmbeddedRedis(directory, silent);
  afterwards(t, () => redis.stop());
  assert.equal(await client(t, redis.path).ping(), 'PONG');
});

test('a damaged append-only file is set aside, for the node adds the jobs again', async (t) => {
  const directory = await dataDirectory(t);
  const first = await startEmbeddedRedis(directory, silent);
  await client(t, first.path).set('job', 'waits');
  await first.stop();
  const files = join(directory, 'redis', 'appendonlydir');
  for (const file of await readdir(files)) {
    if (file.endsWith('.incr.aof')) await writeFile(join(files, file), '*2\r\n$x\r\nnot redis at all\r\n');
  }
  const second = await startEmbeddedRedis(directory, silent);
  afterwards(t, () => second.stop());
  assert.equal(await client(t, second.path).get('job'), null);
  assert.ok((await readdir(join(directory, 'redis'))).some((name) => name.startsWith('appendonlydir.damaged-')));
});

test('a data directory with a long path gets its socket elsewhere, where a worker finds it too', async (t) => {
  const directory = join(await dataDirectory(t), 'a-folder-with-a-long-name'.repeat(5));
  const redis = await startEmbeddedRedis(directory, silent);
  afterwards(t, () => redis.stop());
  assert.ok(Buffer.byteLength(redis.path) <= 100);
  assert.equal(redis.path, embeddedRedisSocket(directory));
  assert.equal(await client(t, redis.path).ping(), 'PONG');
});

test('without redis-server on the machine the error says what is missing', async (t) => {
  const directory = await dataDirectory(t);
  const path = process.env['PATH'];
  const bin = await dataDirectory(t);
  afterwards(t, () => void (process.env['PATH'] = path));
  process.env['PATH'] = bin;
  await assert.rejects(startEmbeddedRedis(directory, silent), { code: 'DEPENDENCY_MISSING' });
});
