import { rm } from 'node:fs/promises';
import { asContourNodeError } from '../../errors.ts';
import type { ContourLeases, TakenLease } from '../../jobs/contour-leases.ts';
import type { Log } from '../../log.ts';
import { stageAfterResult } from '../../work/progress.ts';
import type { RemoteOrders } from './remote-orders.ts';

export interface OrderWriterOptions {
  readonly leases: Pick<ContourLeases, 'seconds' | 'renew' | 'progress' | 'complete' | 'fail'>;
  readonly orders: Pick<RemoteOrders, 'write'>;
  readonly log: Log;
}

export interface WriterListener {
  /** The result is on disk. */
  readonly onResult: () => void;
  /** Pictures and all, or that it came to nothing. */
  readonly onEnd: (outcome: string) => void;
}

/** So many orders are written at once, each in a process. */
const writersAtOnce = 2;

/** Has the structure sets of orders written, and ends their jobs. */
export class OrderWriter {
  readonly #options: OrderWriterOptions;
  readonly #stopping = new AbortController();
  readonly #turns: (() => void)[] = [];
  #running = 0;

  constructor(options: OrderWriterOptions) {
    this.#options = options;
  }

  /**
   * Writes an order, and completes its job when the pictures are there, or fails it.
   * @param file what a worker returned, removed afterwards; undefined where the order needs no contours
   * @returns when the result is on disk
   * @throws ContourNodeError as RemoteOrders.write
   */
  write(lease: TakenLease, file: string | undefined, { onResult, onEnd }: WriterListener): Promise<void> {
    const { orders, leases, log } = this.#options;
    const { promise: result, resolve, reject } = Promise.withResolvers<void>();
    const written = async (): Promise<string> => {
      const status = await this.#inTurn(() =>
        orders.write(lease.payload, file, {
          signal: this.#stopping.signal,
          onResult: () => {
            // The node hears by it that it can deliver.
            void leases.progress(lease, { stage: stageAfterResult, fraction: 0.95 }).catch(() => undefined);
            onResult();
            resolve();
          },
        }),
      );
      await leases.complete(lease, { status });
      return status;
    };
    const failed = async (reason: unknown): Promise<string> => {
      reject(reason);
      const { code, message } = asContourNodeError(reason);
      const { series, order, try: number } = lease.payload;
      log.warn({ series, order, try: number, code }, `what a remote worker returned was not written: ${message}`);
      // When this process ends, the lease stands: the worker asks the next one.
      if (!this.#stopping.signal.aborted) await leases.fail(lease, `${code}: ${message}`).catch(() => undefined);
      return 'failed';
    };
    // The lock must not run out while the pictures are made, of which the worker hears nothing.
    const renewal = setInterval(() => void leases.renew(lease).catch(() => undefined), 1000 * (leases.seconds / 6));
    void written()
      .catch(failed)
      .then(async (outcome) => {
        clearInterval(renewal);
        onEnd(outcome);
        if (file !== undefined) await rm(file, { force: true });
      });
    return result;
  }

  /** Ends what is being written; the disk keeps what is there. */
  close(): void {
    this.#stopping.abort();
  }

  async #inTurn<T>(write: () => Promise<T>): Promise<T> {
    if (this.#running >= writersAtOnce) await new Promise<void>((turn) => this.#turns.push(turn));
    else this.#running += 1;
    try {
      return await write();
    } finally {
      const next = this.#turns.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
