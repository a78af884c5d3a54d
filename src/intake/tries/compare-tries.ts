import { join } from 'node:path';
import { comparisonResultSchema } from '../../work/correction.ts';
import { compareJobId, compareQueue } from '../../jobs/queue-names.ts';
import { faultPoint } from '../../fault-point.ts';
import { comparisonFolder } from '../../work/paths.ts';
import { problemFromText } from '../../problem.ts';
import type { ComparisonWork } from '../../store/work-state.ts';
import { delayAfter, isToWait, retries } from '../../retries.ts';
import { readIfThere } from './read-if-there.ts';
import type { TryContext } from './try-context.ts';

const backoff = retries.compare;

/**
 * One comparison's next step, decided from the disk first: a result is recorded, a try that came to no end is counted, the
 * next one is queued; after worker.maximumTries it has failed until an operator has it made again.
 *
 * @throws REDIS_UNAVAILABLE; what the disk throws
 */
export async function advanceComparison(options: TryContext, work: ComparisonWork): Promise<void> {
  const { store, queues } = options;
  const { series, structureSet, order, tries } = work;
  const name = { structureSet, order, try: tries };
  if (await recordResult(options, work)) return;
  if (!work.inQueue) return queueTry(options, work);

  const payload = { series, revision: work.revision, ...name };
  const { state, failedReason } = await queues.statusOf(compareQueue, compareJobId(payload));
  if (state === 'waiting') return;
  if (state === 'active') {
    if (!work.started) store.record(series, { kind: 'compare started', ...name });
    return;
  }
  // Redis lost it before anybody took it: the same try once more.
  if (state === 'missing' && !work.started) return queues.addCompare(payload);
  // The worker may have finished between the look at the disk and the question to Redis.
  if (await recordResult(options, work)) return;
  failTry(options, work, failedReason ?? 'the worker left no result');
}

async function queueTry({ store, queues, clock, enqueue }: TryContext, work: ComparisonWork): Promise<void> {
  const { series, structureSet, revision, order } = work;
  if (isToWait(work.nextTryAt, clock.now(), delayAfter(work.tries - work.triesBefore, backoff))) return;
  const name = { structureSet, order, try: work.tries + 1 };
  await enqueue(compareQueue, async () => {
    // Counted before it can run.
    store.record(series, { kind: 'compare try', ...name });
    faultPoint('compare-try-recorded');
    await queues.addCompare({ series, revision, ...name });
  });
}

function failTry({ store, current, clock, log }: TryContext, work: ComparisonWork, why: string): void {
  const { series, structureSet, order, tries } = work;
  const made = tries - work.triesBefore;
  const problem = problemFromText(why, 'COMPARISON_FAILED');
  const last = made >= current().config.worker.maximumTries;
  const nextTryAt = new Date(clock.now() + delayAfter(made, backoff)).toISOString();
  store.record(series, {
    kind: 'compare try failed',
    structureSet,
    order,
    try: tries,
    problem,
    ...(!last && { nextTryAt }),
  });
  log.warn({ series, structureSet, try: tries, code: problem.code, last }, `comparison failed: ${problem.message}`);
}

/** Whether there is a result, which then stands in the store. */
async function recordResult({ store, log }: TryContext, work: ComparisonWork): Promise<boolean> {
  const { series, structureSet, order } = work;
  const path = join(store.dataDirectory, comparisonFolder(series, structureSet, order), 'result.json');
  const text = await readIfThere(path);
  if (text === undefined) return false;
  faultPoint('comparison-seen');
  const { formatVersion: _, ...result } = comparisonResultSchema.parse(JSON.parse(text));
  store.record(series, { kind: 'compared', structureSet, order, ...result });
  log.info({ series, structureSet, status: result.status, own: result.own }, 'structure set compared');
  return true;
}
