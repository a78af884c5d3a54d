import type { Peer } from '../../config/schema.ts';
import type { Log } from '../../log.ts';
import type { StoredImage } from '../../store/instances.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import type { Warning } from '../../warning.ts';
import type { CountInstances } from './count-at-peer.ts';

export interface ExpectedCount {
  readonly expected: number | undefined;
  /** The peer was asked and says so. */
  readonly isAnswer: boolean;
}

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
): Promise<ExpectedCount> {
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

/**
 * What a series is warned of before its images are checked, and whether instances of it are missing.
 *
 * @param arrived instances of the series, those included that an operator leaves out
 */
export function judgeCount(
  { chosen, assembly }: Pick<SeriesRecord, 'chosen' | 'assembly'>,
  peer: Peer | undefined,
  { expected }: ExpectedCount,
  arrived: number,
): { readonly warnings: readonly Warning[]; readonly missing: number } {
  const warnings: Warning[] = [];
  if (chosen !== undefined) warnings.push({ code: 'CHOSEN', text: `chosen by an operator: ${chosen.text}` });
  // Where no peer can be asked it is so with every series: no warning.
  if (expected === undefined && peer?.seriesCountQuery === true)
    warnings.push({ code: 'COUNT_NOT_CONFIRMED', text: 'count not confirmed' });
  const missing = Math.max(0, (expected ?? 0) - arrived);
  const isWhole = expected !== undefined && missing === 0;
  if (!assembly.released || isWhole) return { warnings, missing };
  warnings.push({ code: 'RELEASED', text: 'released by an operator although incomplete' });
  return { warnings, missing: 0 };
}

/**
 * Whether a series has exactly the instances that its source says: the peer that was asked, or every one of its images
 * with one and the same number. More or fewer say that the number is not that of this series.
 */
export function isCountReached({ expected, isAnswer }: ExpectedCount, images: readonly StoredImage[]): boolean {
  if (expected !== images.length) return false;
  return isAnswer || images.every(({ image }) => image.numberOfSeriesRelatedInstances === expected);
}
