import type { Config, Peer } from '../../../src/config/schema.ts';
import { offerCommitment } from '../../../src/dimse/commitment/scu/commitment-scu.ts';
import { configuredPeer } from '../../../src/dimse/scu/configured-peer.ts';
import { offerStructureSets } from '../../../src/dimse/scu/offer-structure-sets.ts';
import type { PeerAddress } from '../../../src/dimse/scu/peer-connection.ts';
import { AssociationRejected } from '../../../src/dimse/scu/association-rejected.ts';
import { echo } from '../../../src/dimse/scu/verification-scu.ts';
import { ContourNodeError } from '../../../src/errors.ts';
import { segmentationEncoding } from '../../order/write-profile.ts';
import { answerSeconds, type Check } from './check.ts';

/**
 * Whether each peer that listens answers C-ECHO, and each destination takes RT structure sets in a transfer syntax that
 * it is configured for, segmentations and storage commitment where these are configured. Nothing is sent.
 */
export function peerChecks({ peers, destinations, dicom }: Pick<Config, 'peers' | 'destinations' | 'dicom'>): Check[] {
  const callingAe = dicom.aeTitle;
  const listening = peers.flatMap((peer) => {
    const address = configuredPeer(peer, dicom);
    return address === undefined ? [] : [{ peer, address }];
  });
  return listening.flatMap(({ peer, address }) => [
    { name: `peer ${peer.name}`, run: () => explained(callingAe, () => examinePeer(address, callingAe)) },
    ...destinations
      .filter((destination) => destination.peer === peer.name)
      .map((destination) => ({
        name: `destination ${destination.name}`,
        run: () => explained(callingAe, () => examineDestination(address, callingAe, destination)),
      })),
    ...destinations
      .filter((destination) => destination.peer === peer.name && destination.storageCommitment !== undefined)
      .map((destination) => ({
        name: `commitment ${destination.name}`,
        run: () => explained(callingAe, () => examineCommitment(address, callingAe, peer)),
      })),
  ]);
}

async function examinePeer(address: PeerAddress, callingAe: string): Promise<string> {
  const milliseconds = await echo(address, { callingAe, timeoutSeconds: answerSeconds });
  return `${address.aeTitle} at ${address.host}:${address.port} answered C-ECHO in ${milliseconds.toFixed(0)} ms`;
}

async function examineDestination(
  address: PeerAddress,
  callingAe: string,
  { transferSyntaxes, segmentation: isWanted }: Config['destinations'][number],
): Promise<string> {
  const accepted = await offerStructureSets(address, {
    callingAe,
    transferSyntaxes,
    segmentation: isWanted === true ? segmentationEncoding(transferSyntaxes) : undefined,
    timeoutSeconds: answerSeconds,
  });
  const also = isWanted === true ? ', and segmentations' : '';
  return `${address.aeTitle} takes RT structure sets, ${accepted.join(' and ')} VR little endian${also}`;
}

async function examineCommitment(address: PeerAddress, callingAe: string, peer: Peer): Promise<string> {
  await offerCommitment(address, { callingAe, timeoutSeconds: answerSeconds });
  const how = peer.addresses.length === 0 ? ', its result on the same association only: it has no addresses' : '';
  return `${address.aeTitle} offers storage commitment${how}`;
}

/** PS3.8 table 9-21: source 1, the service user, with reason 3 means the calling title; `doctor` knows which one that is. */
async function explained(callingAe: string, ask: () => Promise<string>): Promise<string> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof AssociationRejected) || error.source !== 1 || error.reason !== 3) throw error;
    const remedy = `enter the AE title ${callingAe} with this machine's address at the peer, or set dicom.aeTitle to the title that it expects`;
    throw new ContourNodeError(error.code, error.message, { cause: error, remedy });
  }
}
