import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { afterwards } from '../../support/afterwards.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { checkout, runProgram } from '../../support/run-program.ts';
import { startContained } from './container.ts';
import { debianRoot, noDebianHere } from './debian-root.ts';

test('a Debian that boots with the unit runs node, worker and Redis under all its restrictions, starts them again after kill -9, reloads and stops', async (t) => {
  const reason = await noDebianHere();
  if (reason !== undefined) return t.skip(reason);
  if ((await runProgram('sh', ['-c', 'command -v systemd-nspawn'])).code !== 0)
    return t.skip('systemd-nspawn is not installed (Debian: systemd-container)');
  const root = await debianRoot({ after: (undo) => afterwards(t, undo) });
  const install = await startContained(
    root,
    [
      'sh',
      '-c',
      'apt-get update -qq && apt-get install -y -qq --no-install-recommends systemd systemd-sysv procps redis-server',
    ],
    { binds: { '/etc/resolv.conf': '/etc/resolv.conf' }, env: { DEBIAN_FRONTEND: 'noninteractive' } },
  );
  const said = Promise.all([text(install.stdout!), text(install.stderr!)]);
  const [installed] = (await once(install, 'close')) as [number | null];
  assert.equal(installed, 0, (await said).join(''));

  const [dicomPort, httpPort] = [await freePort(), await freePort()];
  for (const folder of ['usr/lib/sysusers.d', 'etc/contour-node', 'opt/contour-node'])
    await mkdir(join(root, folder), { recursive: true });
  const units = join(root, 'etc/systemd/system');
  await copyFile(join(checkout, 'deploy/systemd/contour-node.service'), join(units, 'contour-node.service'));
  await copyFile(
    join(checkout, 'deploy/systemd/contour-node.sysusers'),
    join(root, 'usr/lib/sysusers.d/contour-node.conf'),
  );
  await symlink('../contour-node.service', join(units, 'multi-user.target.wants/contour-node.service'));
  // Debian's own Redis stays off: the node brings its own.
  await rm(join(units, 'multi-user.target.wants/redis-server.service'), { force: true });
  await writeFile(
    join(root, 'etc/contour-node/contour-node.yaml'),
    stringify({
      dataDirectory: '/var/lib/contour-node',
      models: { directory: '/opt/contour-node/models' },
      dicom: { host: '127.0.0.1', port: dicomPort },
      http: { port: httpPort },
      routes: [{ name: 'all', models: ['phantom-gtvp'] }],
    }),
  );

  const machine = spawn(
    'systemd-nspawn',
    ['--register=no', '--keep-unit', '--boot', `--directory=${root}`, `--bind-ro=${checkout}:/opt/contour-node`],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  afterwards(t, async () => {
    machine.kill('SIGTERM');
    if (machine.exitCode === null && machine.signalCode === null) await once(machine, 'exit');
  });
  const init = await eventually('systemd runs', 60, async () => {
    // The first child of systemd-nspawn only makes the one that becomes init.
    const children = (await readFile(`/proc/${machine.pid}/task/${machine.pid}/children`, 'utf8')).trim().split(' ');
    const names = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8')));
    return children[names.findIndex((name) => name.trim() === 'systemd')];
  });
  const inside = (...command: string[]) => runProgram('nsenter', ['--target', init, '--all', ...command]);
  const unit = async (property: string): Promise<string> =>
    (await inside('systemctl', 'show', '--property', property, '--value', 'contour-node')).stdout.trim();
  const journal = async (): Promise<string> =>
    (await inside('journalctl', '--unit', 'contour-node', '--output', 'cat', '--no-pager')).stdout;
  const ready = (times: number) =>
    eventually('node and worker are ready', 120, async () => {
      const workers = (await journal()).match(/"worker ready"/g)?.length ?? 0;
      return (await fetch(`http://127.0.0.1:${httpPort}/health/ready`)).ok && workers >= times ? true : undefined;
    }).catch(async (cause: unknown) => {
      throw new Error(await journal(), { cause });
    });
  await ready(1);
  assert.equal(await unit('ActiveState'), 'active');

  const first = await unit('MainPID');
  await inside('kill', '-9', first);
  await eventually('systemd starts it again', 60, async () => {
    const pid = await unit('MainPID');
    return pid !== first && pid !== '0' ? true : undefined;
  });
  await ready(2);

  assert.equal((await inside('systemctl', 'reload', 'contour-node')).code, 0);
  await eventually('the configuration is taken over', 30, async () =>
    /peers, destinations, .* taken over/.test(await journal()) ? true : undefined,
  );
  assert.equal((await inside('systemctl', 'stop', 'contour-node')).code, 0);
  assert.equal(await unit('Result'), 'success');
  assert.doesNotMatch(await journal(), /cpuinfo|telemetry|Operation not permitted/);
});
