import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { loadConfig } from '../../../src/config/load.ts';
import { startPickyTps } from '../../../worker/demo/picky-tps.ts';
import { afterwards } from '../../support/afterwards.ts';
import { freePort } from '../../support/free-port.ts';
import { checkout, contourNode } from '../../support/run-program.ts';
import { temporaryFolder, thresholdBundle } from '../../support/threshold-bundle.ts';

test('init answered by flags writes a commented configuration that doctor accepts', async (t) => {
  const folder = await temporaryFolder(t);
  const { directory } = await thresholdBundle(t);
  const tps = await startPickyTps({ directory: join(folder, 'tps') });
  afterwards(t, () => tps.close());
  const path = join(folder, 'contour-node.yaml');
  const flags = ['--yes', '--models', dirname(directory), '--data', join(folder, 'data'), '--out', path];
  const peers = ['--scanner', 'CT 99@10.20.30.11', '--tps', `${tps.aeTitle}@${tps.host}:${tps.port}`];
  const made = await contourNode('init', ...flags, ...peers, '--ae-title', 'DRAWER');
  assert.equal(made.code, 0, made.stderr);
  const { config } = await loadConfig(path);
  assert.equal(config.dicom.aeTitle, 'DRAWER');
  assert.deepEqual(
    config.peers.map(({ aeTitle, addresses }) => [aeTitle, addresses]),
    [
      ['CT 99', ['10.20.30.11']],
      [tps.aeTitle, []],
    ],
  );
  assert.deepEqual(config.routes[0]?.destinations, ['tps']);
  const written = await readFile(path, 'utf8');
  assert.ok((written.match(/#/g) ?? []).length > 8, 'it explains itself');

  // The usual ports may be taken on this machine.
  const ports = written.replace('port: 11112', `port: ${await freePort()}`).replace('8080', String(await freePort()));
  await writeFile(path, `${ports}\nretention: { minimumFreeGigabytes: 0 }\n`);
  const doctor = await contourNode('doctor', '--config', path);
  assert.equal(doctor.code, 0, doctor.stdout);

  const again = await contourNode('init', ...flags);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /^error OUTPUT_EXISTS: --out .* exists \(.*--force/);
  assert.equal((await contourNode('init', ...flags, '--force', '--port', '104', '--http-port', '81')).code, 0);
  const { config: ported } = await loadConfig(path);
  assert.deepEqual([ported.dicom.port, ported.http.port, ported.peers], [104, 81, []]);
});

test('init refuses nothing that it can do: no model, a folder that is not there yet, a scanner by its name', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'clinic', 'contour-node.yaml');
  const flags = ['--yes', '--models', join(folder, 'none'), '--scanner', 'CT1@localhost', '--out', path];
  const { code, stderr } = await contourNode('init', ...flags);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^warning: no model bundle in .*none: nothing is contoured until a route names one/);
  const { config } = await loadConfig(path);
  assert.deepEqual(config.routes, []);
  assert.match(config.peers[0]?.addresses[0] ?? '', /^(127\.0\.0\.1|::1)$/);
  assert.match(
    (await contourNode('init', ...flags, '--force', '--scanner', 'CT1@no-such-host.invalid')).stderr,
    /^error USAGE: no-such-host\.invalid is no address, no CIDR range, and no host that this machine knows/,
  );
});

test('init asks its questions, takes the defaults for empty answers, and says which answer it cannot read', async (t) => {
  const folder = await temporaryFolder(t);
  const { directory } = await thresholdBundle(t);
  const ask = async (name: string, answers: string): Promise<{ code: number | null; out: string; err: string }> => {
    const args = ['init', '--models', dirname(directory), '--out', join(folder, name)];
    const child = spawn(join(checkout, 'contour-node'), args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => undefined); // it may end before it has read everything
    child.stdin.end(answers);
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code: child.exitCode, out, err };
  };
  const defaults = await ask('defaults.yaml', '\n\n\n\n\n\n\n');
  assert.equal(defaults.code, 0, defaults.err);
  const questions = ['AE title', 'DICOM port', 'Port of the page', 'Folder', 'CT scanner', 'TPS', 'Model'];
  for (const question of questions) assert.ok(defaults.out.includes(question), question);
  const { config } = await loadConfig(join(folder, 'defaults.yaml'));
  assert.deepEqual([config.dicom.aeTitle, config.peers, config.routes[0]?.models], ['CONTOUR', [], ['threshold']]);

  const answered = await ask('answered.yaml', 'NODE\n11200\n8200\n/srv/contour\nCT1@10.0.0.0/24\n\nthreshold\n');
  assert.equal(answered.code, 0, answered.err);
  const { config: second } = await loadConfig(join(folder, 'answered.yaml'));
  assert.equal(second.dataDirectory, '/srv/contour');
  assert.deepEqual([second.dicom.port, second.http.port], [11200, 8200]);
  assert.deepEqual(second.peers[0]?.addresses, ['10.0.0.0/24']);

  const wrong = await ask('wrong.yaml', 'NODE\n\n\n\n\nTPS without address\n');
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /^error USAGE: 'TPS without address' is not AE@host:port/);
  assert.match((await ask('short.yaml', 'NODE\n\n\n')).err, /^error USAGE: no answer to 'Folder/);
});
