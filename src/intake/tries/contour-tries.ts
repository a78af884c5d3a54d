import { join } from 'node:path';
import { faultPoint } from '../../fault-point.ts';
import { contourJobId, contourQueue } from '../../jobs/queue-names.ts';
import type { Problem } from '../../problem.ts';
import { problem, problemFrom, problemFromText } from '../../problem.ts';
import { retries } from '../../retries.ts';
import type { ContourPayload } from '../../work/payloads.ts';
import type { OrderWork } from '../../store/unfinished-work.ts';
import { orderFolder, resultFile } from '../../work/paths.ts';
import { isCheck } from '../../warning.ts';
import { type WorkResult, workResultSchema } from '../../work/work-result.ts';
import { advanceJob, type FailedTry } from './advance-job.ts';
import { readIfThere } from '../../if-there.ts';
import type { TryContext } from './try-context.ts';

/**
 * One order's next step; what breaks its worker again and again is set aside, and what is superseded is taken out of the
 * queue.
 *
 * @throws REDIS_UNAVAILABLE; what the disk throws
 */
export async function advanceOrder(context: TryContext, work: OrderWork): Promise<void> {
  const { store, queues, removed } = context;
  const { series, revision, order, priority, tries, job } = work;
  const payload = (number: number) => ({ series, revision, order, try: number });
  const id = contourJobId(payload(tries));
  if (work.state === 'superseded') {
    // The record does not know what left the queue: this process remembers it.
    if (!removed.has(id)) await queues.remove(contourQueue, id);
    removed.add(id);
    return;
  }
  if (work.state === 'set aside') {
    await recordResult(context, work);
    return;
  }
  await advanceJob(context, {
    queue: contourQueue,
    backoff: retries.contour,
    tries,
    job,
    recordedPoint: 'contour-try-recorded',
    id,
    add: (number) => queues.addContour(payload(number), priority),
    queued: (number) => store.record(series, { kind: 'contour try', order, try: number }),
    started: () => store.record(series, { kind: 'contour started', order, try: tries }),
    failed: (failure) => failTry(context, work, failure),
    ...(tries === 0 && { isUnderWay: () => isContouredAhead(context, payload(0)) }),
    recordResult: () => recordResult(context, work),
  });
}

/**
 * Whether a worker has the order from before the series was complete. A job that still waits is given up for the first try,
 * which is not the last in the queue; one that failed has said nothing.
 */
async function isContouredAhead({ queues }: TryContext, payload: ContourPayload): Promise<boolean> {
  const id = contourJobId(payload);
  const { state } = await queues.statusOf(contourQueue, id);
  if (state === 'waiting') await queues.remove(contourQueue, id);
  return state === 'active';
}

function failTry({ store, log }: TryContext, work: OrderWork, { status, made, nextTryAt }: FailedTry): void {
  const { series, order, tries } = work;
  const why = whyEnded(status);
  const next = nextTryAt !== undefined && { nextTryAt };
  store.record(series, { kind: 'contour try failed', order, try: tries, problem: why, ...next });
  log.warn({ series, order, try: tries, code: why.code }, `contour try failed: ${why.message}`);
  if (nextTryAt !== undefined) return;
  const words = `${made} tries failed; the last one: ${why.code}: ${why.message}`;
  store.record(series, { kind: 'set aside', order, problem: problem('SET_ASIDE', words) });
  log.error({ series, order }, 'series set aside');
}

function whyEnded({ state, failedReason }: FailedTry['status']): Problem {
  if (failedReason !== undefined) return problemFromText(failedReason, 'ENGINE_FAILED');
  return problem(
    'ENGINE_FAILED',
    state === 'missing' ? 'the job was lost while a worker had it' : 'the worker left no result',
  );
}

/** Whether there is a result, which then stands in the store. */
async function recordResult(
  { store, log, onResult }: TryContext,
  { series, revision, order, hold }: OrderWork,
): Promise<boolean> {
  const path = join(store.dataDirectory, orderFolder(series, revision, order), resultFile);
  const result = await readResult(path);
  if (result === undefined) return false;
  faultPoint('result-seen');
  const { status, error, rois, timings, warnings, networks, structureSets } = result;
  const check = status === 'contoured' && warnings.some(isCheck) && (hold === 'check' ? 'held' : 'not held');
  store.record(series, {
    kind: 'result',
    order,
    status,
    ...(error !== undefined && { error }),
    rois,
    timings,
    warnings,
    ...(networks !== undefined && { networks }),
    profiles: structureSets.map(({ profile }) => profile),
    ...(check !== false && { check }),
  });
  onResult(result);
  log.info({ series, order, status, ...(check !== false && { check }) }, 'order finished');
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
