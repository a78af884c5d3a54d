import type { PeerAddress } from '../../../src/dimse/scu/peer-connection.ts';
import { startRawPeer } from '../../peers/raw-peer.ts';
import type { Cleanup } from '../../support/cleanup.ts';

/** A peer that the node calls. */
export interface AttackingPeer {
  readonly address: PeerAddress;
  /** What it says from now on: so many bytes to the association request, the rest to the first request. */
  says(bytes: Buffer, toAssociation: number): void;
}

export async function attackingPeer(cleanup: Cleanup): Promise<AttackingPeer> {
  let answer: Buffer = Buffer.alloc(0);
  let split = 0;
  const peer = await startRawPeer(async (io) => {
    await io.pdu();
    io.send(answer.subarray(0, split));
    await io.pdu();
    io.send(answer.subarray(split));
    io.socket.end();
  });
  cleanup.after(() => peer.close());
  return {
    address: { aeTitle: 'TPS', host: '127.0.0.1', port: peer.port },
    says: (bytes, toAssociation) => {
      answer = bytes;
      split = toAssociation;
    },
  };
}
