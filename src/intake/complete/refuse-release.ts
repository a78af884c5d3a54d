import { ContourNodeError } from '../../errors.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import { isAssembling } from '../../store/series-state.ts';

/**
 * Whether an operator may take a series as it is.
 *
 * @param isCarried an open association has brought instances of it
 * @throws ContourNodeError STATE_CONFLICT
 */
export function refuseRelease(series: string, record: SeriesRecord | undefined, isCarried: boolean): void {
  if (record?.assembly.incomplete === undefined || !isAssembling(record))
    throw new ContourNodeError('STATE_CONFLICT', `series ${series} is not incomplete`);
  if (record.images.instances === 0)
    throw new ContourNodeError('STATE_CONFLICT', `of series ${series} nothing could be kept`, {
      remedy: 'send it again',
    });
  if (isCarried) throw new ContourNodeError('STATE_CONFLICT', `series ${series} is being received`);
}
