import type { Clock } from '../../clock.ts';
import type { CurrentConfig } from '../../config/config-in-force.ts';
import type { JobQueues } from '../../jobs/job-queues.ts';
import type { Log } from '../../log.ts';
import type { Store } from '../../store/store.ts';
import type { WorkResult } from '../../work/work-result.ts';
import type { SeriesLock } from '../series-lock.ts';

export interface ReconcilerOptions {
  readonly store: Store;
  readonly queues: JobQueues;
  readonly lock: SeriesLock;
  readonly clock: Clock;
  readonly log: Log;
  readonly current: () => CurrentConfig;
  /** A worker's result was recorded. */
  readonly onResult: (result: WorkResult) => void;
}

/** What the steps of orders, deliveries and comparisons need. */
export interface TryContext extends ReconcilerOptions {
  /**
   * Adds a job where its queue has room; one at a time, so that it never gets fuller than worker.maximumQueued.
   */
  readonly enqueue: (queue: string, add: () => Promise<void>) => Promise<void>;
  /** Ids of superseded jobs that were taken out of their queue. */
  readonly removed: Set<string>;
}
