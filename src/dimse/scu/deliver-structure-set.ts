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
  /** Path of a segmentation that goes behind the structure set, on the same association. */
  readonly segmentation?: string;
  readonly callingAe: string;
  /** Proposed in this order; those without a stored file are left out. */
  readonly transferSyntaxes: readonly StoredEncoding[];
  /** A try with this SOP Instance UID went to this peer before: `0x0111` then means that it has arrived. */
  readonly triedBefore: boolean;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}

/**
 * One try to deliver a structure set: sends the stored bytes of the encoding that the peer accepts, and behind it the
 * segmentation, if there is one. Only both together are delivered: where the segmentation fails, the next try sends the
 * structure set again, with the same UID and bytes. Never throws, and ends within its time limits.
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
    const segmentation =
      options.segmentation === undefined ? undefined : await readStoredInstance(options.segmentation);
    const offered = [
      ...encodings.map(({ instance }) => instance),
      ...(segmentation === undefined ? [] : [segmentation]),
    ];
    const opened = await OutboundAssociation.open({
      peer,
      callingAe: options.callingAe,
      timeoutSeconds: options.timeoutSeconds,
      contexts: offered.map(({ sopClassUid, transferSyntaxUid }) => ({
        abstractSyntax: sopClassUid,
        transferSyntaxes: [transferSyntaxUid],
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
    const outcome = outcomeOfStatus(peer.aeTitle, status, options.triedBefore);
    const behind =
      segmentation === undefined || outcome.outcome !== 'delivered'
        ? undefined
        : await sendSegmentation(opened, peer, segmentation, options);
    await opened.release();
    // After a second response, even a good one, it is unknown which of them counts.
    if (opened.failure?.code === 'STORE_WRONG_RESPONSE') throw opened.failure;
    return { ...(behind === undefined ? outcome : together(outcome, behind)), transferSyntax: chosen.encoding };
  } catch (error) {
    await association?.release();
    return outcomeOfError(asContourNodeError(error));
  }
}

async function sendSegmentation(
  association: OutboundAssociation,
  peer: PeerAddress,
  segmentation: StoredInstance,
  { triedBefore }: DeliveryOptions,
): Promise<DeliveryOutcome> {
  try {
    if (!association.accepts(segmentation.sopClassUid, segmentation.transferSyntaxUid)) {
      throw new ContourNodeError('PRESENTATION_CONTEXT_REFUSED', `${peer.aeTitle} refused Segmentation Storage`);
    }
    return outcomeOfStatus(peer.aeTitle, await store(association, peer, segmentation), triedBefore);
  } catch (error) {
    return outcomeOfError(asContourNodeError(error));
  }
}

/** What was not delivered says why; of two that were, the one that somebody has to look at. */
function together(structureSet: DeliveryOutcome, segmentation: DeliveryOutcome): DeliveryOutcome {
  if (segmentation.outcome === 'delivered')
    return segmentation.alarmed && !structureSet.alarmed ? segmentation : structureSet;
  return { ...segmentation, message: `it has the structure set, and not the segmentation: ${segmentation.message}` };
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
