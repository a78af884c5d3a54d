import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { afterwards } from '../support/afterwards.ts';
import { freePort } from '../support/free-port.ts';
import { contourNode } from '../support/run-program.ts';

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
    [['node', '--config', exposed], 2, /CONFIG_INVALID: config\.yaml, line 3: http\.host: 0\.0\.0\.0/],
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
