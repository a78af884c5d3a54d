import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parsePeerAddress } from '../../../src/dimse/scu/peer-address.ts';
import { ctFolder } from '../../dicom/rtstruct/example-structure-set.ts';
import { certificate, certificateAuthority, fingerprintOf } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { contourNode } from '../../support/run-program.ts';
import { dcmtk } from '../dcmtk.ts';
import { dataSetOf, exampleInstance } from '../example-instance.ts';
import { runningScp, temporaryFolder } from '../running-scp.ts';

/**
 * DCMTK's storescp that writes what it gets as it comes.
 *
 * @param tls its own options for TLS, and those with which `echoscu` reaches it
 */
async function storescp(
  t: TestContext,
  tls: { own: string[]; caller: string[] } = { own: [], caller: [] },
): Promise<{ port: number; folder: string }> {
  const folder = await temporaryFolder(t);
  const port = await freePort();
  const child = spawn(
    '/usr/bin/storescp',
    [...tls.own, '--bit-preserving', '--output-directory', folder, '--accept-all', String(port)],
    {
      stdio: 'ignore',
      env: { ...process.env, TCP_NODELAY: '1' },
    },
  );
  t.after(async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  await eventually('storescp listens', 10, async () =>
    (await dcmtk('echoscu', ...tls.caller, '127.0.0.1', String(port))).code === 0 ? true : undefined,
  );
  return { port, folder };
}

test('send brings a folder to DCMTK byte for byte and leaves other files out (CS 4.2.3.4)', async (t) => {
  const peer = await storescp(t);
  const folder = await ctFolder(t);
  await mkdir(join(folder, 'below'));
  await writeFile(join(folder, 'below', 'one.dcm'), exampleInstance(1, { encoding: 'explicit' }).file);
  await writeFile(join(folder, 'notes.txt'), 'not DICOM');
  const sent = await contourNode('send', folder, '--to', `ANY@127.0.0.1:${peer.port}`, '--json');
  assert.equal(sent.code, 0, sent.stderr);
  const { stored, failed, ignored, files } = JSON.parse(sent.stdout) as {
    stored: number;
    failed: number;
    ignored: number;
    files: { path: string }[];
  };
  assert.deepEqual([stored, failed, ignored], [13, 0, 1]);
  const received = await Promise.all((await readdir(peer.folder)).map((name) => readFile(join(peer.folder, name))));
  const hashes = new Set(received.map((bytes) => dataSetOf(bytes).toString('base64')));
  for (const { path } of files) assert.ok(hashes.has(dataSetOf(await readFile(path)).toString('base64')), path);
});

test('send says which files were refused and ends with 1 (CS 4.2.3.4)', async (t) => {
  const scp = await runningScp(t);
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'ct.dcm'), exampleInstance(1).file);
  await writeFile(join(folder, 'mr.dcm'), exampleInstance(2, { sopClassUid: '1.2.840.10008.5.1.4.1.1.4' }).file);
  const sent = await contourNode('send', folder, '--to', `CONTOUR@127.0.0.1:${scp.port}`);
  assert.equal(sent.code, 1);
  assert.match(sent.stdout, /^1 of 2 stored at CONTOUR/);
  assert.match(sent.stderr, /^error PRESENTATION_CONTEXT_REFUSED: 1 of 2 not stored, the first \S+mr\.dcm: .*\n$/);
  assert.equal(scp.kept.length, 1);
});

test('send and echo reach DCMTK over TLS with CA, certificate and key, and nothing goes to whoever shows another (CS 4.2.3.4)', async (t) => {
  const folder = await temporaryFolder(t);
  const ca = await certificateAuthority(folder);
  const stranger = await certificateAuthority(folder, 'stranger-ca');
  const tps = await certificate(folder, 'tps', ca);
  const node = await certificate(folder, 'node', ca);
  const peer = await storescp(t, {
    own: ['+tls', tps.keyFile, tps.certificateFile, '+cf', ca.certificateFile],
    caller: ['+tls', node.keyFile, node.certificateFile, '+cf', ca.certificateFile],
  });
  const path = join(folder, 'ct.dcm');
  await writeFile(path, exampleInstance(1).file);
  const to = `TPS@127.0.0.1:${peer.port}`;
  const own = ['--tls-certificate', node.certificateFile, '--tls-key', node.keyFile];
  const ofCa = ['--tls-ca', ca.certificateFile];

  for (const [words, tls] of [
    ['the CA is another', [...own, '--tls-ca', stranger.certificateFile]],
    ['the name is another', [...own, ...ofCa, '--tls-peer', 'CN=other']],
    ['the fingerprint is another', [...own, '--tls-peer', `sha256:${'00'.repeat(32)}`]],
    ['no certificate is shown', ofCa],
    ['it is plain', []],
  ] as const) {
    const sent = await contourNode('send', path, '--to', to, '--timeout', '5', ...tls);
    assert.equal(sent.code, 1, words);
    assert.match(sent.stderr, /^error (PEER_UNREACHABLE|ASSOCIATION_ABORTED|DIMSE_TIMEOUT): [^\n]+\n$/, words);
  }
  assert.deepEqual(await readdir(peer.folder), []);

  const echoed = await contourNode('echo', to, ...own, ...ofCa);
  assert.equal(echoed.code, 0, echoed.stderr);
  assert.match(echoed.stdout, /^TPS at 127\.0\.0\.1:\d+ answered in \d+ ms/);
  const byFingerprint = await contourNode('echo', to, ...own, '--tls-peer', await fingerprintOf(tps));
  assert.equal(byFingerprint.code, 0, byFingerprint.stderr);
  const sent = await contourNode('send', path, '--to', to, ...own, ...ofCa, '--tls-peer', 'CN=tps, O=Clinic');
  assert.equal(sent.code, 0, sent.stderr);
  assert.equal((await readdir(peer.folder)).length, 1);
});

test('bad calls get one line and exit code 1 or 2', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'text.txt'), 'not DICOM');
  const { file } = exampleInstance(1);
  await writeFile(join(folder, 'cut.dcm'), file.subarray(0, file.length - 1000));
  const to = ['--to', 'A@127.0.0.1:9'];
  const cases: [string[], number, RegExp][] = [
    [['send', join(folder, 'nothing'), ...to], 2, /PATH_NOT_FOUND: no such file or folder/],
    [['send', folder, ...to], 2, /PATH_NOT_FOUND: no DICOM file/],
    [['send', join(folder, 'text.txt'), ...to], 1, /DICOM_UNREADABLE/],
    [['send', join(folder, 'cut.dcm'), ...to], 1, /DICOM_UNREADABLE: \S+cut\.dcm/],
    [['send', folder], 2, /USAGE: no --to/],
    [['send', folder, '--to', 'nobody'], 2, /USAGE: 'nobody' is not AE@host:port/],
    [['send', folder, '--to', 'A@h:1', '--calling', 'A TITLE THAT IS TOO LONG'], 2, /USAGE/],
    [['echo', 'A@127.0.0.1:9'], 1, /PEER_UNREACHABLE: cannot reach A at 127.0.0.1:9/],
    [['echo'], 2, /USAGE/],
    [['echo', 'A@h:1', '--tls-certificate', 'a.pem'], 2, /USAGE: TLS needs --tls-ca or --tls-peer/],
    [['echo', 'A@h:1', '--tls-ca', 'a.pem', '--tls-key', 'a.key'], 2, /USAGE: --tls-certificate and --tls-key/],
    [['echo', 'A@h:1', '--tls-peer', 'anybody'], 2, /USAGE: --tls-peer is neither/],
  ];
  await Promise.all(
    cases.map(async ([args, code, words]) => {
      const outcome = await contourNode(...args);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, words);
      assert.equal(outcome.stderr.trim().split('\n').length, 1, outcome.stderr);
    }),
  );
});

test('echo is answered by DCMTK, and a rejection is told with the reason (CS 4.2.3.2)', async (t) => {
  const peer = await storescp(t);
  const answered = await contourNode('echo', `ANY@127.0.0.1:${peer.port}`, '--json');
  assert.equal(answered.code, 0, answered.stderr);
  assert.equal((JSON.parse(answered.stdout) as { aeTitle: string }).aeTitle, 'ANY');
  const scp = await runningScp(t);
  const rejected = await contourNode('echo', `WRONG@127.0.0.1:${scp.port}`);
  assert.equal(rejected.code, 1);
  assert.match(rejected.stderr, /ASSOCIATION_REJECTED: WRONG rejected the association: called AE title not recognised/);
});

test('an address is AE@host:port, IPv6 in brackets', () => {
  assert.deepEqual(parsePeerAddress('TPS 1@tps.clinic:104'), { aeTitle: 'TPS 1', host: 'tps.clinic', port: 104 });
  assert.deepEqual(parsePeerAddress('TPS@[fe80::1]:104'), { aeTitle: 'TPS', host: 'fe80::1', port: 104 });
  for (const wrong of ['TPS', 'TPS@host', 'TPS@host:0', 'TPS@host:65536', '@host:104', 'TPS@:104', 'A\\B@host:104']) {
    assert.throws(() => parsePeerAddress(wrong), { code: 'USAGE' }, wrong);
  }
});
