import { QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { progressSchema, stageAfterResult } from '../work/progress.ts';
import type { JobEvent, JobProgressEvent } from './job-queues.ts';

/** What BullMQ's streams say of the jobs of every queue: hints, some of which may get lost or come twice. */
export class JobEvents {
  readonly #listeners: ((event: JobEvent) => void)[] = [];
  readonly #progressListeners: ((event: JobProgressEvent) => void)[] = [];

  onEvent(listener: (event: JobEvent) => void): void {
    this.#listeners.push(listener);
  }

  onProgress(listener: (event: JobProgressEvent) => void): void {
    this.#progressListeners.push(listener);
  }

  /** @param connection of these events alone: waiting for them blocks it */
  follow(queue: string, connection: Redis, prefix: string): QueueEvents {
    // From a minute ago, so that no event before the first read is missed; a repeated one does no harm.
    const events = new QueueEvents(queue, { connection, prefix, lastEventId: `${Date.now() - 60_000}-0` });
    const tell = (kind: JobEvent['kind'], jobId: string): void => {
      for (const listener of this.#listeners) listener({ kind, queue, jobId });
    };
    for (const kind of ['active', 'completed', 'failed'] as const)
      events.on(kind, ({ jobId }: { jobId: string }) => tell(kind, jobId));
    // The id of the entry in the stream begins with its time.
    events.on('progress', ({ jobId, data }, id) => {
      const { success, data: said } = progressSchema.safeParse(data);
      if (!success) return;
      for (const listener of this.#progressListeners) listener({ jobId, ...said, at: Number.parseInt(id, 10) });
      if (said.stage === stageAfterResult) tell('result', jobId);
    });
    return events;
  }
}
