import type { Peer } from '../../config/schema.ts';
import type { Log } from '../../log.ts';
import type { StoredImage } from '../../store/instances.ts';
import type { CountInstances } from './count-at-peer.ts';

/**
 * How many instances a series has at its source, where that can be known: the peer's answer, else Number of Series Related
 * Instances (0020,1209).
 *
 * @returns `isAnswer`: the peer was asked and says so
 */
export async function expectedCount(
  peer: Peer | undefined,
  images: readonly StoredImage[],
  { countInstances, log }: { readonly countInstances: CountInstances; readonly log: Log },
): Promise<{ expected: number | undefined; isAnswer: boolean }> {
  if (peer?.seriesCountQuery === true) {
    try {
      const counted = await countInstances(peer, images[0]!.image);
      if (counted !== undefined) return { expected: counted, isAnswer: true };
    } catch (error) {
      log.warn({ peer: peer.name, err: error }, 'the peer does not say how many instances the series has');
    }
  }
  const numbers = images.flatMap(({ image }) => image.numberOfSeriesRelatedInstances ?? []);
  return { expected: numbers.length === 0 ? undefined : Math.max(...numbers), isAnswer: false };
}
