import { rtStructureSetStorage } from '../../dicom/rtstruct/structure-set.ts';
import { segmentationStorage } from '../../dicom/segmentation/segmentation-input.ts';
import { ContourNodeError } from '../../errors.ts';
import { transferSyntaxUids } from './deliver-structure-set.ts';
import type { StoredEncoding } from './delivery-outcome.ts';
import { OutboundAssociation } from './outbound-association.ts';
import type { PeerAddress } from './peer-connection.ts';

/**
 * Asks a peer in which transfer syntaxes it accepts RT structure sets, and segmentations where these are to follow, by an
 * association that sends nothing.
 *
 * @returns those of `transferSyntaxes` that it accepts, at least one
 * @throws ContourNodeError PRESENTATION_CONTEXT_REFUSED; PEER_UNREACHABLE, AssociationRejected, DIMSE_TIMEOUT,
 *   ASSOCIATION_ABORTED
 */
export async function offerStructureSets(
  peer: PeerAddress,
  options: {
    callingAe: string;
    transferSyntaxes: readonly StoredEncoding[];
    /** Of the segmentation. */
    segmentation?: StoredEncoding | undefined;
    timeoutSeconds: number;
  },
): Promise<StoredEncoding[]> {
  const { callingAe, transferSyntaxes, segmentation, timeoutSeconds } = options;
  const association = await OutboundAssociation.open({
    peer,
    callingAe,
    timeoutSeconds,
    contexts: [
      ...transferSyntaxes.map((encoding) => ({ abstractSyntax: rtStructureSetStorage, encoding })),
      ...(segmentation === undefined ? [] : [{ abstractSyntax: segmentationStorage, encoding: segmentation }]),
    ].map(({ abstractSyntax, encoding }) => ({ abstractSyntax, transferSyntaxes: [transferSyntaxUids[encoding]] })),
  });
  const accepted = transferSyntaxes.filter((encoding) =>
    association.accepts(rtStructureSetStorage, transferSyntaxUids[encoding]),
  );
  const noSegmentation =
    segmentation !== undefined && !association.accepts(segmentationStorage, transferSyntaxUids[segmentation]);
  await association.release();
  if (accepted.length > 0 && noSegmentation) {
    throw new ContourNodeError(
      'PRESENTATION_CONTEXT_REFUSED',
      `${peer.aeTitle} refused Segmentation Storage (${segmentation})`,
      { remedy: 'turn on the import of segmentations at the peer, or leave destinations[].segmentation out' },
    );
  }
  if (accepted.length > 0) return accepted;
  throw new ContourNodeError(
    'PRESENTATION_CONTEXT_REFUSED',
    `${peer.aeTitle} refused RT Structure Set Storage (${transferSyntaxes.join(', ')})`,
    { remedy: 'turn on the import of RT structure sets at the peer, or offer another destinations[].transferSyntaxes' },
  );
}
