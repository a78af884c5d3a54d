import { explicitVrLittleEndian, implicitVrLittleEndian } from '../../dicom/transfer-syntax.ts';
import { ContourNodeError } from '../../errors.ts';
import { CFindRequest } from '../library/dcmjs-dimse.ts';
import { OutboundAssociation } from './outbound-association.ts';
import type { PeerAddress } from './peer-connection.ts';
import { formatStatus, dimseStatus } from '../status.ts';

/** Study Root Query/Retrieve Information Model: FIND (PS3.4 C.6.2). */
const studyRootFind = '1.2.840.10008.5.1.4.1.2.2.1';
const transferSyntaxes = [implicitVrLittleEndian, explicitVrLittleEndian];
/** A peer with more matches does not limit the query to the series. */
const maximumInstances = 20_000;

/**
 * Asks a peer how many instances a series has: C-FIND at IMAGE level, counting the matches (Number of Series Related
 * Instances is an optional key that few peers answer).
 *
 * @throws ContourNodeError PEER_UNREACHABLE, AssociationRejected, PRESENTATION_CONTEXT_REFUSED, DIMSE_TIMEOUT,
 *   ASSOCIATION_ABORTED; STORE_REFUSED when the query fails
 */
export async function countSeriesInstances(
  peer: PeerAddress,
  series: { studyInstanceUid: string; seriesInstanceUid: string },
  options: { callingAe: string; timeoutSeconds: number },
): Promise<number> {
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
    const request = CFindRequest.createImageFindRequest({
      StudyInstanceUID: series.studyInstanceUid,
      SeriesInstanceUID: series.seriesInstanceUid,
      SOPInstanceUID: '',
    });
    let instances = 0;
    const response = await association.find(request, () => instances++, maximumInstances);
    if (response.getStatus() !== dimseStatus.success) {
      throw new ContourNodeError(
        'STORE_REFUSED',
        `${peer.aeTitle} ended the query with ${formatStatus(response.getStatus())}`,
      );
    }
    return instances;
  } finally {
    await association.release();
  }
}
