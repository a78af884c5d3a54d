import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContourNodeError } from '../errors.ts';
import { ifThere } from '../if-there.ts';
import { pseudonymKeyFile } from '../work/paths.ts';
import { writeOnce } from '../work/write-once.ts';

const keyBytes = 32;

/**
 * The key of the pseudonyms (src/pseudonym.ts), made at the first start; readable by the node's user alone.
 *
 * @throws ContourNodeError DATA_DIRECTORY when it is there and is no key
 */
export async function pseudonymKey(dataDirectory: string): Promise<Buffer> {
  const path = join(dataDirectory, pseudonymKeyFile);
  const kept = await ifThere(readFile(path));
  if (kept !== undefined) return check(path, kept);
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  await writeOnce(path, randomBytes(keyBytes), { mode: 0o600 });
  return check(path, await readFile(path));
}

function check(path: string, key: Buffer): Buffer {
  if (key.length === keyBytes) return key;
  throw new ContourNodeError('DATA_DIRECTORY', `${path} is no key of ${keyBytes} bytes`, {
    remedy: 'restore it from the backup; a new one would give every known series another name',
  });
}
