import type { Config, Peer } from '../../config/schema.ts';
import type { CtInstance } from '../../dicom/ct-instance.ts';
import { configuredPeer } from '../../dimse/scu/configured-peer.ts';
import { type Moved, moveSeries } from '../../dimse/scu/move-series.ts';
import { ContourNodeError } from '../../errors.ts';

/** Has a peer send a series to this node. */
export type RetrieveSeries = (
  peer: Peer,
  series: Pick<CtInstance, 'studyInstanceUid' | 'seriesInstanceUid'>,
) => Promise<Moved>;

/** Between two responses: an archive may have to load a tape. */
const timeoutSeconds = 120;

/** By C-MOVE. @throws ContourNodeError CONFIG_INVALID the peer has no address; as moveSeries */
export function retrieveByMove(dicom: () => Config['dicom']): RetrieveSeries {
  return async (peer, series) => {
    const address = configuredPeer(peer, dicom());
    if (address === undefined) {
      throw new ContourNodeError('CONFIG_INVALID', `peer ${peer.name} has no host and port`, {
        remedy: `enter them, or turn peers[].retrieve off`,
      });
    }
    const { aeTitle } = dicom();
    return moveSeries(address, series, { callingAe: aeTitle, destinationAe: aeTitle, timeoutSeconds });
  };
}
