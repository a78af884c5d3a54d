import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/config/load.ts';
import { afterwards } from '../../support/afterwards.ts';
import { eventually } from '../../support/eventually.ts';
import { checkout, runProgram } from '../../support/run-program.ts';

interface Service {
  readonly build?: { readonly target: string };
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly healthcheck?: object;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly command?: readonly string[];
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const compose = parse(await readFile(join(checkout, 'docker-compose.yml'), 'utf8'), { merge: true }) as ComposeFile;
const pool = parse(await readFile(join(checkout, 'deploy/pool/docker-compose.yml'), 'utf8'), {
  merge: true,
}) as ComposeFile;
const services = [...Object.entries(compose.services), ...Object.entries(pool.services)];

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'contour-node-compose-'));
  afterwards(t, () => rm(path, { recursive: true, force: true }));
  return path;
}

test('a linter finds no fault in the Dockerfile, and each image that docker-compose.yml builds is a stage of it', async () => {
  const text = await readFile(join(checkout, 'Dockerfile'), 'utf8');
  assert.deepEqual(validate(text), []);
  assert.notDeepEqual(validate('FROM debian\nRUNN true\n'), [], 'the linter notices a wrong instruction');
  const stages = [...text.matchAll(/^FROM .* AS (\S+)$/gm)].map((match) => match[1]);
  const targets = services.flatMap(([, { build }]) => (build === undefined ? [] : [build.target]));
  assert.ok(targets.includes('node') && targets.includes('worker'));
  assert.deepEqual(
    targets.filter((target) => !stages.includes(target)),
    [],
  );
});

test('docker-compose takes the file with every profile', async (t) => {
  const found = await runProgram('sh', ['-c', 'command -v docker-compose']);
  if (found.code !== 0) return t.skip('docker-compose is not installed (./setup --dev)');
  for (const profiles of [[], ['--profile', 'gpu'], ['--profile', 'monitoring']]) {
    const outcome = await runProgram('docker-compose', [...profiles, 'config', '--quiet'], { cwd: checkout });
    assert.equal(outcome.code, 0, outcome.stderr);
  }
  const files = ['-f', 'docker-compose.yml', '-f', 'deploy/hospital/docker-compose.yml'];
  const elsewhere = ['-f', 'deploy/pool/docker-compose.yml', '--project-directory', '.', '--profile', 'gpu'];
  for (const args of [files, elsewhere]) {
    const outcome = await runProgram('docker-compose', [...args, 'config', '--quiet'], { cwd: checkout });
    assert.equal(outcome.code, 0, outcome.stderr);
  }
});

test('the configurations of a hospital and of its pool are taken, and speak of each other', async () => {
  const { config: hospital } = await loadConfig(join(checkout, 'deploy/hospital/contour-node.yaml'));
  const { config: workers } = await loadConfig(join(checkout, 'deploy/pool/contour-node.yaml'));
  assert.deepEqual(
    [...hospital.http.tokens, ...hospital.http.certificates].map(({ role }) => role),
    ['worker', 'worker'],
  );
  assert.ok(workers.worker.nodes.every(({ url }) => new URL(url).port === String(hospital.http.port)));
});

test('Prometheus takes its configuration with the alarms', async (t) => {
  const found = await runProgram('sh', ['-c', 'command -v promtool']);
  if (found.code !== 0) return t.skip('promtool is not installed (./setup --dev)');
  const root = await folder(t);
  const inContainer = await readFile(join(checkout, 'deploy/compose/prometheus.yml'), 'utf8');
  const path = join(root, 'prometheus.yml');
  await writeFile(path, inContainer.replace('/etc/prometheus/', join(checkout, 'deploy/monitoring/')));
  const outcome = await runProgram('promtool', ['check', 'config', path]);
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.match(outcome.stdout, /alerts\.yml/);
});

test('no container runs as root, writes to its own image, keeps a capability or goes without a health check', () => {
  for (const [name, service] of services) {
    assert.match(service.user ?? '', /^[1-9]\d*:\d+$/, `${name}: user`);
    assert.equal(service.read_only, true, `${name}: read_only`);
    assert.deepEqual(service.cap_drop, ['ALL'], `${name}: cap_drop`);
    assert.ok(service.security_opt?.includes('no-new-privileges:true'), `${name}: security_opt`);
    assert.ok(service.healthcheck, `${name}: healthcheck`);
  }
});

test('only the DICOM port is open to the network; the rest is published on this machine alone', () => {
  const published = services.flatMap(([, { ports }]) => ports ?? []);
  assert.deepEqual(
    published.filter((port) => !port.startsWith('127.0.0.1:')),
    ['11112:11112'],
  );
});

test('passwords come from files that neither git nor an image holds, never from the environment', async () => {
  for (const [name, { environment = {} }] of services) {
    const open = Object.keys(environment).filter((key) => /PASS|SECRET|TOKEN/.test(key) && !key.endsWith('__FILE'));
    assert.deepEqual(open, [], name);
  }
  for (const { file } of Object.values(compose.secrets)) assert.match(file, /^\.\/deploy\/local\//);
  const ignored = (await readFile(join(checkout, '.gitignore'), 'utf8')).split('\n');
  assert.ok(ignored.includes('/deploy/local/'));
  const dockerIgnore = (await readFile(join(checkout, '.dockerignore'), 'utf8')).split('\n');
  assert.ok(dockerIgnore.includes('*') && !dockerIgnore.some((line) => line.startsWith('!deploy')));
});

test('what is mounted from the checkout is there, once prepare has run', async () => {
  const mounted = services.flatMap(([, { volumes }]) => volumes ?? []).filter((volume) => volume.startsWith('./'));
  const sources = mounted.map((volume) => volume.split(':')[0] ?? '').filter((path) => !path.includes('/local/'));
  assert.ok(sources.length > 0);
  for (const source of sources) await stat(join(checkout, source));
});

test('prepare makes a configuration that the node takes, and passwords that a second call leaves alone', async (t) => {
  const root = await folder(t);
  await mkdir(join(root, 'deploy'));
  await cp(join(checkout, 'deploy/compose'), join(root, 'deploy/compose'), { recursive: true });
  const local = join(root, 'deploy/local');
  const read = async (): Promise<string[]> => {
    const outcome = await runProgram(join(root, 'deploy/compose/prepare'), []);
    assert.equal(outcome.code, 0, outcome.stderr);
    const names = await readdir(join(local, 'secrets'));
    return Promise.all(names.toSorted().map((name) => readFile(join(local, 'secrets', name), 'utf8')));
  };
  const first = await read();
  assert.equal(first.length, Object.keys(compose.secrets).length);
  for (const password of first) assert.match(password, /^[0-9a-f]{64}$/);
  assert.equal((await stat(local)).mode & 0o777, 0o700);
  await writeFile(join(local, 'config/contour-node.yaml'), 'dataDirectory: /data\n');
  assert.deepEqual(await read(), first);
  assert.equal(await readFile(join(local, 'config/contour-node.yaml'), 'utf8'), 'dataDirectory: /data\n');

  const { config } = await loadConfig(join(checkout, 'deploy/compose/contour-node.yaml'));
  assert.equal(config.redis.passwordFile, '/run/secrets/redis_password');
  assert.equal(config.dataDirectory, '/data');
});

test("Redis started by the compose file's own command asks for the password, appends to a file and evicts nothing", async (t) => {
  const root = await folder(t);
  const password = 'c0ffee'.repeat(8);
  await writeFile(join(root, 'password'), password);
  const script = compose.services['redis']?.command?.[2];
  assert.ok(script);
  // Compose turns $$ into $; the paths are the container's, and the socket saves a port.
  const here = script
    .replaceAll('$$', '$')
    .replace('/run/secrets/redis_password', join(root, 'password'))
    .replace('dir /data', `dir ${root}\nport 0\nunixsocket ${root}/redis.sock`);
  const child = spawn('sh', ['-c', here], { stdio: 'ignore' });
  afterwards(t, async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const ask = async (...args: string[]): Promise<string> =>
    (await runProgram('redis-cli', ['-s', join(root, 'redis.sock'), ...args])).stdout.trim();
  await eventually('Redis asks for a password', 20, async () =>
    (await ask('ping')).startsWith('NOAUTH') ? true : undefined,
  );
  const authenticated = ['--no-auth-warning', '-a', password, 'config', 'get'];
  assert.equal(await ask(...authenticated, 'appendonly'), 'appendonly\nyes');
  assert.equal(await ask(...authenticated, 'maxmemory-policy'), 'maxmemory-policy\nnoeviction');
  assert.doesNotMatch(await readFile(`/proc/${child.pid}/cmdline`, 'utf8'), new RegExp(password));
});
