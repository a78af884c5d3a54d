import type { Socket } from 'node:net';
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { type TlsFiles, tlsCredentials } from '../../config/tls-files.ts';
import { ContourNodeError } from '../../errors.ts';
import { isListed, type ShownCertificate, shownCertificate } from '../peer-certificate.ts';

/** How a peer is called over TLS. */
export interface OutgoingTls extends TlsFiles {
  /** The certificates that it may show; empty: one that a CA signed for its host. */
  readonly certificates: readonly string[];
}

/**
 * The TLS handshake on an open connection. No DICOM is sent before the peer's certificate is accepted.
 *
 * @throws ContourNodeError TLS_FILES; PEER_UNREACHABLE where the handshake fails or the certificate is not accepted
 */
export async function secured(raw: Socket, host: string, tls: OutgoingTls): Promise<TLSSocket> {
  const credentials = await tlsCredentials(tls);
  const socket = connect({ ...credentials, socket: raw, rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    // Stays for later errors: 'close' follows each.
    socket.on('error', (cause: NodeJS.ErrnoException) =>
      reject(noTls(`the TLS handshake failed (${cause.code ?? cause.message})`, handshakeRemedy, cause)),
    );
    socket.once('close', () =>
      reject(noTls('the peer closed the connection during the TLS handshake', handshakeRemedy)),
    );
  });
  const shown = shownCertificate(socket);
  const listed = shown !== undefined && isListed(shown, { certificates: [...tls.certificates] });
  const refusal = listed ? otherHost(socket, host, tls) : notAccepted(socket, shown);
  if (refusal === undefined) return socket;
  socket.destroy();
  throw refusal;
}

const handshakeRemedy =
  "check that the peer's port speaks TLS 1.2 or 1.3, and that the peer accepts the certificate of this node";

function noTls(why: string, remedy: string, cause?: unknown): ContourNodeError {
  return new ContourNodeError('PEER_UNREACHABLE', why, { remedy, cause });
}

/** Where no certificate is listed, the peer's must be issued for its host. */
function otherHost(socket: TLSSocket, host: string, { certificates }: OutgoingTls): ContourNodeError | undefined {
  if (certificates.length > 0 || checkServerIdentity(host, socket.getPeerCertificate()) === undefined) return undefined;
  const remedy =
    'let the peer show a certificate for this host, or enter its fingerprint under peers[].tls.certificates';
  return noTls(`its certificate is for another host than ${host}`, remedy);
}

function notAccepted(socket: TLSSocket, shown: ShownCertificate | undefined): ContourNodeError {
  // Node has the code of OpenSSL's verification here, although its type says Error.
  const error = socket.authorizationError as Error | string | null | undefined;
  const reason = error instanceof Error ? error.message : (error ?? '');
  if (shown?.current === false || reason === 'CERT_HAS_EXPIRED') {
    const remedy = 'renew the certificate at the peer; check the clocks of both machines';
    return noTls('its certificate has expired, or is not valid yet', remedy);
  }
  return noTls(
    `it shows a certificate that is not accepted${reason === '' ? '' : ` (${reason})`}`,
    "enter the peer's certificate under peers[].tls.certificates, or its CA under peers[].tls.caFile",
  );
}
