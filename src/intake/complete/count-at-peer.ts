import type { Config, Peer } from '../../config/schema.ts';
import type { CtInstance } from '../../dicom/ct-instance.ts';
import { configuredPeer } from '../../dimse/scu/configured-peer.ts';
import { countSeriesInstances } from '../../dimse/scu/count-series-instances.ts';

/** Asks a peer how many instances a series has; undefined where the peer does not say. */
export type CountInstances = (
  peer: Peer,
  series: Pick<CtInstance, 'studyInstanceUid' | 'seriesInstanceUid'>,
) => Promise<number | undefined>;

/** A series waits for this answer, so it has less time than a delivery. */
const timeoutSeconds = 20;

/**
 * Asks by C-FIND; a peer without host and port is not asked. A peer that has sent the series and finds none of its
 * instances does not answer what it was asked: 0 counts as no answer.
 *
 * @throws ContourNodeError as countSeriesInstances
 */
export function countAtPeer(dicom: () => Config['dicom']): CountInstances {
  return async (peer, series) => {
    const address = configuredPeer(peer, dicom());
    if (address === undefined) return undefined;
    const options = { callingAe: dicom().aeTitle, timeoutSeconds };
    const instances = await countSeriesInstances(address, series, options);
    return instances === 0 ? undefined : instances;
  };
}
