import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import type { CheckResult } from '../../worker/processes/doctor.ts';
import { startPickyTps } from '../peers/picky-tps.ts';
import { afterwards } from '../support/afterwards.ts';
import { freePort } from '../support/free-port.ts';
import { contourNode } from '../support/run-program.ts';
import { thresholdBundle } from '../support/threshold-bundle.ts';
import { startUnsafeRedis } from './unsafe-redis.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'contour-node-calls-'));
  afterwards(t, () => rm(path, { recursive: true, force: true }));
  return path;
}

async function configFile(t: TestContext, content: object): Promise<string> {
  const path = join(await folder(t), 'config.yaml');
  await writeFile(path, stringify(content));
  return path;
}

async function checks(path: string): Promise<{ code: number | null; results: Map<string, CheckResult> }> {
  const { code, stdout } = await contourNode('doctor', '--config', path, '--json');
  const { checks: found } = JSON.parse(stdout) as { checks: CheckResult[] };
  return { code, results: new Map(found.map((result) => [result.check, result])) };
}

test('a wrong call gets one line that names what is wrong, and exit code 2; what fails gets exit code 1', async (t) => {
  const unknownKey = await configFile(t, { worker: { slot: 2 } });
  const exposed = await configFile(t, {
    dataDirectory: await folder(t),
    http: { host: '0.0.0.0' },
    dicom: { port: await freePort() },
  });
  const noRedis = await configFile(t, { redis: { url: 'http://redis' } });
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const calls: [args: string[], code: number, line: RegExp][] = [
    [['start', '--config', '/not/there.yaml'], 2, /CONFIG_NOT_FOUND: .*\/not\/there\.yaml/],
    [['start', 'now'], 2, /USAGE: .*now/],
    [['node', '--config', unknownKey], 2, /CONFIG_INVALID: config\.yaml, line 2: worker\.slot: .*slots/],
    [['node', '--config', exposed], 2, /CONFIG_INVALID: http\.host: 0\.0\.0\.0/],
    [['worker', '--queues', 'contour,send'], 2, /USAGE: --queues: 'send'/],
    [['worker', '--config', noRedis], 2, /CONFIG_INVALID: redis\.url/],
    [['worker', '--slots', '2'], 2, /USAGE: .*--slots/],
    [['jobs'], 2, /USAGE: .*list, show, retry, resend, release/],
    [['jobs', 'delete', 'x'], 2, /USAGE: 'delete'/],
    [['jobs', 'retry'], 2, /USAGE: retry needs the key/],
    [['jobs', 'show', 'a', 'b'], 2, /USAGE: one series/],
    [['jobs', 'list', '--url', 'node'], 2, /USAGE: --url: 'node'/],
    [['jobs', 'list', '--url', nobody], 1, /API_UNREACHABLE: no node answers at http:/],
    [['doctor', '--fix'], 2, /USAGE: .*--fix/],
  ];
  for (const [args, code, line] of calls) {
    const outcome = await contourNode(...args);
    assert.equal(outcome.code, code, `${args.join(' ')}: ${outcome.stderr}`);
    assert.match(outcome.stderr, /^error [A-Z_]+: .+ \(.+\)\n$/, args.join(' '));
    assert.match(outcome.stderr, line);
  }
});

test('doctor finds everything in order', async (t) => {
  const { directory } = await thresholdBundle(t);
  const tps = await startPickyTps({ directory: await folder(t) });
  afterwards(t, () => tps.close());
  const path = await configFile(t, {
    dataDirectory: await folder(t),
    dicom: { port: await freePort() },
    http: { port: await freePort() },
    models: { directory: dirname(directory) },
    routes: [{ name: 'all', models: ['threshold'] }],
    peers: [{ name: 'tps', aeTitle: tps.aeTitle, host: tps.host, port: tps.port }],
    retention: { minimumFreeGigabytes: 0 },
  });
  const { code, results } = await checks(path);
  assert.equal(code, 0, JSON.stringify([...results.values()]));
  for (const name of [
    'configuration',
    'data directory',
    'redis',
    'dicom port',
    'http port',
    'bundle threshold',
    'peer tps',
  ]) {
    assert.equal(results.get(name)?.ok, true, name);
  }
});

test('doctor names each failure with its fix, and goes on to the end', async (t) => {
  const { directory } = await thresholdBundle(t);
  await writeFile(join(directory, 'model.onnx'), 'changed');
  const file = join(await folder(t), 'a-file');
  await writeFile(file, '');
  const tps = await startPickyTps({ directory: await folder(t) });
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
  const { code, results } = await checks(path);
  assert.equal(code, 1);
  const expected: Record<string, RegExp> = {
    'data directory': /^DATA_DIRECTORY: /,
    redis: /^REDIS_UNAVAILABLE: /,
    'dicom port': /^PORT_IN_USE: /,
    'http port': /^PORT_IN_USE: /,
    'bundle threshold': /^BUNDLE_DIGEST: /,
    'bundle missing': /^MODEL_NOT_FOUND: /,
    'peer wrong-title': /^ASSOCIATION_REJECTED: /,
    'peer down': /^PEER_UNREACHABLE: /,
  };
  for (const [name, detail] of Object.entries(expected)) {
    const result = results.get(name);
    assert.equal(result?.ok, false, name);
    assert.match(result.detail, detail);
    assert.notEqual(result.remedy ?? '', '', name);
  }
});

test('doctor tells a Redis that would lose or drop jobs', async (t) => {
  const port = await startUnsafeRedis(t);
  const path = await configFile(t, { dataDirectory: await folder(t), redis: { url: `redis://127.0.0.1:${port}/0` } });
  const { results } = await checks(path);
  assert.equal(results.get('redis')?.ok, false);
  assert.match(results.get('redis')?.detail ?? '', /^REDIS_UNSAFE: .*appendonly is no/);
});
