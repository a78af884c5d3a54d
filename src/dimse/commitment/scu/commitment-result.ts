import type { Peer } from '../../../config/schema.ts';
import { type NEventReportRequest, NEventReportResponse } from '../../library/dcmjs-dimse.ts';
import { dimseStatus } from '../../status.ts';
import {
  commitmentEvent,
  type CommitmentResult,
  readCommitmentResult,
  storageCommitmentInstance,
  storageCommitmentSopClass,
} from '../storage-commitment.ts';

/** Takes the results of this node's own storage commitment requests. */
export interface CommitmentListener {
  /** Whether this peer may have a result to report. */
  expects(peer: Peer): boolean;
  /**
   * Records a result, before the response says success. Where it rejects, the response is processing failure.
   *
   * @param peer name of the peer that reports it
   * @returns whether it was asked for
   */
  told(result: CommitmentResult, peer: string): Promise<boolean>;
}

/**
 * The response to an N-EVENT-REPORT whose data set is complete (PS3.4 J.3.3, this node being SCU). Never rejects.
 *
 * @param record CommitmentListener.told
 */
export async function takeResult(
  request: NEventReportRequest,
  bytes: Uint8Array,
  record: (result: CommitmentResult) => Promise<boolean>,
): Promise<NEventReportResponse> {
  const response = NEventReportResponse.fromRequest(request);
  response.setStatus(refusalOf(request) ?? (await statusOf(request, bytes, record)));
  return response;
}

async function statusOf(
  request: NEventReportRequest,
  bytes: Uint8Array,
  record: (result: CommitmentResult) => Promise<boolean>,
): Promise<number> {
  try {
    const result = readCommitmentResult(bytes, request.getDataset()?.getTransferSyntaxUid() ?? '');
    return (await record(result)) ? dimseStatus.success : dimseStatus.invalidArgumentValue;
  } catch {
    return dimseStatus.processingFailure;
  }
}

/** PS3.7 section 10.1.1.1.8. */
function refusalOf(request: NEventReportRequest): number | undefined {
  if (request.getAffectedSopClassUid() !== storageCommitmentSopClass) return dimseStatus.noSuchSopClass;
  if (request.getAffectedSopInstanceUid() !== storageCommitmentInstance) return dimseStatus.noSuchSopInstance;
  const known: readonly number[] = Object.values(commitmentEvent);
  return known.includes(request.getEventTypeId()) ? undefined : dimseStatus.noSuchEventType;
}
