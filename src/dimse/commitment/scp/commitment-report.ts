import type { Encoding } from '../../../dicom/rtstruct/data-element.ts';
import { implicitVrLittleEndian } from '../../../dicom/transfer-syntax.ts';
import { ContourNodeError } from '../../../errors.ts';
import { NEventReportRequest, type NEventReportResponse } from '../../library/dcmjs-dimse.ts';
import { EncodedDataset } from '../../library/encoded-dataset.ts';
import { OutboundAssociation } from '../../scu/outbound-association.ts';
import type { PeerAddress } from '../../scu/peer-connection.ts';
import { formatStatus, dimseStatus } from '../../status.ts';
import {
  commitmentEventElements,
  commitmentEventType,
  type CommitmentResult,
  storageCommitmentInstance,
  storageCommitmentSopClass,
} from '../storage-commitment.ts';

/** The N-EVENT-REPORT of a result. */
export function commitmentReport(result: CommitmentResult, encoding: Encoding): NEventReportRequest {
  const request = new NEventReportRequest(
    storageCommitmentSopClass,
    storageCommitmentInstance,
    commitmentEventType(result),
  );
  request.setDataset(EncodedDataset.of(commitmentEventElements(result), encoding));
  return request;
}

/**
 * Reports the result of a storage commitment request to the peer on a new association, this node being the SCP
 * (PS3.4 J.3.3, PS3.7 D.3.3.4).
 *
 * @throws ContourNodeError as OutboundAssociation; PRESENTATION_CONTEXT_REFUSED, STORE_REFUSED for another status than
 *   success
 */
export async function reportCommitment(
  peer: PeerAddress,
  result: CommitmentResult,
  options: { callingAe: string; timeoutSeconds: number; signal?: AbortSignal },
): Promise<void> {
  const association = await OutboundAssociation.open({
    peer,
    ...options,
    contexts: [
      {
        abstractSyntax: storageCommitmentSopClass,
        transferSyntaxes: [implicitVrLittleEndian],
        role: 'scp',
      },
    ],
  });
  try {
    if (!association.accepts(storageCommitmentSopClass, implicitVrLittleEndian)) {
      throw new ContourNodeError('PRESENTATION_CONTEXT_REFUSED', `${peer.aeTitle} takes no storage commitment results`);
    }
    const response = await association.perform<NEventReportResponse>(commitmentReport(result, 'implicit'));
    if (response.getStatus() !== dimseStatus.success) {
      throw new ContourNodeError(
        'STORE_REFUSED',
        `${peer.aeTitle} answered the storage commitment result with ${formatStatus(response.getStatus())}`,
      );
    }
  } finally {
    await association.release();
  }
}
