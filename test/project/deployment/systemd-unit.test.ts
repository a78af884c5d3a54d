import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { checkout, runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/threshold-bundle.ts';

const folder = join(checkout, 'deploy/systemd');

async function installed(program: string, t: TestContext): Promise<boolean> {
  const { code } = await runProgram('sh', ['-c', `command -v ${program}`]);
  if (code !== 0) t.skip(`${program} is not installed (Debian: systemd)`);
  return code === 0;
}

test('systemd takes the unit, and rates what is closed off as OK', async (t) => {
  if (!(await installed('systemd-analyze', t))) return;
  for (const name of ['contour-node.service', 'contour-node-pool.service']) await isTaken(name, t);
});

async function isTaken(name: string, t: TestContext): Promise<void> {
  const unit = await readFile(join(folder, name), 'utf8');
  // systemd looks whether the program is there: the one of this checkout.
  const here = unit.replaceAll('/opt/contour-node/', checkout);
  const path = join(await temporaryFolder(t), name);
  await writeFile(path, here);
  const verified = await runProgram('systemd-analyze', ['verify', path]);
  assert.equal(verified.code, 0, verified.stderr);
  assert.equal(verified.stderr, '');

  const rated = await runProgram('systemd-analyze', ['security', '--offline=yes', '--no-pager', path]);
  const exposure = /Overall exposure level for \S+: ([\d.]+)/.exec(rated.stdout)?.[1];
  assert.ok(Number(exposure) < 2, rated.stdout + rated.stderr);

  await writeFile(path, here.replace(/^ExecStart=.*$/m, 'ExecStart=/not/there'));
  assert.notEqual((await runProgram('systemd-analyze', ['verify', path])).code, 0, 'a wrong unit is noticed');
}

test('systemd-sysusers makes the user of the unit', async (t) => {
  if (!(await installed('systemd-sysusers', t))) return;
  const root = await temporaryFolder(t);
  const users = join(root, 'usr/lib/sysusers.d');
  await mkdir(users, { recursive: true });
  await mkdir(join(root, 'etc'));
  await writeFile(join(users, 'contour-node.conf'), await readFile(join(folder, 'contour-node.sysusers')));
  const made = await runProgram('systemd-sysusers', [`--root=${root}`]);
  assert.equal(made.code, 0, made.stderr);
  const unit = await readFile(join(folder, 'contour-node.service'), 'utf8');
  const user = /^User=(.+)$/m.exec(unit)?.[1] ?? '';
  assert.match(await readFile(join(root, 'etc/passwd'), 'utf8'), new RegExp(`^${user}:.*:/usr/sbin/nologin$`, 'm'));
});
