import { Worker } from 'node:worker_threads';
import { ContourNodeError } from '../../src/errors.ts';
import type { Batch } from './batch.ts';
import type { SamplerPlan } from './sample-batch.ts';

/** Batches prepared in advance, so that the network does not wait: 16 slices of 128 x 128 are 10 MB. */
const ahead = 3;

/** Makes the batches of a training in a worker thread, in order from `first` on. */
export class BatchLoader {
  readonly #thread: Worker;
  readonly #ready = new Map<number, Batch>();
  readonly #waiting = new Map<number, { resolve: (batch: Batch) => void; reject: (error: unknown) => void }>();
  #asked: number;
  #next: number;
  #failure: unknown;
  /** Milliseconds that `next` made its caller wait. */
  waited = 0;

  constructor(plan: SamplerPlan, first: number) {
    this.#asked = first;
    this.#next = first;
    this.#thread = new Worker(new URL('./batch-thread.ts', import.meta.url), { workerData: plan });
    this.#thread.on('message', ({ n, batch }: { n: number; batch: Batch }) => {
      const waiting = this.#waiting.get(n);
      this.#waiting.delete(n);
      if (waiting === undefined) this.#ready.set(n, batch);
      else waiting.resolve(batch);
    });
    this.#thread.on('error', (error) => {
      this.#failure = new ContourNodeError('TRAINING_DATA', `the cached slices cannot be read: ${error.message}`, {
        cause: error,
      });
      for (const { reject } of this.#waiting.values()) reject(this.#failure);
    });
    this.#ask();
  }

  /** @throws ContourNodeError TRAINING_DATA when the cache cannot be read */
  async next(): Promise<Batch> {
    if (this.#failure !== undefined) throw this.#failure;
    const n = this.#next;
    this.#next += 1;
    this.#ask();
    const ready = this.#ready.get(n);
    if (ready !== undefined) {
      this.#ready.delete(n);
      return ready;
    }
    const start = performance.now();
    const batch = await new Promise<Batch>((resolve, reject) => this.#waiting.set(n, { resolve, reject }));
    this.waited += performance.now() - start;
    return batch;
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #ask(): void {
    for (; this.#asked < this.#next + ahead; this.#asked += 1) {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
      this.#thread.postMessage(this.#asked);
    }
  }
}
