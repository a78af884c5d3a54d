import { randomUUID } from 'node:crypto';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../../src/config/schema.ts';
import { ContourNodeError } from '../../../src/errors.ts';
import { askRedis } from '../../../src/jobs/ask-redis.ts';
import { redisAddress } from '../../../src/jobs/redis-connection.ts';
import type { Check } from './check.ts';

/** Retries, deadlines and the times on the page use several clocks; this is the largest difference allowed. */
const toleranceSeconds = 5;

/** Whether the clock of this machine agrees with those of the file system (another machine's, on a network) and Redis. */
export function clockCheck(config: Pick<Config, 'redis' | 'dataDirectory'>): Check {
  return { name: 'clock', run: () => examine(config) };
}

async function examine(config: Pick<Config, 'redis' | 'dataDirectory'>): Promise<string> {
  const clocks: [whose: string, ahead: number | undefined][] = [
    ['the file system of the data directory', await fileSystemAhead(config.dataDirectory)],
    ['Redis', await redisAhead(config)],
  ];
  const compared = clocks.filter((clock): clock is [string, number] => clock[1] !== undefined);
  for (const [whose, ahead] of compared) {
    if (Math.abs(ahead) <= toleranceSeconds) continue;
    throw new ContourNodeError(
      'CLOCK_SKEW',
      `the clock of ${whose} is ${Math.abs(ahead).toFixed(0)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's`,
    );
  }
  if (compared.length === 0) return 'nothing to compare with yet';
  return `agrees with ${compared.map(([whose]) => whose).join(' and ')} within ${toleranceSeconds} s`;
}

/** Seconds; undefined where nothing can be written, which another check reports. */
async function fileSystemAhead(dataDirectory: string): Promise<number | undefined> {
  const probe = join(dataDirectory, `doctor-${randomUUID()}.tmp`);
  try {
    const before = Date.now();
    await writeFile(probe, '');
    const after = Date.now();
    return ahead((await stat(probe)).mtimeMs, before, after);
  } catch {
    return undefined;
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

/** Seconds; undefined while Redis does not answer. */
async function redisAhead(config: Pick<Config, 'redis' | 'dataDirectory'>): Promise<number | undefined> {
  return askRedis(await redisAddress(config), async (redis) => {
    const before = Date.now();
    const [seconds, microseconds] = await redis.time();
    return ahead(Number(seconds) * 1000 + Number(microseconds) / 1000, before, Date.now());
  }).catch(() => undefined);
}

/** How far a clock is ahead of, or behind, the interval in which it was read. */
function ahead(other: number, before: number, after: number): number {
  if (other > after) return (other - after) / 1000;
  return Math.min(0, other - before) / 1000;
}
