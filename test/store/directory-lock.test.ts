import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockDataDirectory } from '../../src/store/directory-lock.ts';
import { afterwards } from '../support/afterwards.ts';
import { temporaryFolder } from '../support/threshold-bundle.ts';

test('a second node on the same data directory is refused, within a process and from another one', async (t) => {
  const folder = await temporaryFolder(t);
  const module = new URL('../../src/store/directory-lock.ts', import.meta.url).href;
  // The lock stands although nobody keeps what gives it back, and the garbage is collected.
  const code = `const { lockDataDirectory } = await import('${module}'); lockDataDirectory(process.argv[1]); await new Promise(setImmediate); gc(); console.log('locked'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', code, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  afterwards(t, () => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  assert.throws(() => lockDataDirectory(folder), { code: 'DATA_DIRECTORY_LOCKED' });

  child.kill('SIGKILL');
  await once(child, 'exit');
  const unlock = lockDataDirectory(folder);
  assert.throws(() => lockDataDirectory(folder), { code: 'DATA_DIRECTORY_LOCKED' });
  unlock();
  lockDataDirectory(folder)();
});

test('a data directory that is a file is told', async (t) => {
  const path = join(await temporaryFolder(t), 'file');
  await writeFile(path, '');
  assert.throws(() => lockDataDirectory(path), { code: 'DATA_DIRECTORY' });
});
