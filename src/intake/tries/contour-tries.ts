import { join } from 'node:path';
import { contourJobId, contourQueue } from '../../jobs/queue-names.ts';
import { type WorkResult, workResultSchema } from '../../work/work-order.ts';
import { faultPoint } from '../../fault-point.ts';
import { orderFolder } from '../../work/paths.ts';
import { problem, problemFrom, problemFromText } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import type { OrderWork } from '../../store/work-state.ts';
import { forgetQueued } from '../../store/work-state.ts';
import { delayAfter, isToWait, retries } from '../../retries.ts';
import { readIfThere } from './read-if-there.ts';
import type { TryContext } from './try-context.ts';

const backoff = retries.contour;

/**
 * One order's next step, decided from the disk first: a result is recorded, a try that came to no end is counted, the
 * next one is queued, and what breaks its worker again and again is set aside.
 *
 * @throws REDIS_UNAVAILABLE; what the disk throws
 */
export async function advanceOrder(options: TryContext, work: OrderWork): Promise<void> {
  const { store, queues } = options;
  const { series, order } = work;
  const payload = { series, revision: work.revision, order, try: work.tries };

  if (work.state === 'superseded') {
    await queues.remove(contourQueue, contourJobId(payload));
    forgetQueued(store.tables, series, order);
    return;
  }
  if (await recordResult(options, work)) return;
  if (work.state === 'set aside') return;
  if (!work.inQueue) return queueTry(options, work);

  const { state, failedReason } = await queues.statusOf(contourQueue, contourJobId(payload));
  if (state === 'waiting') return;
  if (state === 'active') {
    if (!work.started) store.record(series, { kind: 'contour started', order, try: work.tries });
    return;
  }
  if (state === 'missing' && !work.started) {
    // Redis lost it before anybody took it: the same try once more.
    return queues.addContour(payload, work.priority);
  }
  // The worker may have finished between the look at the disk and the question to Redis.
  if (await recordResult(options, work)) return;
  failTry(options, work, whyEnded(state, failedReason));
}

function whyEnded(state: string, failedReason: string | undefined): Problem {
  if (failedReason !== undefined) return problemFromText(failedReason, 'ENGINE_FAILED');
  return problem(
    'ENGINE_FAILED',
    state === 'missing' ? 'the job was lost while a worker had it' : 'the worker left no result',
  );
}

async function queueTry({ store, queues, clock, enqueue }: TryContext, work: OrderWork): Promise<void> {
  const { series, revision, order, priority } = work;
  if (isToWait(work.nextTryAt, clock.now(), delayAfter(work.tries - work.triesBefore, backoff))) return;
  const number = work.tries + 1;
  await enqueue(contourQueue, async () => {
    // Counted before it can run.
    store.record(series, { kind: 'contour try', order, try: number });
    faultPoint('contour-try-recorded');
    await queues.addContour({ series, revision, order, try: number }, priority);
  });
}

function failTry({ store, current, clock, log }: TryContext, work: OrderWork, why: Problem): void {
  const { series, order, tries } = work;
  const { maximumTries } = current().config.worker;
  const last = tries - work.triesBefore >= maximumTries;
  const nextTryAt = new Date(clock.now() + delayAfter(tries - work.triesBefore, backoff)).toISOString();
  store.record(series, { kind: 'contour try failed', order, try: tries, problem: why, ...(!last && { nextTryAt }) });
  log.warn({ series, order, try: tries, code: why.code }, `contour try failed: ${why.message}`);
  if (!last) return;
  store.record(series, {
    kind: 'set aside',
    order,
    problem: problem(
      'SET_ASIDE',
      `${tries - work.triesBefore} tries failed; the last one: ${why.code}: ${why.message}`,
    ),
  });
  log.error({ series, order }, 'series set aside');
}

/** Whether there is a result, which then stands in the store. */
async function recordResult(
  { store, log, onResult }: TryContext,
  { series, revision, order }: OrderWork,
): Promise<boolean> {
  const path = join(store.dataDirectory, orderFolder(series, revision, order), 'result.json');
  const result = await readResult(path);
  if (result === undefined) return false;
  faultPoint('result-seen');
  const { status, error, rois, timings, warnings, structureSets } = result;
  store.record(series, {
    kind: 'result',
    order,
    status,
    ...(error !== undefined && { error }),
    rois,
    timings,
    warnings,
    profiles: structureSets.map(({ profile }) => profile),
  });
  onResult(result);
  log.info({ series, order, status }, 'order finished');
  return true;
}

/** A result that cannot be read is a failed one: the worker writes it whole or not at all. */
async function readResult(path: string): Promise<WorkResult | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  try {
    return workResultSchema.parse(JSON.parse(text));
  } catch (error) {
    const unreadable = problemFrom(error);
    return {
      formatVersion: 1,
      status: 'failed',
      error: { ...unreadable, code: 'RESULT_CONFLICT', message: 'result.json cannot be read' },
      rois: [],
      structureSets: [],
      warnings: [],
      timings: [],
      peakResidentMegabytes: 0,
    };
  }
}
