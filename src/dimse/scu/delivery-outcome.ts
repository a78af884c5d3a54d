import type { ContourNodeError, ErrorCode } from '../../errors.ts';
import { AssociationRejected } from './outbound-association.ts';
import { formatStatus, isWarning, dimseStatus } from '../status.ts';

export type StoredEncoding = 'implicit' | 'explicit';

/** What came of one try to deliver; fits `deliveryTrySchema`. */
export interface DeliveryOutcome {
  /** `retry`: may succeed later; `failed`: counts towards the final tries. */
  readonly outcome: 'delivered' | 'retry' | 'failed';
  /** Somebody has to look at it although it was delivered (or answered). */
  readonly alarmed: boolean;
  /** DIMSE status of the one response for this instance, if there was one. */
  readonly status?: number;
  readonly code?: ErrorCode;
  /** One line without patient data. */
  readonly message?: string;
  /** The stored encoding that went out. */
  readonly transferSyntax?: StoredEncoding;
}

/** Statuses after which the peer has the instance, but perhaps not as it was sent (PS3.4 table B.2-1). */
const coercedDataElements = 0xb000;

/**
 * @param triedBefore a try with this SOP Instance UID went to this peer before
 */
export function outcomeOfStatus(aeTitle: string, status: number, triedBefore: boolean): DeliveryOutcome {
  if (status === dimseStatus.success) return { outcome: 'delivered', alarmed: false, status };
  const message = `${aeTitle} answered ${formatStatus(status)}${meaningOf(status)}`;
  if (status === dimseStatus.duplicateSopInstance && triedBefore) {
    return { outcome: 'delivered', alarmed: false, status, message: `${message}: an earlier try had arrived` };
  }
  if (isWarning(status)) return { outcome: 'delivered', alarmed: status !== coercedDataElements, status, message };
  return {
    outcome: isOutOfResources(status) ? 'retry' : 'failed',
    alarmed: false,
    status,
    code: 'STORE_REFUSED',
    message,
  };
}

/** The outcome where no status came. */
export function outcomeOfError(error: ContourNodeError): DeliveryOutcome {
  return { outcome: mayPass(error) ? 'retry' : 'failed', alarmed: false, code: error.code, message: error.message };
}

function mayPass(error: ContourNodeError): boolean {
  if (error instanceof AssociationRejected) return error.result === 2;
  return ['PEER_UNREACHABLE', 'DIMSE_TIMEOUT', 'ASSOCIATION_ABORTED'].includes(error.code);
}

function isOutOfResources(status: number): boolean {
  return (status & 0xff00) === dimseStatus.outOfResources;
}

function meaningOf(status: number): string {
  if (status === dimseStatus.duplicateSopInstance) return ' (duplicate SOP instance)';
  if (status === coercedDataElements) return ' (warning: it changed data elements)';
  if (status === 0xb006) return ' (warning: it left elements out)';
  if (status === 0xb007) return ' (warning: the data set does not match the SOP class)';
  if (isOutOfResources(status)) return ' (out of resources)';
  if ((status & 0xff00) === dimseStatus.dataSetDoesNotMatchSopClass) return ' (data set does not match the SOP class)';
  if ((status & 0xf000) === dimseStatus.cannotUnderstand) return ' (cannot understand)';
  return '';
}
