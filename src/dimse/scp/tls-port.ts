import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import type { DicomTls } from '../../config/tls-schema.ts';

/**
 * The TLS handshakes of accepted connections. A handshake only proves that the peer has the key of the certificate that it
 * shows; the caller decides whether that certificate is accepted.
 */
export class TlsHandshakes {
  readonly #server: Server;
  readonly #milliseconds: number;
  readonly #pending = new Map<string, (socket: TLSSocket) => void>();

  constructor(credentials: SecureContextOptions, { clientCertificates }: DicomTls, handshakeSeconds: number) {
    this.#milliseconds = handshakeSeconds * 1000;
    this.#server = createServer({
      ...credentials,
      requestCert: clientCertificates !== 'none',
      rejectUnauthorized: false,
      // Longer than our own time limit: the server's would leave the TCP connection open.
      handshakeTimeout: this.#milliseconds * 2,
    });
    this.#server.on('secureConnection', (socket) => this.#pending.get(keyOf(socket))?.(socket));
    // A handshake that failed: its connection is closed, which `secure` sees.
    this.#server.on('tlsClientError', () => {});
  }

  /**
   * @param raw just accepted, nothing read yet
   * @param done gets the secured socket, or undefined where the handshake failed or took too long
   */
  secure(raw: Socket, done: (socket: TLSSocket | undefined) => void): void {
    const key = keyOf(raw);
    const settle = (socket?: TLSSocket): void => {
      if (!this.#pending.delete(key)) return;
      clearTimeout(timer);
      if (socket === undefined) raw.destroy();
      done(socket);
    };
    const timer = setTimeout(settle, this.#milliseconds);
    this.#pending.set(key, settle);
    raw.on('error', () => {});
    raw.once('close', () => settle());
    this.#server.emit('connection', raw);
  }

  /** Takes over renewed certificates; open connections keep theirs. */
  renew(credentials: SecureContextOptions): void {
    this.#server.setSecureContext(credentials);
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
