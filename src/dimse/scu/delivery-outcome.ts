import { type ContourNodeError, type ErrorCode, errorRow } from '../../errors.ts';
import { AssociationRejected } from './association-rejected.ts';
import { formatStatus, isWarning, dimseStatus } from '../status.ts';

export type StoredEncoding = 'implicit' | 'explicit';

/** The outcome of one try to deliver; fits `deliveryTrySchema`. */
export interface DeliveryOutcome {
  /** `retry`: may succeed later; `failed`: a refusal that time does not mend. */
  readonly outcome: 'delivered' | 'retry' | 'failed';
  /** People have to look at it although it was delivered. */
  readonly alarmed: boolean;
  /** DIMSE status of the one response for this instance, if there was one. */
  readonly status?: number;
  readonly code?: ErrorCode;
  /** One line without patient data. */
  readonly message?: string;
  /** Where it is not the usual one of the code. */
  readonly remedy?: string;
  /** The stored encoding that was sent. */
  readonly transferSyntax?: StoredEncoding;
}

/** The peer has the instance, but not as it was sent (PS3.4 table B.2-1). */
const coercedDataElements = 0xb000;

/**
 * @param triedBefore a try with this SOP Instance UID went to this peer before
 */
export function outcomeOfStatus(aeTitle: string, status: number, triedBefore: boolean): DeliveryOutcome {
  if (status === dimseStatus.success) return { outcome: 'delivered', alarmed: false, status };
  const message = `${aeTitle} answered ${formatStatus(status)}${meaningOf(status)}`;
  if (status === dimseStatus.duplicateSopInstance && triedBefore) {
    return { outcome: 'delivered', alarmed: false, status, message: `${message}: an earlier try has delivered it` };
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

/** The outcome where there is no status. */
export function outcomeOfError(error: ContourNodeError): DeliveryOutcome {
  const { code, message, remedy } = error;
  return {
    outcome: mayPass(error) ? 'retry' : 'failed',
    alarmed: false,
    code,
    message,
    ...(remedy !== errorRow(code).remedy && { remedy }),
  };
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
