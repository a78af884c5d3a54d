import { explicitVrLittleEndian, implicitVrLittleEndian } from '../../dicom/transfer-syntax.ts';
import { asContourNodeError, ContourNodeError } from '../../errors.ts';
import { type DeliveryOutcome, outcomeOfError, outcomeOfStatus, type StoredEncoding } from './delivery-outcome.ts';
import { OutboundAssociation } from './outbound-association.ts';
import type { PeerAddress } from './peer-connection.ts';
import { store } from './storage-scu.ts';
import { readStoredInstance, type StoredInstance } from './stored-instance.ts';

export const transferSyntaxUids: Readonly<Record<StoredEncoding, string>> = {
  implicit: implicitVrLittleEndian,
  explicit: explicitVrLittleEndian,
};

export interface DeliveryOptions {
  readonly callingAe: string;
  /** Proposed in this order; those without a stored file are left out. */
  readonly transferSyntaxes: readonly StoredEncoding[];
  /** A try with this SOP Instance UID went to this peer before: `0x0111` then means that it has arrived. */
  readonly triedBefore: boolean;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}

/**
 * One try to deliver a structure set: sends the stored bytes of the encoding that the peer accepts. Never throws, and ends
 * within its time limits.
 *
 * @param files path of each stored encoding of the same instance
 */
export async function sendStructureSet(
  peer: PeerAddress,
  files: Readonly<Partial<Record<StoredEncoding, string>>>,
  options: DeliveryOptions,
): Promise<DeliveryOutcome> {
  let association: OutboundAssociation | undefined;
  try {
    const encodings = await readEncodings(files, options.transferSyntaxes);
    const opened = await OutboundAssociation.open({
      peer,
      callingAe: options.callingAe,
      timeoutSeconds: options.timeoutSeconds,
      contexts: encodings.map(({ instance }) => ({
        abstractSyntax: instance.sopClassUid,
        transferSyntaxes: [instance.transferSyntaxUid],
      })),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    association = opened;
    const chosen = encodings.find(({ instance }) => opened.accepts(instance.sopClassUid, instance.transferSyntaxUid));
    if (chosen === undefined) {
      throw new ContourNodeError(
        'PRESENTATION_CONTEXT_REFUSED',
        `${peer.aeTitle} refused RT Structure Set Storage (${options.transferSyntaxes.join(', ')})`,
      );
    }
    const status = await store(opened, peer, chosen.instance);
    await opened.release();
    // After a second response, even a good one, it is unknown which of them counts.
    if (opened.failure?.code === 'STORE_WRONG_RESPONSE') throw opened.failure;
    return { ...outcomeOfStatus(peer.aeTitle, status, options.triedBefore), transferSyntax: chosen.encoding };
  } catch (error) {
    await association?.release();
    return outcomeOfError(asContourNodeError(error));
  }
}

async function readEncodings(
  files: Readonly<Partial<Record<StoredEncoding, string>>>,
  order: readonly StoredEncoding[],
): Promise<{ encoding: StoredEncoding; instance: StoredInstance }[]> {
  const found = [];
  for (const encoding of order) {
    const path = files[encoding];
    if (path === undefined) continue;
    const instance = await readStoredInstance(path);
    if (instance.transferSyntaxUid !== transferSyntaxUids[encoding]) {
      throw new ContourNodeError(
        'RTSTRUCT_INVALID',
        `the ${encoding} file of the structure set is in another transfer syntax`,
      );
    }
    found.push({ encoding, instance });
  }
  if (found.length === 0)
    throw new ContourNodeError('RTSTRUCT_INVALID', 'no stored file in a transfer syntax of the destination');
  return found;
}
