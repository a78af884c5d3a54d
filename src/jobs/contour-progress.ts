import { contourQueue, orderKey, orderKeyOfJob, seriesOfJob } from './queue-names.ts';
import type { JobEvent, JobProgressEvent } from './job-queues.ts';

/** How far a worker is with an order. */
export interface ProgressOfOrder {
  /** Of the whole job that is done, from 0 to 1. */
  readonly fraction: number;
  /** Absent until the pace of the job is known. */
  readonly secondsLeft?: number;
}

interface Report {
  readonly fraction: number;
  /** Milliseconds. */
  readonly at: number;
}

interface Running {
  readonly stage: string;
  /** First report of the stage that goes on: how the shares of the stages were guessed does not matter to its pace. */
  readonly first: Report;
  readonly last: Report;
  /** When listeners were called last. */
  readonly toldAt: number;
}

/** A pace over less than this says nothing. */
const leastMilliseconds = 3000;
/** Listeners hear of a job at most so often. */
const tellEvery = 2000;

interface ProgressSource {
  onEvent(listener: (event: JobEvent) => void): void;
  onContourProgress(listener: (event: JobProgressEvent) => void): void;
}

/**
 * What workers say of the orders that they contour. It is nowhere but in memory: after a restart it is there again with
 * the next report.
 */
export class ContourProgress {
  readonly #running = new Map<string, Running>();
  readonly #listeners = new Set<(series: string) => void>();
  readonly #now: () => number;

  /** @param now milliseconds */
  constructor(queues: ProgressSource, now: () => number) {
    this.#now = now;
    queues.onContourProgress((event) => this.#report(event));
    queues.onEvent(({ kind, queue, jobId }) => {
      // A job that a worker takes begins at 0, also where an earlier worker gave it back.
      if (queue === contourQueue) this.#running.delete(orderKeyOfJob(jobId));
      if (queue === contourQueue && kind === 'active') this.#tell(seriesOfJob(jobId));
    });
  }

  /** Undefined where no worker has said anything of it. */
  of(series: string, order: string): ProgressOfOrder | undefined {
    const running = this.#running.get(orderKey(series, order));
    if (running === undefined) return undefined;
    const { first, last } = running;
    const { fraction } = last;
    const spent = last.at - first.at;
    if (spent < leastMilliseconds || fraction <= first.fraction) return { fraction };
    const left = ((1 - fraction) * spent) / (fraction - first.fraction) - (this.#now() - last.at);
    return { fraction, secondsLeft: Math.max(0, left) / 1000 };
  }

  /**
   * Calls the listener with the key of each series whose order went on.
   *
   * @returns the function that ends it
   */
  onChange(listener: (series: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #report({ jobId, stage, fraction, at }: JobProgressEvent): void {
    const key = orderKeyOfJob(jobId);
    const before = this.#running.get(key);
    const last = { fraction, at };
    const first = before?.stage === stage ? before.first : last;
    const tell = before === undefined || at - before.toldAt >= tellEvery;
    this.#running.set(key, { stage, first, last, toldAt: tell ? at : before.toldAt });
    if (tell) this.#tell(seriesOfJob(jobId));
  }

  #tell(series: string): void {
    for (const listener of this.#listeners) listener(series);
  }
}
