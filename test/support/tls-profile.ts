import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { runProgram } from './run-program.ts';

/** What `openssl s_client` says of a port; its input ends at once, so that it tells what was agreed and goes. */
export async function openSslClient(port: number, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await runProgram('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args]);
  return stdout + stderr;
}

/** RFC 8446 9.1 and RFC 9325 4.2, with the RSA key of the tests' certificates. */
const accepted = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'].map(
    (suite) => [suite, '-tls1_3', '-ciphersuites', suite] as const,
  ),
  ...['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-CHACHA20-POLY1305', 'ECDHE-RSA-AES128-GCM-SHA256'].map(
    (suite) => [suite, '-tls1_2', '-cipher', suite] as const,
  ),
];

const refused: readonly (readonly string[])[] = [
  ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'],
  ['-tls1', '-cipher', 'ALL:@SECLEVEL=0'],
  ['-tls1_3', '-ciphersuites', 'TLS_AES_128_CCM_SHA256'],
  ...[
    // No forward secrecy.
    'AES128-SHA',
    'AES256-GCM-SHA384',
    'CAMELLIA128-SHA',
    // No authenticated encryption.
    'ECDHE-RSA-AES128-SHA',
    'ECDHE-RSA-AES256-SHA384',
    // Finite-field Diffie-Hellman (RFC 9325 4.2 leaves it out).
    'DHE-RSA-AES128-GCM-SHA256',
    // No encryption, no authentication.
    'NULL-SHA256',
    'AECDH-AES128-SHA',
    'ADH-AES128-SHA',
    'PSK-AES128-GCM-SHA256',
  ].map((cipher) => ['-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`]),
];

/**
 * What `testssl` would look at: each protocol version and cipher suite of the profile is agreed on, others are not, and
 * nothing is compressed.
 *
 * @param own options of `s_client` for a port that asks for a certificate
 */
export async function assertTlsProfile(port: number, own: readonly string[] = []): Promise<void> {
  for (const [suite, ...args] of accepted) {
    const said = await openSslClient(port, ...own, ...args);
    assert.match(said, new RegExp(`Cipher is ${suite}\\s`), args.join(' '));
    assert.match(said, /Compression: NONE/);
  }
  for (const args of refused) {
    const said = await openSslClient(port, ...own, ...args);
    assert.doesNotMatch(said, /Cipher is (TLS_|ECDHE-)/, args.join(' '));
    assert.match(said, /Cipher is \(NONE\)/, args.join(' '));
  }
  assert.notEqual((await answerTo(port, sslV3Hello))[0], handshake, 'SSL 3.0');
}

/** A record of type handshake would be a ServerHello. */
const handshake = 0x16;

/** The ClientHello of SSL 3.0 (RFC 6101), which openssl's client cannot write any more: RSA with 3DES, RC4 and AES. */
const sslV3Hello = Buffer.from(
  ['1603000033', '0100002f', '0300', '00'.repeat(32), '00', '0008', '000a000500350004', '0100'].join(''),
  'hex',
);

async function answerTo(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port });
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.on('error', () => {});
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(parts);
}
