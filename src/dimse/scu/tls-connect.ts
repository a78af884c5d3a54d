import type { Socket } from 'node:net';
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { type TlsFiles, tlsCredentials } from '../../config/tls-files.ts';
import { isListed, shownCertificate } from '../peer-certificate.ts';

/** How a peer is called over TLS. */
export interface OutgoingTls extends TlsFiles {
  /** The certificates that it may show; empty: one that a CA signed for its host. */
  readonly certificates: readonly string[];
}

/**
 * The TLS handshake on an open connection. No DICOM is sent before the peer's certificate is accepted.
 *
 * @throws ContourNodeError TLS_FILES; Error where the handshake fails or the certificate is not accepted
 */
export async function secured(raw: Socket, host: string, tls: OutgoingTls): Promise<TLSSocket> {
  const credentials = await tlsCredentials(tls);
  const socket = connect({ ...credentials, socket: raw, rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    // Stays for later errors: 'close' follows each.
    socket.on('error', (cause: NodeJS.ErrnoException) =>
      reject(new Error(`the TLS handshake failed (${cause.code ?? cause.message})`, { cause })),
    );
    socket.once('close', () => reject(new Error('the peer closed the connection during the TLS handshake')));
  });
  const shown = shownCertificate(socket);
  const listed = shown !== undefined && isListed(shown, { certificates: [...tls.certificates] });
  const why = listed ? whyNotHost(socket, host, tls) : `it shows a certificate that is not accepted${reason(socket)}`;
  if (why === undefined) return socket;
  socket.destroy();
  throw new Error(why);
}

/** Where no certificate is listed, the peer's must be issued for its host. */
function whyNotHost(socket: TLSSocket, host: string, { certificates }: OutgoingTls): string | undefined {
  if (certificates.length > 0) return undefined;
  return checkServerIdentity(host, socket.getPeerCertificate()) === undefined
    ? undefined
    : `its certificate is for another host than ${host}`;
}

function reason({ authorizationError }: TLSSocket): string {
  // Node has the code of OpenSSL's verification here, although its type says Error.
  const error = authorizationError as Error | string | null | undefined;
  return error === null || error === undefined ? '' : ` (${error instanceof Error ? error.message : error})`;
}
