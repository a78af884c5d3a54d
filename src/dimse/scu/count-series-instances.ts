import { CFindRequest } from '../library/dcmjs-dimse.ts';
import type { PeerAddress } from './peer-connection.ts';
import { type QueryOptions, queryStudyRoot } from './study-root-query.ts';

/** A peer that knows more instances of one series does not answer what it was asked. */
const mostInstances = 20_000;

/**
 * Asks a peer how many instances a series has: C-FIND at IMAGE level, its matches counted (Number of Series Related
 * Instances is an optional key that few answer).
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
  await queryStudyRoot(peer, request, () => (instances += 1), { ...options, limit: mostInstances });
  return instances;
}
