import { once } from 'node:events';
import { connect } from 'node:net';
import { echo } from '../../../src/dimse/scu/verification-scu.ts';
import { runningScp } from '../../dimse/running-scp.ts';
import type { Cleanup } from '../../support/cleanup.ts';

/** The node closes a connection whose sender is gone within this, in milliseconds. */
const patience = 10_000;
/** After so many attacks an honest sender has to be answered. */
const honestEvery = 50;

/** The DICOM port of a node, and who attacks it. */
export interface AttackedScp {
  /** Writes these bytes on a connection of their own and waits for its end; rejects when it does not end. */
  attack(bytes: Buffer): Promise<void>;
}

export async function attackedScp(
  cleanup: Cleanup,
  options: Parameters<typeof runningScp>[1] = {},
): Promise<AttackedScp> {
  const scp = await runningScp(cleanup, {
    ...options,
    dicom: { idleSeconds: 5, handshakeSeconds: 5, maxInstanceMegabytes: 1 },
  });
  let attacks = 0;
  return {
    async attack(bytes) {
      await untilClosed(scp.port, bytes, attacks);
      if (++attacks % honestEvery > 0) return;
      const peer = { aeTitle: 'CONTOUR', host: '127.0.0.1', port: scp.port };
      await echo(peer, { callingAe: 'HONEST', timeoutSeconds: 20 });
    },
  };
}

/** @param attack number of it: nobody is made to wait for what came before from the same loopback address */
async function untilClosed(port: number, bytes: Buffer, attack: number): Promise<void> {
  const localAddress = `127.1.${Math.floor(attack / 250) % 250}.${1 + (attack % 250)}`;
  const socket = connect({ host: '127.0.0.1', port, localAddress, allowHalfOpen: true, noDelay: true });
  const timer = setTimeout(() => socket.destroy(new Error(`still open after ${patience / 1000} s`)), patience);
  try {
    let failure: Error | undefined;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The node may be done with the attacker before all of it is written.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') failure = error;
    });
    const closed = once(socket, 'close');
    socket.on('data', () => {});
    socket.end(bytes);
    await closed;
    if (failure !== undefined) throw failure;
  } finally {
    clearTimeout(timer);
  }
}
