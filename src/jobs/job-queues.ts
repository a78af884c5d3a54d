import type { ComparePayload, ContourPayload, DeliverPayload } from '../work/payloads.ts';
import type { ProgressReport } from '../work/progress.ts';
import type { Priority } from '../config/schema.ts';

/**
 * The queues (names and job ids: src/jobs/queue-names.ts) as the reconciler sees them: one job is one try, its id is fixed by its payload, and adding a job that is
 * there changes nothing. The outcome of a job is on disk (result.json, try-NNN.json); Redis is only asked whether a try
 * still waits or runs.
 */

/** `active`: with a worker; `missing`: Redis has no such job (lost, or removed long ago). */
export type JobState = 'waiting' | 'active' | 'completed' | 'failed' | 'missing';

export interface JobStatus {
  readonly state: JobState;
  /** With `failed`: the message that the job ended with, `CODE: message` where the worker gave one. */
  readonly failedReason?: string;
}

export interface JobEvent {
  /** `result`: what the job is for is on disk, although it goes on. */
  readonly kind: 'active' | 'result' | 'completed' | 'failed';
  readonly queue: string;
  readonly jobId: string;
}

/** What a worker says of a job of the queue `contour` while it runs. */
export interface JobProgressEvent extends ProgressReport {
  readonly jobId: string;
  /** When it was said, milliseconds. */
  readonly at: number;
}

export interface JobQueues {
  addContour(payload: ContourPayload, priority: Priority): Promise<void>;
  /** Slots of workers that have nothing to contour. */
  idleContourSlots(): Promise<number>;
  /**
   * Has an order contoured of which it is not known whether it will be needed: everything that is needed overtakes it in
   * the queue. Of a job that ended nothing stays.
   */
  addContourAhead(payload: ContourPayload): Promise<void>;
  /** Has the pictures of a contoured order made again, once however often it is asked meanwhile. */
  addPictures(payload: ContourPayload): Promise<void>;
  addCompare(payload: ComparePayload): Promise<void>;
  addDeliver(payload: DeliverPayload): Promise<void>;
  /** @param queue `contour`, `compare` or `deliver-NAME` */
  statusOf(queue: string, jobId: string): Promise<JobStatus>;
  /** Jobs of the queue that wait or run. */
  depth(queue: string): Promise<number>;
  /** Takes a waiting job out of its queue; a job that runs, or is not there, is left. */
  remove(queue: string, jobId: string): Promise<void>;
  /** Takes over changed destinations, each of which has its own queue. */
  setDestinations(destinations: readonly string[]): void;
  /**
   * The clock of this machine, and so perhaps that of Redis, was set back: keys with a lifetime would stay longer by that
   * time, and jobs of killed workers would go unnoticed.
   */
  clockSetBack(): Promise<void>;
  /** The state of a job changed: a hint to reconcile, which may get lost. */
  onEvent(listener: (event: JobEvent) => void): void;
  /** Redis answers (again). */
  onReady(listener: () => void): void;
}
