import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { listBundles } from '../../src/bundles/read-bundle.ts';
import type { Config } from '../../src/config/schema.ts';
import { echo } from '../../src/dimse/verification-scu.ts';
import { asContourNodeError, ContourNodeError } from '../../src/errors.ts';
import { askRedis } from '../../src/jobs/ask-redis.ts';
import { redisAddress } from '../../src/jobs/redis-connection.ts';
import { checkRedisSafety } from '../../src/jobs/redis-safety.ts';
import { askWhetherLive } from '../../src/observe/ask-live.ts';
import { loadBundle } from '../bundles/load-bundle.ts';
import { loadTensorFlow } from '../engines/load-tensorflow.ts';

/** One line of `doctor`. */
export interface CheckResult {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do, where it is not ok. */
  readonly remedy?: string;
}

interface Check {
  readonly name: string;
  /** @returns what was found, in words; throws where something is wrong */
  readonly run: () => Promise<string>;
}

const peerTimeoutSeconds = 5;

/** Looks at everything that the node needs, one result after the other; never throws. */
export async function* examine(config: Config): AsyncGenerator<CheckResult> {
  for (const { name, run } of await checks(config)) {
    try {
      yield { check: name, ok: true, detail: await run() };
    } catch (error) {
      const { code, message, remedy } = asContourNodeError(error);
      yield { check: name, ok: false, detail: `${code}: ${message}`, remedy };
    }
  }
}

async function checks(config: Config): Promise<Check[]> {
  const { dicom, http, models, peers } = config;
  const folders = await listBundles(models.directory);
  const routed = [...new Set(config.routes.flatMap((route) => route.models))];
  const bundles = [...new Set([...routed, ...folders])];
  return [
    { name: 'data directory', run: () => checkDataDirectory(config) },
    { name: 'redis', run: () => checkRedis(config) },
    { name: 'dicom port', run: () => checkPort(dicom.host, dicom.port, 'dicom.port', () => answersDicom(config)) },
    { name: 'http port', run: () => checkPort(http.host, http.port, 'http.port', () => answersHttp(config)) },
    { name: 'tensorflow', run: () => checkTensorFlow(config) },
    ...(bundles.length === 0 ? [{ name: 'bundles', run: () => noBundle(models.directory) }] : []),
    ...bundles.map((name) => ({ name: `bundle ${name}`, run: () => checkBundle(config, name) })),
    ...(config.routes.length === 0 ? [{ name: 'routes', run: noRoute }] : []),
    ...peers.flatMap(({ name, aeTitle, host, port }) =>
      host === undefined || port === undefined
        ? []
        : [{ name: `peer ${name}`, run: () => checkPeer({ aeTitle, host, port }, dicom.aeTitle) }],
    ),
  ];
}

async function checkDataDirectory({ dataDirectory, retention }: Config): Promise<string> {
  try {
    await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
    const probe = join(dataDirectory, `doctor-${randomUUID()}.tmp`);
    const file = await open(probe, 'wx');
    await file.sync();
    await file.close();
    await rm(probe);
  } catch (cause) {
    throw new ContourNodeError('DATA_DIRECTORY', `${dataDirectory} cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  }
  const { bavail, bsize } = await statfs(dataDirectory);
  const free = (bavail * bsize) / 1e9;
  if (free < retention.minimumFreeGigabytes) {
    throw new ContourNodeError(
      'DISK_FULL',
      `${dataDirectory}: ${free.toFixed(1)} GB free, retention.minimumFreeGigabytes is ${retention.minimumFreeGigabytes}`,
    );
  }
  return `${dataDirectory}, ${free.toFixed(0)} GB free`;
}

async function checkRedis(config: Config): Promise<string> {
  const address = await redisAddress(config);
  const { path } = address.options;
  if (path !== undefined && !existsSync(path)) return `${await installedRedis()}, started with the node`;
  try {
    const version = await askRedis(address, (redis) => checkRedisSafety(redis, address.label));
    return `${address.label}, Redis ${version}, append-only file, no eviction`;
  } catch (error) {
    // An embedded one that was killed leaves its socket; the node takes it over.
    if (path !== undefined && asContourNodeError(error).code === 'REDIS_UNAVAILABLE')
      return `${await installedRedis()}, started with the node`;
    throw error;
  }
}

async function installedRedis(): Promise<string> {
  const { stdout } = await promisify(execFile)('redis-server', ['--version']).catch((cause: unknown) => {
    throw new ContourNodeError('DEPENDENCY_MISSING', 'redis-server is not installed', { cause });
  });
  return `embedded, redis-server ${/v=(\S+)/.exec(stdout)?.[1] ?? ''}`;
}

/** @param ours whether the one who has the port is this node */
async function checkPort(host: string, port: number, key: string, ours: () => Promise<boolean>): Promise<string> {
  const code = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
  if (code === undefined) return `${host}:${port} is free`;
  if (code !== 'EADDRINUSE')
    throw new ContourNodeError('CONFIG_INVALID', `${key}: ${host}:${port} cannot be listened on (${code})`);
  if (await ours()) return `${host}:${port}, a node answers`;
  throw new ContourNodeError('PORT_IN_USE', `${key}: ${host}:${port} belongs to another program`);
}

function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

async function answersDicom({ dicom: { aeTitle, host, port } }: Config): Promise<boolean> {
  return echo(
    { aeTitle, host: reachable(host), port },
    { callingAe: aeTitle, timeoutSeconds: peerTimeoutSeconds },
  ).then(
    () => true,
    () => false,
  );
}

async function answersHttp({ http }: Config): Promise<boolean> {
  return askWhetherLive(http).then(
    () => true,
    () => false,
  );
}

async function checkTensorFlow({ engine }: Config): Promise<string> {
  const needed = engine.name === 'tensorflow';
  const gpu = needed && (engine.device === 'gpu' || engine.device === 'cuda');
  try {
    const tf = await loadTensorFlow(gpu);
    await tf.ready();
    return `${tf.version_core}, ${gpu ? 'for the GPU' : 'on the CPU'}${needed ? '' : ', not configured as engine'}`;
  } catch (error) {
    if (needed) throw error;
    return 'not installed; needed for training only';
  }
}

async function noBundle(directory: string): Promise<string> {
  throw new ContourNodeError('MODEL_NOT_FOUND', `no model bundle in ${directory}`, {
    remedy: 'train one or copy one there; models.directory says where they lie',
  });
}

async function noRoute(): Promise<string> {
  throw new ContourNodeError('CONFIG_INVALID', 'no route: every CT would end as unrouted', {
    remedy: 'add a route to the configuration; see config/clinic.yaml',
  });
}

async function checkBundle({ models, engine }: Config, name: string): Promise<string> {
  const { bundle, engine: opened } = await loadBundle(name, models.directory, engine);
  await opened.close();
  const { version, intendedUse } = bundle.manifest;
  return `${version}, ${intendedUse}, golden output reproduced by ${opened.name} on ${opened.device}`;
}

async function checkPeer(peer: { aeTitle: string; host: string; port: number }, callingAe: string): Promise<string> {
  const milliseconds = await echo(peer, { callingAe, timeoutSeconds: peerTimeoutSeconds });
  return `${peer.aeTitle} at ${peer.host}:${peer.port} answered C-ECHO in ${milliseconds.toFixed(0)} ms`;
}
