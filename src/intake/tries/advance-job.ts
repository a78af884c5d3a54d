import { faultPoint, type FaultPoint } from '../../fault-point.ts';
import type { JobStatus } from '../../jobs/job-queues.ts';
import type { JobProgress } from '../../store/job-progress.ts';
import { type Backoff, delayAfter, isToWait } from '../../retries.ts';
import type { TryContext } from './try-context.ts';

/** A job with counted tries: contouring an order, or comparing a correction with its contours. */
export interface CountedJob {
  readonly queue: string;
  /** Waiting times between its tries. */
  readonly backoff: Backoff;
  readonly tries: number;
  readonly job: JobProgress;
  readonly recordedPoint: FaultPoint;
  /** Id in the queue of its last try. */
  readonly id: string;
  /** Hands a try to the queue. */
  readonly add: (number: number) => Promise<void>;
  /** Records that the next try is handed to the queue, that a worker has the last one, or that the last one failed. */
  readonly queued: (number: number) => void;
  readonly started: () => void;
  readonly failed: (failure: FailedTry) => void;
  /** Whether a job that the disk does not know of is at it: its result is waited for. */
  readonly isUnderWay?: () => Promise<boolean>;
  /** Whether there is a result, which then stands in the store. */
  readonly recordResult: () => Promise<boolean>;
}

export interface FailedTry {
  /** What the queue says of the job. */
  readonly status: JobStatus;
  /** Tries made since an operator last had it made again. */
  readonly made: number;
  /** ISO time of the next try; absent after worker.maximumTries. */
  readonly nextTryAt?: string;
}

/**
 * One job's next step, decided from the disk first: a result is recorded, a try that ended without one is counted, and the
 * next one is queued when it is due.
 *
 * @throws REDIS_UNAVAILABLE; what the disk throws
 */
export async function advanceJob({ queues, clock, current, enqueue }: TryContext, work: CountedJob): Promise<void> {
  const { queue, backoff, tries, job } = work;
  const made = tries - job.triesBefore;
  if (await work.recordResult()) return;
  if (!job.inQueue) {
    if (isToWait(job.nextTryAt, clock.now(), delayAfter(made, backoff))) return;
    if (work.isUnderWay !== undefined && ((await work.isUnderWay()) || (await work.recordResult()))) return;
    await enqueue(queue, async () => {
      // Counted before it can run.
      work.queued(tries + 1);
      faultPoint(work.recordedPoint);
      await work.add(tries + 1);
    });
    return;
  }
  const status = await queues.statusOf(queue, work.id);
  if (status.state === 'waiting') return;
  if (status.state === 'active') {
    if (!job.started) work.started();
    return;
  }
  // Redis lost it before a worker took it: the same try once more.
  if (status.state === 'missing' && !job.started) return work.add(tries);
  // The worker may have finished between the look at the disk and the question to Redis.
  if (await work.recordResult()) return;
  const nextTryAt = new Date(clock.now() + delayAfter(made, backoff)).toISOString();
  work.failed({ status, made, ...(made < current().config.worker.maximumTries && { nextTryAt }) });
}
