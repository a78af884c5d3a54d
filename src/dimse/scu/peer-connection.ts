import { connect, type Socket } from 'node:net';
import { ContourNodeError } from '../../errors.ts';
import { type OutgoingTls, secured } from './tls-connect.ts';

/** Where a peer listens. */
export interface PeerAddress {
  readonly aeTitle: string;
  readonly host: string;
  readonly port: number;
  /** Where the peer is called over TLS. */
  readonly tls?: OutgoingTls;
}

/**
 * Connects to a peer, over TLS where that is configured. One time limit holds for connection and TLS handshake together.
 *
 * @throws ContourNodeError PEER_UNREACHABLE, TLS_FILES
 */
export function connected({
  peer,
  timeoutSeconds,
  signal,
}: {
  peer: PeerAddress;
  timeoutSeconds: number;
  signal?: AbortSignal;
}): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: peer.host, port: peer.port });
    const fail = (why: string, cause?: unknown, remedy?: string): void => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      reject(
        new ContourNodeError('PEER_UNREACHABLE', `cannot reach ${peer.aeTitle} at ${peer.host}:${peer.port}: ${why}`, {
          cause,
          ...(remedy !== undefined && { remedy }),
        }),
      );
    };
    const failed = (error: NodeJS.ErrnoException): void => fail(connectionWords(error), error);
    const cancel = (): void => fail('cancelled');
    const timer = setTimeout(() => fail(`no answer within ${timeoutSeconds} s`), timeoutSeconds * 1000);
    const settle = (): void => {
      clearTimeout(timer);
      socket.off('error', failed);
      signal?.removeEventListener('abort', cancel);
    };
    socket.once('error', failed);
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted === true) return cancel();
    socket.once('connect', () => {
      if (peer.tls === undefined) {
        settle();
        resolve(socket);
        return;
      }
      secured(socket, peer.host, peer.tls).then(
        (secure) => {
          settle();
          resolve(secure);
        },
        (error: unknown) => {
          if (!(error instanceof ContourNodeError)) return fail(String(error), error);
          if (error.code === 'PEER_UNREACHABLE') return fail(error.message, error, error.remedy);
          settle();
          socket.destroy();
          reject(error);
        },
      );
    });
  });
}

function connectionWords(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return 'nothing listens there';
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'the host name is unknown';
  return error.code ?? error.message;
}
