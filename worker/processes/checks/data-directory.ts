import { randomUUID } from 'node:crypto';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../../src/config/schema.ts';
import { ContourNodeError } from '../../../src/errors.ts';
import type { Check } from './check.ts';

/** Whether files can be written and flushed in the data directory, and whether it has enough free space. */
export function dataDirectoryCheck(config: Pick<Config, 'dataDirectory' | 'retention'>): Check {
  return { name: 'data directory', run: () => examine(config) };
}

async function examine({ dataDirectory, retention }: Pick<Config, 'dataDirectory' | 'retention'>): Promise<string> {
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
      remedy: `give it to the user that the node runs as (chown), or configure another dataDirectory`,
    });
  }
  const { bavail, bsize } = await statfs(dataDirectory);
  const free = (bavail * bsize) / 1e9;
  if (free < retention.minimumFreeGigabytes) {
    throw new ContourNodeError(
      'DISK_FULL',
      `${dataDirectory}: ${free.toFixed(1)} GB free, retention.minimumFreeGigabytes is ${retention.minimumFreeGigabytes}`,
      { remedy: 'free space, put dataDirectory on a larger disk, or lower retention.minimumFreeGigabytes' },
    );
  }
  return `${dataDirectory}, ${free.toFixed(0)} GB free`;
}
