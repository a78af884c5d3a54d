import type { Log } from '../../log.ts';
import type { StoredImage } from '../../store/instances.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import type { Store } from '../../store/store.ts';
import type { InputDecision } from './ct-inputs.ts';

/**
 * Records that a CT waits for what its route wants beside it, or is not contoured without.
 *
 * @returns until when it waits (ISO time); undefined where it does not
 */
export function recordWithoutInputs(
  { store, log }: { readonly store: Store; readonly log: Log },
  { key: series, awaits, images: { unchecked } }: SeriesRecord,
  images: readonly StoredImage[],
  decision: Exclude<InputDecision, { kind: 'go on' }>,
): string | undefined {
  const files = images.map(({ file }) => file);
  const { problem } = decision;
  if (decision.kind === 'reject') {
    store.record(series, { kind: 'rejected', files, problem });
    log.warn({ series, code: problem.code }, 'series rejected');
    return undefined;
  }
  const { until } = decision;
  const isSaid = awaits?.problem.message === problem.message && awaits.until === until;
  if (unchecked.length > 0 || !isSaid) store.record(series, { kind: 'awaits input', files, until, problem });
  return until;
}
