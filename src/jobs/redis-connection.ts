import { readFile } from 'node:fs/promises';
import { Redis, type RedisOptions } from 'ioredis';
import type { Config } from '../config/schema.ts';
import { ContourNodeError } from '../errors.ts';
import { delayAfter, retries } from '../retries.ts';
import { embeddedRedisSocket } from './embedded-redis.ts';

/** Where Redis is: a unix socket of the embedded server, or what `redis.url` says. */
export interface RedisAddress {
  /** For logs and `doctor`: without user and password. */
  readonly label: string;
  readonly options: Pick<RedisOptions, 'path' | 'host' | 'port' | 'db' | 'username' | 'password' | 'tls'>;
}

/**
 * Redis as the configuration has it: `redis.url`, else the embedded server of the data directory.
 *
 * @throws ContourNodeError CONFIG_INVALID
 */
export async function redisAddress(config: Pick<Config, 'redis' | 'dataDirectory'>): Promise<RedisAddress> {
  const { url, passwordFile } = config.redis;
  if (url === undefined) {
    const path = embeddedRedisSocket(config.dataDirectory);
    return { label: `embedded, ${path}`, options: { path } };
  }
  const parsed = parseUrl(url);
  const password = passwordFile === undefined ? decodeURIComponent(parsed.password) : await readPassword(passwordFile);
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const port = parsed.port === '' ? 6379 : Number(parsed.port);
  const db = parsed.pathname.length > 1 ? Number(parsed.pathname.slice(1)) : 0;
  if (!Number.isInteger(db))
    throw new ContourNodeError('CONFIG_INVALID', 'redis.url: the path must be a database number');
  const tls = parsed.protocol === 'rediss:';
  return {
    label: `${parsed.protocol}//${parsed.hostname}:${port}/${db}`,
    options: {
      host,
      port,
      db,
      ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
      ...(password === '' ? {} : { password }),
      ...(tls ? { tls: { servername: host } } : {}),
    },
  };
}

/**
 * A connection that reconnects by itself until it is closed.
 *
 * @param patient for BullMQ workers: commands wait until Redis answers again. Otherwise a command fails at once while Redis
 *   does not answer, so that the caller can say so.
 *
 * @param onError called for every connection error; without a listener ioredis would end the process
 */
export function connectRedis(address: RedisAddress, patient: boolean, onError: (error: Error) => void): Redis {
  const connection = new Redis({
    ...address.options,
    maxRetriesPerRequest: patient ? null : 0,
    enableOfflineQueue: patient,
    connectTimeout: 5000,
    // Redis may take long to load its append-only file.
    maxLoadingRetryTime: 60_000,
    retryStrategy: (times) => delayAfter(times, retries.redisConnection),
  });
  connection.on('error', onError);
  return connection;
}

function parseUrl(url: string): URL {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (cause) {
    throw new ContourNodeError('CONFIG_INVALID', 'redis.url must look like redis://host:port/db', { cause });
  }
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') {
    throw new ContourNodeError('CONFIG_INVALID', 'redis.url must begin with redis:// or rediss://');
  }
  return parsed;
}

async function readPassword(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new ContourNodeError('CONFIG_INVALID', `redis.passwordFile: cannot read ${file}`, { cause });
  }
}
