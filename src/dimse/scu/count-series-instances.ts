import { CFindRequest } from '../library/dcmjs-dimse.ts';
import type { PeerAddress } from './peer-connection.ts';
import { type QueryOptions, queryStudyRoot } from './study-root-query.ts';

/** A peer with more matches does not limit the query to the series. */
const maximumInstances = 20_000;

/**
 * Asks a peer how many instances a series has: C-FIND at IMAGE level, counting the matches (Number of Series Related
 * Instances is an optional key that few peers answer).
 *
 * @throws ContourNodeError as queryStudyRoot
 */
export async function countSeriesInstances(
  peer: PeerAddress,
  series: { studyInstanceUid: string; seriesInstanceUid: string },
  options: QueryOptions,
): Promise<number> {
  const request = CFindRequest.createImageFindRequest({
    StudyInstanceUID: series.studyInstanceUid,
    SeriesInstanceUID: series.seriesInstanceUid,
    SOPInstanceUID: '',
  });
  let instances = 0;
  await queryStudyRoot(peer, request, () => (instances += 1), { ...options, limit: maximumInstances });
  return instances;
}
