import { asContourNodeError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { freeBytes } from '../../store/disk-space.ts';
import { problem } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import type { Clock } from '../../clock.ts';

/** `low`: announced, and delivered series go early; `full`: nothing more is taken. */
export type DiskState = 'enough' | 'low' | 'full';

export interface DiskWatchOptions {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Below so many free bytes the disk is low (retention.minimumFreeGigabytes). */
  readonly lowBytes: () => number;
  /** Below so many it is full (intake.reservedMegabytes): journals, tables and results need room too. */
  readonly reservedBytes: () => number;
  /** The disk became low. */
  readonly onLow?: () => void;
}

const interval = 10_000;

/** Watches the disk of the data directory, and says in log and on the page when it runs short before it is full. */
export class DiskWatch {
  readonly #options: DiskWatchOptions;
  #state: DiskState = 'enough';
  #free = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => {};
  #closed = false;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  get full(): boolean {
    return this.#state === 'full';
  }

  /** Looks now and every ten seconds. */
  async start(): Promise<void> {
    await this.look().catch((error: unknown) =>
      this.#options.log.error({ err: asContourNodeError(error) }, 'the free space of the data directory is not known'),
    );
    if (!this.#closed) this.#cancel = this.#options.clock.after(interval, () => void this.start());
  }

  /** Whether an instance of so many bytes may be kept. The disk is asked again when it might have become short. */
  async hasRoomFor(bytes: number): Promise<boolean> {
    this.#free -= bytes;
    if (this.#free < 2 * this.#options.reservedBytes() || !Number.isFinite(this.#free)) await this.look();
    return this.#free >= this.#options.reservedBytes();
  }

  /** What the page should say; looks anew. */
  async problems(): Promise<Problem[]> {
    const state = await this.look();
    if (state === 'enough') return [];
    const words = state === 'full' ? 'is full: nothing more is taken' : 'runs short';
    return [problem('DISK_FULL', `the disk of the data directory ${words}; ${this.#words()}`)];
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  async look(): Promise<DiskState> {
    const { dataDirectory, lowBytes, reservedBytes, log, onLow } = this.#options;
    this.#free = await freeBytes(dataDirectory);
    const before = this.#state;
    this.#state = this.#free < reservedBytes() ? 'full' : this.#free < lowBytes() ? 'low' : 'enough';
    if (this.#state === before) return before;
    if (this.#state === 'full') log.error({}, `the disk is full: associations are rejected; ${this.#words()}`);
    else if (this.#state === 'low') log.warn({}, `the disk runs short: delivered series go early; ${this.#words()}`);
    else log.info({}, 'the disk has room again');
    if (before === 'enough') onLow?.();
    return this.#state;
  }

  #words(): string {
    const { lowBytes, reservedBytes } = this.#options;
    return (
      `${megabytes(this.#free)} MB are free, retention.minimumFreeGigabytes is ${lowBytes() / 1e9}, ` +
      `below ${megabytes(reservedBytes())} MB (intake.reservedMegabytes) nothing is taken`
    );
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
