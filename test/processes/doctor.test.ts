import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { configSchema } from '../../src/config/schema.ts';
import { acceleratorCheck } from '../../worker/processes/checks/accelerator.ts';
import type { CheckResult } from '../../worker/processes/doctor.ts';
import { type Misbehaviour, startPickyTps } from '../../worker/demo/picky-tps.ts';
import { afterwards } from '../support/afterwards.ts';
import { certificate } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { remoteClinic } from '../support/remote-clinic.ts';
import { startOrthanc } from '../support/orthanc.ts';
import { checkout, contourNode, type Outcome, runProgram } from '../support/run-program.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';
import { startUnsafeRedis } from './unsafe-redis.ts';

type Sections = Record<string, unknown>;

/** A configuration in which nothing is wrong, with free ports and the sections given laid over it. */
async function configFile(t: TestContext, sections: Sections = {}): Promise<string> {
  const { directory } = await thresholdBundle(t);
  const folder = await temporaryFolder(t);
  const path = join(folder, 'config.yaml');
  const sound = {
    dataDirectory: join(folder, 'data'),
    dicom: { port: await freePort() },
    http: { port: await freePort() },
    models: { directory: dirname(directory) },
    routes: [{ name: 'all', models: ['threshold'] }],
    retention: { minimumFreeGigabytes: 0 },
  };
  await writeFile(path, stringify({ ...sound, ...sections }));
  return path;
}

function resultsOf({ stdout }: Outcome): Map<string, CheckResult> {
  const { checks } = JSON.parse(stdout) as { checks: CheckResult[] };
  return new Map(checks.map((result) => [result.check, result]));
}

/** Runs doctor on a configuration in which one thing is wrong. @returns what it says of it */
async function finding(t: TestContext, check: string, sections: Sections): Promise<CheckResult> {
  const outcome = await contourNode('doctor', '--config', await configFile(t, sections), '--json');
  const results = resultsOf(outcome);
  const failed = [...results.values()].filter(({ ok }) => !ok).map((result) => result.check);
  assert.deepEqual(failed, [check], outcome.stdout);
  assert.equal(outcome.code, 1);
  const result = results.get(check)!;
  assert.notEqual(result.remedy ?? '', '', 'what to do stands beside it');
  return result;
}

/** A TPS that is configured as peer and destination. */
async function tpsSections(
  t: TestContext,
  options: { script?: readonly Misbehaviour[]; destination?: Sections } = {},
): Promise<Sections> {
  const tps = await startPickyTps({ directory: await temporaryFolder(t), script: options.script ?? [] });
  afterwards(t, () => tps.close());
  return {
    peers: [{ name: 'tps', aeTitle: tps.aeTitle, host: tps.host, port: tps.port }],
    destinations: [
      { name: 'import', peer: 'tps', allow: ['demonstration', 'research', 'clinical'], ...options.destination },
    ],
    routes: [{ name: 'all', models: ['threshold'], destinations: ['import'] }],
  };
}

test('doctor finds everything in order, in words and as JSON', async (t) => {
  const path = await configFile(t, await tpsSections(t));
  const outcome = await contourNode('doctor', '--config', path, '--json');
  assert.equal(outcome.code, 0, outcome.stdout);
  const checks = [...resultsOf(outcome).keys()];
  assert.equal(resultsOf(outcome).get('route all')?.detail, 'threshold: Bright^AI to import');
  const expected =
    'configuration, data directory, redis, clock, dicom port, http port, accelerator, onnxruntime, tensorflow, bundle threshold, route all, peer tps, destination import';
  for (const name of expected.split(', ')) assert.ok(checks.includes(name), `${name}: ${checks.join(', ')}`);
  const words = await contourNode('doctor', '--config', path);
  assert.equal(words.code, 0);
  const lines = words.stdout.trim().split('\n');
  assert.equal(lines.length, checks.length);
  for (const line of lines) assert.match(line, /^ok {3}\S/);
});

test('doctor names each failure with its fix, and goes on to the end', async (t) => {
  const { directory } = await thresholdBundle(t);
  await writeFile(join(directory, 'model.onnx'), 'changed');
  const file = join(await temporaryFolder(t), 'a-file');
  await writeFile(file, '');
  const tps = await startPickyTps({ directory: await temporaryFolder(t) });
  afterwards(t, () => tps.close());
  const path = await configFile(t, {
    dataDirectory: join(file, 'data'),
    dicom: { host: '127.0.0.1', port: tps.port },
    http: { port: tps.port },
    redis: { url: `redis://127.0.0.1:${await freePort()}/0` },
    models: { directory: dirname(directory) },
    routes: [{ name: 'all', models: ['threshold', 'missing'] }],
    peers: [
      { name: 'wrong-title', aeTitle: 'ELSE', host: tps.host, port: tps.port },
      { name: 'down', aeTitle: 'DOWN', host: '127.0.0.1', port: await freePort() },
    ],
  });
  const outcome = await contourNode('doctor', '--config', path, '--json');
  assert.equal(outcome.code, 1);
  const results = resultsOf(outcome);
  const expected: Record<string, RegExp> = {
    'data directory': /^DATA_DIRECTORY: .* cannot be written/,
    redis: /^REDIS_UNAVAILABLE: /,
    'dicom port': /^PORT_IN_USE: /,
    'http port': /^PORT_IN_USE: /,
    'bundle threshold': /^BUNDLE_DIGEST: /,
    'bundle missing': /^MODEL_NOT_FOUND: /,
    'peer wrong-title': /^ASSOCIATION_REJECTED: .*called AE title not recognised/,
    'peer down': /^PEER_UNREACHABLE: /,
  };
  for (const [name, detail] of Object.entries(expected)) {
    const result = results.get(name);
    assert.equal(result?.ok, false, name);
    assert.match(result.detail, detail);
    assert.notEqual(result.remedy ?? '', '', name);
  }
  const words = (await contourNode('doctor', '--config', path)).stdout.split('\n');
  const failing = words.findIndex((line) => line.startsWith('FAIL data directory'));
  assert.match(words[failing + 1] ?? '', /^ +→ \S/);
});

test('doctor asks the nodes of a pool as its worker would, and tells one that is away or takes no such token', async (t) => {
  const clinic = await remoteClinic(t);
  const folder = await temporaryFolder(t);
  const wrong = join(folder, 'wrong');
  await writeFile(wrong, 'contour_wrong');
  const url = `http://127.0.0.1:${clinic.httpPort}`;
  const away = `http://127.0.0.1:${await freePort()}`;
  const nodes = (entries: object[]) => configFile(t, { worker: { nodes: entries } });
  const asked = async (entries: object[]): Promise<CheckResult[]> => {
    const outcome = await contourNode('doctor', '--config', await nodes(entries), '--json');
    return [...resultsOf(outcome).values()].filter(({ check }) => check.startsWith('node '));
  };
  const [good, lost] = await asked([
    { url, tokenFile: clinic.tokenFile },
    { url: away, tokenFile: clinic.tokenFile },
  ]);
  assert.match(good?.detail ?? '', /^takes this worker, version .* 0 orders wait$/);
  assert.match(lost?.detail ?? '', /^API_UNREACHABLE: no node answers at 127\.0\.0\.1:/);
  const [refused] = await asked([{ url, tokenFile: wrong }]);
  assert.match(refused?.detail ?? '', /^LOGIN_NEEDED/);
});

test('doctor tells a disk that is too small', async (t) => {
  const { detail } = await finding(t, 'data directory', { retention: { minimumFreeGigabytes: 1_000_000_000 } });
  assert.match(detail, /^DISK_FULL: .* GB free, retention\.minimumFreeGigabytes is 1000000000/);
});

test('doctor tells a Redis that would lose jobs, and one that would drop them', async (t) => {
  const redis = async (...options: string[]) => ({
    redis: { url: `redis://127.0.0.1:${await startUnsafeRedis(t, options)}/0` },
  });
  const lost = await finding(t, 'redis', await redis());
  assert.match(lost.detail, /^REDIS_UNSAFE: .*appendonly is no/);
  const dropped = await finding(t, 'redis', await redis('--appendonly', 'yes', '--maxmemory-policy', 'allkeys-lru'));
  assert.match(dropped.detail, /^REDIS_UNSAFE: .*maxmemory-policy is allkeys-lru/);
});

test('doctor tells clocks that disagree: of the file system, and of Redis', async (t) => {
  if ((await runProgram('sh', ['-c', 'command -v faketime'])).code !== 0)
    return t.skip('faketime is not installed (./setup --dev)');
  const port = await startUnsafeRedis(t, ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction']);
  // The whole program lives ten minutes ahead of the kernel, whose files and whose Redis do not.
  const ahead = async (sections: Sections): Promise<string> => {
    const path = await configFile(t, sections);
    const variables = ['NO_FAKE_STAT=1', 'DONT_FAKE_MONOTONIC=1'];
    const program = [join(checkout, 'contour-node'), 'doctor', '--config', path, '--json'];
    const outcome = await runProgram('env', [...variables, 'timeout', '60', 'faketime', '-f', '+600s', ...program]);
    const clock = resultsOf(outcome).get('clock');
    assert.equal(clock?.ok, false, outcome.stdout);
    return clock.detail;
  };
  const redis = { redis: { url: `redis://127.0.0.1:${port}/0` } };
  assert.match(await ahead(redis), /^CLOCK_SKEW: the clock of the file system .* is 600 s behind this machine's/);
  const file = join(await temporaryFolder(t), 'a-file');
  await writeFile(file, '');
  const unwritable = { ...redis, dataDirectory: join(file, 'data') };
  assert.match(await ahead(unwritable), /^CLOCK_SKEW: the clock of Redis is (599|600) s behind this machine's/);
});

test('doctor tells a GPU that is configured and not there', async (t) => {
  const drivers = await runProgram('test', ['-e', '/proc/driver/nvidia/version']);
  if (drivers.code === 0) return t.skip('this machine has an NVIDIA driver');
  const path = await configFile(t, { engine: { device: 'cuda' } });
  const result = resultsOf(await contourNode('doctor', '--config', path, '--json')).get('accelerator');
  assert.equal(result?.ok, false);
  assert.match(result.detail, /^ENGINE_UNAVAILABLE: engine\.device is cuda: /);
  assert.match(result.remedy ?? '', /engine\.device: cpu/);
});

test('doctor tells an NVIDIA card without a driver from one with', async (t) => {
  // The files in which the kernel says so (proc(5), sysfs-bus-pci).
  const root = await temporaryFolder(t);
  const card = join(root, 'sys/bus/pci/devices/0000:01:00.0');
  await mkdir(card, { recursive: true });
  await writeFile(join(card, 'vendor'), '0x10de\n');
  await writeFile(join(card, 'class'), '0x030200\n');
  const check = (device: string): Promise<string> =>
    acceleratorCheck(configSchema.parse({ engine: { device } }), root).run();
  await assert.rejects(check('cuda'), { code: 'ENGINE_UNAVAILABLE', message: /card, but no driver is loaded/ });
  await assert.rejects(check('gpu'), { remedy: /nvidia-smi/ });
  assert.match(await check('auto'), /card without a driver; the CPU is used/);
  await mkdir(join(root, 'proc/driver/nvidia'), { recursive: true });
  await writeFile(
    join(root, 'proc/driver/nvidia/version'),
    'NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\n',
  );
  assert.equal(await check('cuda'), 'NVIDIA driver 550.54.15');
});

test('doctor tells a TPS that refuses RT structure sets', async (t) => {
  const refusing = await tpsSections(t, { script: [{ does: 'refuse context', result: 4 }] });
  const { detail, remedy } = await finding(t, 'destination import', refusing);
  assert.match(detail, /^PRESENTATION_CONTEXT_REFUSED: .*refused RT Structure Set Storage \(implicit, explicit\)/);
  assert.match(remedy ?? '', /import of RT structure sets/);
  // This one takes implicit VR only.
  const explicit = await tpsSections(t, { destination: { transferSyntaxes: ['explicit'] } });
  assert.match((await finding(t, 'destination import', explicit)).detail, /refused .* \(explicit\)/);
});

test('doctor tells a TPS that takes structure sets and refuses the segmentations that are to follow', async (t) => {
  const sections = await tpsSections(t, { destination: { segmentation: true } });
  const { detail, remedy } = await finding(t, 'destination import', sections);
  assert.match(detail, /^PRESENTATION_CONTEXT_REFUSED: .*refused Segmentation Storage \(implicit\)/);
  assert.match(remedy ?? '', /leave destinations\[\]\.segmentation out/);
});

test('doctor tells a TPS that offers no storage commitment although it is to be asked, and one that does', async (t) => {
  const sections = await tpsSections(t, { destination: { storageCommitment: {} } });
  const { detail, remedy } = await finding(t, 'commitment import', sections);
  assert.match(detail, /^PRESENTATION_CONTEXT_REFUSED: .*offers no storage commitment/);
  assert.match(remedy ?? '', /take storageCommitment away/);

  const { aeTitle, dicomPort: port } = await startOrthanc(t);
  const orthanc = { name: 'tps', aeTitle, host: '127.0.0.1', port };
  const outcome = await contourNode(
    'doctor',
    '--config',
    await configFile(t, { ...sections, peers: [orthanc] }),
    '--json',
  );
  const found = resultsOf(outcome).get('commitment import');
  assert.deepEqual(
    [found?.ok, found?.detail],
    [true, 'ORTHANC offers storage commitment, its result on the same association only: it has no addresses'],
    outcome.stdout,
  );
});

test('doctor tells a TPS that does not know the calling AE title, and names the title to enter there', async (t) => {
  const script: Misbehaviour[] = [{ does: 'reject', result: 1, source: 1, reason: 3 }];
  const { detail, remedy } = await finding(t, 'destination import', await tpsSections(t, { script }));
  assert.match(detail, /^ASSOCIATION_REJECTED: .*calling AE title not recognised/);
  assert.match(remedy ?? '', /enter the AE title CONTOUR /);
});

test('doctor tells a destination that does not allow what is routed to it', async (t) => {
  const { detail } = await finding(t, 'route all', await tpsSections(t, { destination: { allow: ['clinical'] } }));
  assert.match(detail, /^DESTINATION_NOT_ALLOWED: destination import does not allow threshold/);
});

test('doctor tells a configuration without a route, and an address that this machine has not', async (t) => {
  assert.match((await finding(t, 'routes', { routes: [] })).detail, /^CONFIG_INVALID: no route/);
  const elsewhere = { dicom: { host: '192.0.2.1', port: await freePort() } };
  assert.match((await finding(t, 'dicom port', elsewhere)).detail, /^CONFIG_INVALID: dicom\.port: 192\.0\.2\.1/);
});

test('doctor tells TLS files that are missing, and a certificate that is about to expire', async (t) => {
  const folder = await temporaryFolder(t);
  const short = await certificate(folder, 'short', undefined, 10);
  const expiring = await finding(t, 'tls http', { http: { port: await freePort(), tls: short } });
  assert.match(expiring.detail, /^TLS_FILES: .*short\.pem ends on \d{4}-/);
  const missing = { certificateFile: join(folder, 'none.pem'), keyFile: short.keyFile };
  const dicom = { port: await freePort(), tls: { ...missing, port: await freePort() } };
  assert.match((await finding(t, 'tls dicom', { dicom })).detail, /^TLS_FILES: .*none\.pem/);
  const good = await certificate(folder, 'good');
  const taken = await startPickyTps({ directory: await temporaryFolder(t) });
  afterwards(t, () => taken.close());
  const occupied = { host: '127.0.0.1', port: await freePort(), tls: { ...good, port: taken.port } };
  assert.match((await finding(t, 'dicom tls port', { dicom: occupied })).detail, /^PORT_IN_USE: dicom\.tls\.port/);
});
