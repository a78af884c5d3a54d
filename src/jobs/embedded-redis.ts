import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ContourNodeError } from '../errors.ts';
import type { Log } from '../log.ts';
import { redisFolder } from '../work/paths.ts';
import { makeSocketFolder, socketPath } from '../work/unix-socket.ts';
import { delayAfter, retries } from '../retries.ts';

export interface EmbeddedRedis {
  /** Unix socket that it listens on; it has no port. */
  readonly path: string;
  /** Process number of the server that runs now; it changes when the server had to be started again. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Name of the owner's connection in CLIENT LIST: a server that has it belongs to a process that runs. */
const ownerName = 'contour-node-owner';
const startSeconds = 60;
/** Milliseconds that a killed owner, and a server that was asked to end, may take to end. */
const ownerEndMilliseconds = 4000;
const serverEndMilliseconds = 15_000;

/** Socket of the embedded Redis of a data directory. */
export function embeddedRedisSocket(dataDirectory: string): string {
  return socketPath(dataDirectory, join(redisFolder, 'redis.sock'));
}

/**
 * Starts a redis-server for the queue: unix socket only, append-only file in `DATA/redis`, noeviction. It ends with this
 * process, also after kill -9, is started again when it ends by itself, and takes over the socket that a killed one left.
 *
 * @throws ContourNodeError DEPENDENCY_MISSING without redis-server; DATA_DIRECTORY_LOCKED when another process owns a
 * server on this data directory; REDIS_UNAVAILABLE when it does not start
 */
export async function startEmbeddedRedis(dataDirectory: string, log: Log): Promise<EmbeddedRedis> {
  const directory = join(resolve(dataDirectory), redisFolder);
  const path = embeddedRedisSocket(dataDirectory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await makeSocketFolder(path);
  await takeOver(path);

  let server = await launchOrRepair(directory, path, log);
  let stopped = false;

  const watch = (current: Server): void => {
    void current.exited.then(async (reason) => {
      current.owner.disconnect();
      for (let tries = 1; !stopped; tries++) {
        log.error({ code: 'REDIS_UNAVAILABLE', reason }, 'embedded Redis ended; it is started again');
        try {
          await rm(path, { force: true });
          server = await launchOrRepair(directory, path, log);
          if (stopped) return await end(server);
          return watch(server);
        } catch (error) {
          log.error({ err: error }, 'embedded Redis does not start');
          await sleep(delayAfter(tries, retries.redisServer), undefined, { ref: false });
        }
      }
    });
  };
  watch(server);

  return {
    path,
    get pid() {
      return server.child.pid ?? 0;
    },
    async stop() {
      stopped = true;
      await end(server);
    },
  };
}

interface Server {
  readonly child: ChildProcess;
  readonly owner: Redis;
  /** Resolves with its last line of output, or how it ended. */
  readonly exited: Promise<string>;
}

/**
 * Makes the socket's path free. A server that still answers ends with its owner (waited for), has none (ended here), or
 * belongs to another node (an error).
 */
async function takeOver(path: string): Promise<void> {
  const start = Date.now();
  while (existsSync(path)) {
    const state = await ask(path, async (redis) => {
      const clients = String(await redis.client('LIST'));
      if (clients.includes(`name=${ownerName} `)) return 'owned';
      await redis.shutdown().catch(() => undefined);
      return 'ending';
    });
    if (state === 'no server') await rm(path, { force: true });
    else if (state === 'owned' && Date.now() > start + ownerEndMilliseconds) {
      throw new ContourNodeError('DATA_DIRECTORY_LOCKED', 'the embedded Redis of this data directory is in use');
    } else if (Date.now() > start + serverEndMilliseconds) {
      throw new ContourNodeError('REDIS_UNAVAILABLE', `the server on ${path} neither answers nor ends`);
    } else await sleep(50);
  }
}

/** Runs `question` on the server behind a socket; `no server` where none listens, `ending` where it does not answer. */
async function ask<T>(path: string, question: (redis: Redis) => Promise<T>): Promise<T | 'no server' | 'ending'> {
  const redis = new Redis({
    path,
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    connectTimeout: 2000,
  });
  let reason: NodeJS.ErrnoException | undefined;
  redis.on('error', (error: NodeJS.ErrnoException) => (reason = error));
  try {
    await redis.connect();
    return await question(redis);
  } catch {
    return reason?.code === 'ECONNREFUSED' || reason?.code === 'ENOENT' ? 'no server' : 'ending';
  } finally {
    redis.disconnect();
  }
}

/**
 * Starts the server; an append-only file that it cannot read is set aside, since the node adds every due job again from
 * the data directory.
 */
async function launchOrRepair(directory: string, path: string, log: Log): Promise<Server> {
  try {
    return await launch(directory, path);
  } catch (error) {
    const damaged = error instanceof ContourNodeError && /append.only|AOF|manifest/i.test(error.message);
    const files = join(directory, 'appendonlydir');
    if (!damaged || !existsSync(files)) throw error;
    log.error({ err: error }, 'the append-only file of Redis is damaged: set aside, jobs are added again from disk');
    await rename(files, `${files}.damaged-${Date.now()}`);
    return launch(directory, path);
  }
}

async function launch(directory: string, path: string): Promise<Server> {
  const command = ['redis-server', ...redisArguments(directory, path)];
  // The kernel ends the server with this process, even after kill -9.
  if (process.platform === 'linux') command.unshift('setpriv', '--pdeathsig', 'TERM', '--');
  const [program = '', ...rest] = command;
  // A process group of its own: Ctrl-C ends the owner, which needs the server until then.
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const lastLines: string[] = [];
  let missing = false;
  const exited = new Promise<string>((done) => {
    const keep = (chunk: Buffer): void => {
      lastLines.push(
        ...chunk
          .toString('utf8')
          .split('\n')
          .filter((line) => line.trim() !== ''),
      );
      lastLines.splice(0, Math.max(0, lastLines.length - 8));
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error: NodeJS.ErrnoException) => {
      missing = error.code === 'ENOENT';
      done(error.message);
    });
    child.on('close', (code, signal) => {
      missing ||= code === 127;
      done(signal === null ? (explain(lastLines) ?? `exit code ${code}`) : `ended by ${signal}`);
    });
  });
  let ended: string | undefined;
  void exited.then((reason) => (ended = reason));

  const deadline = Date.now() + startSeconds * 1000;
  for (;;) {
    await sleep(20);
    if (ended !== undefined) {
      if (missing) {
        throw new ContourNodeError('DEPENDENCY_MISSING', `redis-server or setpriv is missing or may not run: ${ended}`);
      }
      throw new ContourNodeError('REDIS_UNAVAILABLE', `embedded Redis does not start: ${ended}`);
    }
    const owner = await own(path);
    if (owner !== undefined) return { child, owner, exited };
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new ContourNodeError('REDIS_UNAVAILABLE', `embedded Redis was not ready after ${startSeconds} s`);
    }
  }
}

/** The owner's connection; undefined while the server has not loaded its append-only file. */
async function own(path: string): Promise<Redis | undefined> {
  const owner = new Redis({
    path,
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
  });
  owner.on('error', () => undefined);
  try {
    await owner.connect();
    await owner.client('SETNAME', ownerName);
    await owner.dbsize(); // -LOADING until the append-only file is read
    return owner;
  } catch {
    owner.disconnect();
    return undefined;
  }
}

function redisArguments(directory: string, path: string): string[] {
  return [
    ['--port', '0'],
    ['--unixsocket', path],
    ['--unixsocketperm', '600'],
    ['--dir', directory],
    ['--appendonly', 'yes'],
    ['--appendfsync', 'everysec'],
    ['--aof-load-truncated', 'yes'],
    ['--save', ''],
    ['--maxmemory-policy', 'noeviction'],
    ['--loglevel', 'warning'],
    ['--daemonize', 'no'],
  ].flat();
}

/** The line of Redis' output with the reason of its end. */
function explain(lines: readonly string[]): string | undefined {
  const reason = lines.findLast((line) => !line.includes('WARNING'));
  return reason?.replace(/^\d+:\S+ \d+ \w+ \d+ [\d:.]+ [#*.-] /, '');
}

async function end(server: Server): Promise<void> {
  server.owner.disconnect();
  server.child.kill('SIGTERM');
  const kill = setTimeout(() => server.child.kill('SIGKILL'), 10_000);
  await server.exited;
  clearTimeout(kill);
}
