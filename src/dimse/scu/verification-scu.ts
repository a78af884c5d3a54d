import { explicitVrLittleEndian, implicitVrLittleEndian } from '../../dicom/transfer-syntax.ts';
import { ContourNodeError } from '../../errors.ts';
import { CEchoRequest } from '../library/dcmjs-dimse.ts';
import { OutboundAssociation } from './outbound-association.ts';
import type { PeerAddress } from './peer-connection.ts';
import { verificationSopClass } from '../presentation-context.ts';
import { formatStatus, dimseStatus } from '../status.ts';

/**
 * C-ECHO (PS3.4 annex A).
 *
 * @returns milliseconds from the request to the response, without connecting
 * @throws ContourNodeError PEER_UNREACHABLE, AssociationRejected, PRESENTATION_CONTEXT_REFUSED, DIMSE_TIMEOUT,
 *   ASSOCIATION_ABORTED; STORE_REFUSED for another status than success
 */
export async function echo(
  peer: PeerAddress,
  options: { callingAe: string; timeoutSeconds: number; signal?: AbortSignal },
): Promise<number> {
  const association = await OutboundAssociation.open({
    peer,
    ...options,
    contexts: [
      { abstractSyntax: verificationSopClass, transferSyntaxes: [implicitVrLittleEndian, explicitVrLittleEndian] },
    ],
  });
  try {
    if (
      ![implicitVrLittleEndian, explicitVrLittleEndian].some((uid) => association.accepts(verificationSopClass, uid))
    ) {
      throw new ContourNodeError('PRESENTATION_CONTEXT_REFUSED', `${peer.aeTitle} refused the Verification SOP class`);
    }
    const start = performance.now();
    const response = await association.perform(new CEchoRequest());
    const milliseconds = performance.now() - start;
    if (response.getStatus() !== dimseStatus.success) {
      throw new ContourNodeError(
        'STORE_REFUSED',
        `${peer.aeTitle} answered C-ECHO with ${formatStatus(response.getStatus())}`,
      );
    }
    return milliseconds;
  } finally {
    await association.release();
  }
}
