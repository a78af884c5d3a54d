import { explicitVrLittleEndian, implicitVrLittleEndian } from '../../dicom/transfer-syntax.ts';
import { ContourNodeError } from '../../errors.ts';
import type { CFindRequest } from '../library/dcmjs-dimse.ts';
import { dimseStatus, formatStatus } from '../status.ts';
import { OutboundAssociation } from './outbound-association.ts';
import type { PeerAddress } from './peer-connection.ts';

/** Study Root Query/Retrieve Information Model: FIND (PS3.4 C.6.2). */
const studyRootFind = '1.2.840.10008.5.1.4.1.2.2.1';
const transferSyntaxes = [implicitVrLittleEndian, explicitVrLittleEndian];

export interface QueryOptions {
  readonly callingAe: string;
  readonly timeoutSeconds: number;
}

/** The values of one match, by keyword. */
export type Match = (keyword: string) => string;

/**
 * Asks a peer by C-FIND and gives its matches one by one.
 *
 * @param limit more matches end the query: a peer that has more does not answer what it was asked
 * @throws ContourNodeError PEER_UNREACHABLE, AssociationRejected, PRESENTATION_CONTEXT_REFUSED, DIMSE_TIMEOUT,
 *   ASSOCIATION_ABORTED; STORE_REFUSED when the query fails
 */
export async function queryStudyRoot(
  peer: PeerAddress,
  request: InstanceType<typeof CFindRequest>,
  onMatch: (match: Match) => void,
  { limit, ...options }: QueryOptions & { limit: number },
): Promise<void> {
  const association = await OutboundAssociation.open({
    peer,
    ...options,
    contexts: [{ abstractSyntax: studyRootFind, transferSyntaxes }],
    takesData: true,
  });
  try {
    if (!transferSyntaxes.some((uid) => association.accepts(studyRootFind, uid))) {
      throw new ContourNodeError(
        'PRESENTATION_CONTEXT_REFUSED',
        `${peer.aeTitle} answers no queries (Study Root FIND)`,
      );
    }
    const response = await association.find(
      request,
      (pending) => onMatch((keyword) => valueOf(pending.getDataset()?.getElement(keyword))),
      limit,
    );
    if (response.getStatus() !== dimseStatus.success) {
      throw new ContourNodeError(
        'STORE_REFUSED',
        `${peer.aeTitle} ended the query with ${formatStatus(response.getStatus())}`,
      );
    }
  } finally {
    await association.release();
  }
}

/** The library gives text, numbers, or an array of them. */
function valueOf(element: unknown): string {
  const first: unknown = Array.isArray(element) ? element[0] : element;
  return typeof first === 'string' || typeof first === 'number' ? String(first).trim() : '';
}
