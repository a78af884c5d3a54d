import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readdir, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { configSchema } from '../../src/config/schema.ts';
import { configuredPeer } from '../../src/dimse/scu/configured-peer.ts';
import { storeInstances } from '../../src/dimse/scu/storage-scu.ts';
import { echo } from '../../src/dimse/scu/verification-scu.ts';
import { readStoredInstance } from '../../src/dimse/scu/stored-instance.ts';
import { afterwards } from '../support/afterwards.ts';
import { type Certificate, certificate, certificateAuthority, fingerprintOf } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import type { Outcome } from '../support/run-program.ts';
import { assertTlsProfile, openSslClient } from '../support/tls-profile.ts';
import { dcmtk } from './dcmtk.ts';
import { exampleInstance } from './example-instance.ts';
import { runningScp, temporaryFolder } from './running-scp.ts';

type Test = Parameters<typeof runningScp>[0];

/** The node's port with TLS, which takes one peer, CT99, by its certificate. */
async function secureScp(t: Test, options: { clientCertificates?: string; handshakeSeconds?: number } = {}) {
  const folder = await temporaryFolder(t);
  const ca = await certificateAuthority(folder);
  const node = await certificate(folder, 'node', ca);
  const scanner = await certificate(folder, 'ct99', ca);
  const other = await certificate(folder, 'other', ca);
  const { clientCertificates = 'required', handshakeSeconds = 30 } = options;
  const scp = await runningScp(t, {
    dicom: {
      acceptLoopback: false,
      handshakeSeconds,
      tls: { ...node, caFile: ca.certificateFile, clientCertificates: clientCertificates as 'required' },
    },
    peers: [
      { name: 'scanner', aeTitle: 'CT99', addresses: ['127.0.0.1'], tls: { certificates: ['CN=ct99, O=Clinic'] } },
    ],
  });
  return { folder, ca, node, scanner, other, scp };
}

async function exampleFile(folder: string): Promise<string> {
  const path = join(folder, 'ct.dcm');
  await writeFile(path, exampleInstance(1).file);
  return path;
}

function storescu(port: number | undefined, file: string, tls: string[], aeTitle = 'CT99'): Promise<Outcome> {
  return dcmtk('storescu', ...tls, '-aet', aeTitle, '-aec', 'CONTOUR', '127.0.0.1', String(port), file);
}

function withCertificate({ certificateFile, keyFile }: Certificate, ca: Certificate): string[] {
  return ['+tls', keyFile, certificateFile, '+cf', ca.certificateFile];
}

test('a scanner with the certificate on its list stores over TLS (storescu +tls)', async (t) => {
  const { folder, scp, scanner, ca } = await secureScp(t);
  const sent = await storescu(scp.tlsPort, await exampleFile(folder), withCertificate(scanner, ca));
  assert.equal(sent.code, 0, sent.stderr);
  await scp.untilEnded(1);
  assert.equal(scp.kept.length, 1);
  assert.equal(scp.ended[0]?.how, 'released');
  assert.equal(scp.ended[0]?.association.peer?.name, 'scanner');
});

test('without the certificate on the list nothing is stored (CS 7)', async (t) => {
  const { folder, scp, scanner, other, ca } = await secureScp(t);
  const file = await exampleFile(folder);
  const ownSigned = await certificate(folder, 'self');
  const strangersCa = await certificateAuthority(folder, 'stranger-ca');
  const forged = await certificate(folder, 'forged-ct99', strangersCa);
  const tries: [string, Promise<Outcome>][] = [
    ['none at all', storescu(scp.tlsPort, file, ['+tla', '-ic'])],
    ['one of another machine of the clinic', storescu(scp.tlsPort, file, withCertificate(other, ca))],
    ['self-signed', storescu(scp.tlsPort, file, withCertificate(ownSigned, ca))],
    ['of another CA', storescu(scp.tlsPort, file, withCertificate(forged, ca))],
    ['the right one under another AE title', storescu(scp.tlsPort, file, withCertificate(scanner, ca), 'CT100')],
    ['without TLS, on the plain port', storescu(scp.port, file, [])],
    ['without TLS, on the TLS port', storescu(scp.tlsPort, file, [])],
  ];
  for (const [how, outcome] of tries) assert.notEqual((await outcome).code, 0, how);
  // What is not refused in the handshake is closed before a byte of DICOM is read.
  await openSslClient(scp.tlsPort ?? 0);
  await openSslClient(scp.tlsPort ?? 0, '-cert', forged.certificateFile, '-key', forged.keyFile);
  for (const words of ['no certificate', 'no peer shows this certificate']) {
    await eventually(words, 20, () => (scp.warnings.some((line) => line.endsWith(words)) ? true : undefined));
  }
  assert.deepEqual(scp.kept, []);
  assert.deepEqual(scp.started, [], 'no association was accepted');
});

test('a certificate is also known by its fingerprint, whoever signed it, while its dates hold', async (t) => {
  const folder = await temporaryFolder(t);
  const node = await certificate(folder, 'node');
  const scanner = await certificate(folder, 'ct99');
  const peer = (fingerprint: string) => [
    { name: 'scanner', aeTitle: 'CT99', addresses: ['127.0.0.1'], tls: { certificates: [fingerprint] } },
  ];
  const dicom = { acceptLoopback: false, tls: node };
  const scp = await runningScp(t, { dicom, peers: peer(await fingerprintOf(scanner)) });
  const file = await exampleFile(folder);
  const tls = ['+tls', scanner.keyFile, scanner.certificateFile, '+cf', node.certificateFile];
  const sent = await storescu(scp.tlsPort, file, tls);
  assert.equal(sent.code, 0, sent.stderr);
  const wrong = await runningScp(t, { dicom, peers: peer(`sha256:${'00'.repeat(32)}`) });
  assert.notEqual((await storescu(wrong.tlsPort, file, tls)).code, 0);
  assert.deepEqual(wrong.kept, []);
});

test('old protocol versions, weak ciphers and renegotiation are refused (openssl s_client) (CS 7)', async (t) => {
  const { scp, scanner, ca } = await secureScp(t);
  const own = ['-cert', scanner.certificateFile, '-key', scanner.keyFile, '-CAfile', ca.certificateFile];
  assert.match(
    await openSslClient(scp.tlsPort ?? 0, ...own, '-tls1_2'),
    /Cipher is ECDHE-RSA-AES256-GCM-SHA384[^]*Verify return code: 0/,
  );
  await assertTlsProfile(scp.tlsPort ?? 0, own);

  const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${scp.tlsPort}`, ...own, '-tls1_2'], {
    stdio: 'pipe',
  });
  afterwards(t, () => void client.kill());
  let said = '';
  for (const stream of [client.stdout, client.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await eventually('the handshake is done', 20, () => (/Verify return code/.test(said) ? true : undefined));
  client.stdin.write('R\n');
  await Promise.race([
    once(client, 'close'),
    eventually('it is refused', 20, () => (/no renegotiation/i.test(said) ? true : undefined)),
  ]);
  assert.match(said, /no renegotiation/i);
});

test('a handshake that does not come to its end takes neither time nor a place for long', async (t) => {
  const { scp } = await secureScp(t, { handshakeSeconds: 1 });
  const socket = createConnection({ host: '127.0.0.1', port: scp.tlsPort ?? 0 });
  afterwards(t, () => void socket.destroy());
  socket.on('error', () => {});
  // The head of a ClientHello, and no more.
  socket.write(Buffer.from('160301020001', 'hex'));
  await once(socket.resume(), 'close');
  await eventually('it is logged', 10, () =>
    scp.warnings.some((line) => line.includes('no TLS handshake')) ? true : undefined,
  );
});

test('the time for the association begins with the connection, not with the end of the TLS handshake', async (t) => {
  const { scp, scanner, ca } = await secureScp(t, { handshakeSeconds: 2 });
  const own = ['-cert', scanner.certificateFile, '-key', scanner.keyFile, '-CAfile', ca.certificateFile];
  const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${scp.tlsPort}`, '-quiet', ...own], {
    stdio: 'pipe',
  });
  afterwards(t, () => void client.kill());
  await once(client, 'close');
  assert.ok(
    scp.warnings.some((line) => line.includes('no association in time')),
    scp.warnings.join('; '),
  );
  assert.deepEqual(scp.started, []);
});

test('a renewed certificate is shown without a restart, and a broken one leaves the old one in force', async (t) => {
  const { folder, scp, node, scanner, ca } = await secureScp(t);
  const own = ['-cert', scanner.certificateFile, '-key', scanner.keyFile, '-CAfile', ca.certificateFile];
  const subject = async (): Promise<string> =>
    /subject=.*CN ?= ?([\w-]+)/.exec(await openSslClient(scp.tlsPort ?? 0, ...own))?.[1] ?? '';
  assert.equal(await subject(), 'node');
  const renewed = await certificate(folder, 'node-renewed', ca);
  await copyFile(renewed.certificateFile, node.certificateFile);
  await assert.rejects(scp.renewCertificates(), { code: 'TLS_FILES', message: /is not the key of/ });
  assert.equal(await subject(), 'node');
  await copyFile(renewed.keyFile, node.keyFile);
  await scp.renewCertificates();
  assert.equal(await subject(), 'node-renewed');
});

test('with optional certificates, a peer with a list still needs its own', async (t) => {
  const { folder, scp, scanner, ca } = await secureScp(t, { clientCertificates: 'optional' });
  const file = await exampleFile(folder);
  assert.notEqual((await storescu(scp.tlsPort, file, ['+tla', '-ic'])).code, 0);
  assert.equal((await storescu(scp.tlsPort, file, withCertificate(scanner, ca))).code, 0);
  assert.equal(scp.kept.length, 1);
});

test('delivery over TLS goes to the peer with the right certificate only (storescp +tls) (CS 7)', async (t) => {
  const folder = await temporaryFolder(t);
  const ca = await certificateAuthority(folder);
  const tps = await certificate(folder, 'tps', ca);
  const node = await certificate(folder, 'node', ca);
  const port = await freePort();
  const received = await temporaryFolder(t);
  const scp = spawn(
    '/usr/bin/storescp',
    ['+tls', tps.keyFile, tps.certificateFile, '+cf', ca.certificateFile, '-rc', '-od', received, String(port)],
    { stdio: 'ignore' },
  );
  afterwards(t, () => void scp.kill());
  const instances = [await readStoredInstance(await exampleFile(folder))];
  const deliver = (tls: object, dicom: object = { tls: { ...node, caFile: ca.certificateFile } }): Promise<unknown> => {
    const peer = { name: 'tps', aeTitle: 'TPS', host: '127.0.0.1', port, tls };
    const config = configSchema.parse({ dicom, peers: [peer] });
    const address = configuredPeer(config.peers[0]!, config.dicom);
    assert.ok(address?.tls);
    return storeInstances(address, instances, { callingAe: 'CONTOUR', timeoutSeconds: 10 });
  };
  await eventually('storescp listens', 20, () =>
    echo(
      { aeTitle: 'TPS', host: '127.0.0.1', port, tls: { ...node, caFile: ca.certificateFile, certificates: [] } },
      { callingAe: 'CONTOUR', timeoutSeconds: 5 },
    ),
  );
  await deliver({});
  assert.equal((await readdir(received)).length, 1);
  await deliver({ certificates: [await fingerprintOf(tps)] });

  const refused = { code: 'PEER_UNREACHABLE', message: /certificate/ };
  const stranger = await certificateAuthority(folder, 'stranger-ca');
  await assert.rejects(deliver({ caFile: stranger.certificateFile }), refused);
  await assert.rejects(deliver({ certificates: [await fingerprintOf(node)] }), refused);
  await assert.rejects(deliver({ certificates: ['CN=other'] }), refused);
  await assert.rejects(deliver({}, {}), 'without any CA nobody is trusted, and no certificate is shown');
  await assert.rejects(deliver({ caFile: join(folder, 'missing.pem') }), {
    code: 'TLS_FILES',
    message: /missing\.pem: ENOENT/,
  });
});
