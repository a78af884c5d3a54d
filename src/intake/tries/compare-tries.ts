import { join } from 'node:path';
import { faultPoint } from '../../fault-point.ts';
import { compareJobId, compareQueue } from '../../jobs/queue-names.ts';
import { problemFromText } from '../../problem.ts';
import { retries } from '../../retries.ts';
import type { ComparisonWork } from '../../store/unfinished-work.ts';
import { comparisonResultSchema } from '../../work/correction.ts';
import { comparisonFolder, resultFile } from '../../work/paths.ts';
import { advanceJob } from './advance-job.ts';
import { readIfThere } from '../../if-there.ts';
import type { TryContext } from './try-context.ts';

/**
 * One comparison's next step; after worker.maximumTries it has failed until an operator has it made again.
 *
 * @throws REDIS_UNAVAILABLE; what the disk throws
 */
export function advanceComparison(context: TryContext, work: ComparisonWork): Promise<void> {
  const { store, queues, log } = context;
  const { series, structureSet, revision, order, tries, job } = work;
  const payload = (number: number) => ({ series, revision, structureSet, order, try: number });
  const named = { structureSet, order, try: tries };
  return advanceJob(context, {
    queue: compareQueue,
    backoff: retries.compare,
    tries,
    job,
    recordedPoint: 'compare-try-recorded',
    id: compareJobId(payload(tries)),
    add: (number) => queues.addCompare(payload(number)),
    queued: (number) => store.record(series, { kind: 'compare try', ...named, try: number }),
    started: () => store.record(series, { kind: 'compare started', ...named }),
    failed: ({ status, nextTryAt }) => {
      const problem = problemFromText(status.failedReason ?? 'the worker left no result', 'COMPARISON_FAILED');
      const next = nextTryAt !== undefined && { nextTryAt };
      store.record(series, { kind: 'compare try failed', ...named, problem, ...next });
      const last = nextTryAt === undefined;
      log.warn({ series, structureSet, try: tries, code: problem.code, last }, `comparison failed: ${problem.message}`);
    },
    recordResult: () => recordResult(context, work),
  });
}

async function recordResult({ store, log }: TryContext, work: ComparisonWork): Promise<boolean> {
  const { series, structureSet, order } = work;
  const path = join(store.dataDirectory, comparisonFolder(series, structureSet, order), resultFile);
  const text = await readIfThere(path);
  if (text === undefined) return false;
  faultPoint('comparison-seen');
  const { formatVersion: _, ...result } = comparisonResultSchema.parse(JSON.parse(text));
  store.record(series, { kind: 'compared', structureSet, order, ...result });
  log.info({ series, structureSet, status: result.status, own: result.own }, 'structure set compared');
  return true;
}
