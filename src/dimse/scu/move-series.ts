import { explicitVrLittleEndian, implicitVrLittleEndian } from '../../dicom/transfer-syntax.ts';
import { ContourNodeError } from '../../errors.ts';
import { CMoveRequest } from '../library/dcmjs-dimse.ts';
import type { CMoveResponse } from '../library/dcmjs-dimse.ts';
import { dimseStatus, formatStatus } from '../status.ts';
import { OutboundAssociation } from './outbound-association.ts';
import type { PeerAddress } from './peer-connection.ts';

/** Study Root Query/Retrieve Information Model: MOVE (PS3.4 C.6.2). */
const studyRootMove = '1.2.840.10008.5.1.4.1.2.2.2';
const transferSyntaxes = [implicitVrLittleEndian, explicitVrLittleEndian];
/** One pending response an instance, and as many again for archives that send more. */
const mostPending = 40_000;
/** PS3.4 table C.4-2: sub-operations complete, one or more failures. */
const subOperationsFailed = 0xb000;

export interface MoveOptions {
  readonly callingAe: string;
  /** Without any response for so long the archive counts as gone. */
  readonly timeoutSeconds: number;
  /** AE title that the archive is to send to: its own table says where that is. */
  readonly destinationAe: string;
}

export interface Moved {
  /** Sub-operations that the archive says it completed, and that failed. */
  readonly completed: number;
  readonly failed: number;
}

/**
 * Has an archive send one series to an application entity by C-MOVE.
 *
 * @throws ContourNodeError PEER_UNREACHABLE, AssociationRejected, PRESENTATION_CONTEXT_REFUSED, DIMSE_TIMEOUT,
 *   ASSOCIATION_ABORTED; STORE_REFUSED when the archive refuses, e.g. because it does not know the destination
 */
export async function moveSeries(
  peer: PeerAddress,
  series: { studyInstanceUid: string; seriesInstanceUid: string },
  { destinationAe, ...options }: MoveOptions,
): Promise<Moved> {
  const association = await OutboundAssociation.open({
    peer,
    ...options,
    contexts: [{ abstractSyntax: studyRootMove, transferSyntaxes }],
    // A response may carry the list of the instances that failed.
    takesData: true,
  });
  try {
    if (!transferSyntaxes.some((uid) => association.accepts(studyRootMove, uid))) {
      throw new ContourNodeError('PRESENTATION_CONTEXT_REFUSED', `${peer.aeTitle} sends nothing by C-MOVE`);
    }
    const { studyInstanceUid, seriesInstanceUid } = series;
    const request = CMoveRequest.createSeriesMoveRequest(destinationAe, studyInstanceUid, seriesInstanceUid);
    const response = await association.find(request, () => undefined, mostPending);
    const status = response.getStatus();
    if (status !== dimseStatus.success && status !== subOperationsFailed) {
      // Not every archive answers an unknown destination with 0xA801: Orthanc has 0xC000 for it.
      throw new ContourNodeError('STORE_REFUSED', `${peer.aeTitle} ended C-MOVE with ${formatStatus(status)}`, {
        remedy: `enter ${destinationAe} with host and port of this node at ${peer.aeTitle}, else look at its log`,
      });
    }
    const counts = response as InstanceType<typeof CMoveResponse>;
    return { completed: counts.getCompleted(), failed: counts.getFailures() };
  } finally {
    await association.release();
  }
}
