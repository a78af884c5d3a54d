/** A job with counted tries: contouring an order, or comparing a correction with its contours. */
export interface JobProgress {
  /** ISO time. */
  readonly createdAt: string;
  /** Tries before an operator had it made again; they do not count. */
  readonly triesBefore: number;
  /** The last try was handed to the queue and has not ended. */
  readonly inQueue: boolean;
  /** A worker was seen to have the last try. */
  readonly started: boolean;
  /** ISO time; absent where the next try may be at once. */
  readonly nextTryAt?: string;
}

export function newJob(createdAt: string): JobProgress {
  return { createdAt, triesBefore: 0, inQueue: false, started: false };
}

/** Its next try was handed to the queue. */
export function queued({ createdAt, triesBefore }: JobProgress): JobProgress {
  return { createdAt, triesBefore, inQueue: true, started: false };
}

export function started(job: JobProgress): JobProgress {
  return { ...job, started: true };
}

/** @param nextTryAt ISO time, where there is to be another try */
export function ended(job: JobProgress, nextTryAt?: string): JobProgress {
  const { nextTryAt: _, ...rest } = job;
  return { ...rest, inQueue: false, ...(nextTryAt !== undefined && { nextTryAt }) };
}

/** An operator has it made again: from here on its tries are counted anew. */
export function again(job: JobProgress, tries: number): JobProgress {
  return { ...ended(job), triesBefore: tries };
}
